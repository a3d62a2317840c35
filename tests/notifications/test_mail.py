import smtplib
from dataclasses import replace

import pytest
from sqlalchemy import select, text

from suwen.core.outbox import OutboxMessage
from suwen.notifications import service
from suwen.notifications.channels.email import smtp
from suwen.notifications.models import EmailLog
from tests.support.cast import START
from tests.support.smtp import mailbox


@pytest.fixture
def box(house):
    with mailbox() as found:
        house.db.settings = replace(house.settings, mail_url=found.url, mail_from="clinic@suwen.example")
        yield found


def logs(house):
    return house.db.read(lambda tx: tx.scalars(select(EmailLog).order_by(EmailLog.id)).all())


def code(house, ids, to="li@example.org"):
    work = house.db.write
    return work(lambda tx: service.mail_code(tx, ids.users["li"], to, "493817", 10, house.clock()))


def test_a_code_arrives_and_is_nowhere_in_clear(house, ids, box, settle):
    code(house, ids)
    dump = house.db.read(
        lambda tx: str(tx.execute(text("SELECT payload FROM outbox")).all()) + str(logs(house)[0].body)
    )
    settle()
    [mail] = box.messages
    assert "493817" in mail.get_content()
    assert "493817" not in dump
    assert "493817" not in logs(house)[0].body
    assert mail["to"] == "li@example.org"
    assert mail["from"].addresses[0].addr_spec == "clinic@suwen.example"
    assert mail["auto-submitted"] == "auto-generated"
    message = house.db.read(lambda tx: tx.scalars(select(OutboxMessage)).one())
    assert mail["message-id"] == f"<{message.id}@suwen.example>"
    [log] = logs(house)
    assert (log.status, log.sent_at, log.provider) == ("sent", house.clock(), "smtp")


def test_a_confirmation_is_mailed_only_to_those_who_wish(people, house, tell, box, settle):
    tell("li")
    settle()
    assert box.messages == []
    wish = {"items": [{"type": "appointment_confirmed", "enabled": True, "email": True}]}
    people["li"]("PUT", "/api/v1/notifications/settings", json=wish)
    tell("li", related="a1")
    tell("li", type="prescription_ready")
    settle()
    [mail] = box.messages
    assert mail["subject"] == "Your visit is confirmed"
    assert f"{house.settings.base_url}/appointments/a1" in mail.get_content()


def test_a_refused_address_is_noted_and_not_tried_again(house, ids, box, settle, clock):
    box.refused.add("gone@example.org")
    code(house, ids, "gone@example.org")
    settle()
    clock.advance(hours=2)
    settle()
    [log] = logs(house)
    assert (log.status, box.messages) == ("refused", [])
    assert "550" in log.error_message


def test_a_server_that_is_away_is_tried_again_until_it_takes_the_mail(house, ids, settle, clock):
    house.db.settings = replace(house.settings, mail_url="smtp://127.0.0.1:9")
    code(house, ids)
    settle()
    [log] = logs(house)
    assert (log.status, log.sent_at) == ("failed", None)
    with mailbox() as box:
        house.db.settings = replace(house.settings, mail_url=box.url)
        settle()
        assert box.messages == []  # it is not due yet
        clock.advance(minutes=5)
        settle()
        settle()
        assert len(box.messages) == 1
    assert [(log.status, log.error_message) for log in logs(house)] == [("sent", None)]


def test_a_worker_killed_while_handing_over_sends_nothing_twice(house, ids, box, settle, clock, monkeypatch):
    """The outcome could not be noted; the line says that it was being handed over, and is not sent again."""
    code(house, ids)
    note = "suwen.notifications.service.mail.note_outcome"

    def killed(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(note, killed)
        with pytest.raises(KeyboardInterrupt):
            settle()
    assert len(box.messages) == 1
    clock.advance(minutes=10)  # the lease of the dead worker is over
    settle()
    assert len(box.messages) == 1
    assert [log.status for log in logs(house)] == ["unknown"]


def test_a_server_that_is_rude_at_parting_has_the_mail_all_the_same(house, ids, box, settle, clock):
    async def rude(server, session, envelope):
        return "451 not so fast"

    box.handle_QUIT = rude
    code(house, ids)
    settle()
    clock.advance(hours=1)
    settle()
    assert (len(box.messages), [log.status for log in logs(house)]) == (1, ["sent"])


@pytest.mark.parametrize(("answer", "status", "tries"), [("451 later", "failed", 2), ("554 never", "refused", 1)])
def test_what_the_server_says_of_the_mail_itself_is_heard(house, ids, box, settle, clock, answer, status, tries):
    asked = []

    async def unwilling(server, session, envelope):
        asked.append(envelope.rcpt_tos)
        return answer

    box.handle_DATA = unwilling
    code(house, ids)
    settle()
    clock.advance(minutes=5)
    settle()
    assert ([log.status for log in logs(house)], len(asked)) == ([status], tries)


def test_without_a_server_it_is_noted_that_nothing_was_sent(house, ids, settle):
    code(house, ids)
    settle()
    [log] = logs(house)
    assert (log.status, log.error_message) == ("refused", "SUWEN_MAIL_URL is empty")


def test_a_transaction_that_fails_sends_nothing(house, ids, box, settle):
    def work(tx):
        service.mail_code(tx, ids.users["li"], "li@example.org", "1", 10, house.clock())
        raise RuntimeError

    with pytest.raises(RuntimeError):
        house.db.write(work)
    settle()
    assert (box.messages, logs(house)) == ([], [])


def test_old_mail_is_forgotten(house, ids, box, settle, clock):
    code(house, ids)
    settle()
    clock.advance(days=89)
    settle(timed=True)
    assert len(logs(house)) == 1
    clock.advance(days=2)
    settle(timed=True)
    assert logs(house) == []


@pytest.mark.parametrize("name", ["li\r\nBcc: eve@example.org", "李娜 🌿"])
def test_what_people_call_themselves_adds_no_header(name):
    mail = smtp.Mail("li@example.org", "Hello", f"Hello {name},", "1", START)
    assert smtp.letter("clinic@suwen.example", mail).get_all("bcc") is None


def test_an_address_that_is_no_mail_server_is_refused_for_good():
    mail = smtp.Mail("li@example.org", "Hello", "Hello", "1", START)
    with pytest.raises(smtp.Refused):
        smtp.send("http://127.0.0.1", "a@example.org", mail, lambda: True)


def test_a_server_that_says_later_is_heard(house):
    with pytest.raises(smtplib.SMTPResponseException):
        smtp._answered(451, b"greylisted")
