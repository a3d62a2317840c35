from datetime import timedelta

import pytest
from sqlalchemy import select, text

from suwen.core.ids import new_id
from suwen.notifications import rules, service
from suwen.notifications.models import Contact, Notification

PATH = "/api/v1/notifications"


def stored(house):
    statement = select(Notification.user_id, Notification.status).order_by(Notification.id)
    return house.db.read(lambda tx: [tuple(row) for row in tx.execute(statement)])


def test_a_message_is_unread_until_it_is_read(people, tell, clock):
    id = tell("li", related="a1")
    assert people["li"]("GET", f"{PATH}/unread").json() == {
        "unread": 1,
        "newest_id": id,
        "title": "Your visit is confirmed",
    }
    clock.advance(minutes=1)
    shown = people["li"]("POST", f"{PATH}/{id}/read").json()
    assert (shown["status"], shown["path"], shown["read_at"]) == ("read", "/appointments/a1", "2030-01-01T00:01:00Z")
    clock.advance(minutes=1)
    assert people["li"]("POST", f"{PATH}/{id}/read").json()["read_at"] == "2030-01-01T00:01:00Z"  # twice is no mistake
    assert people["li"]("GET", f"{PATH}/unread").json() == {"unread": 0, "newest_id": None, "title": ""}


def test_pages_neither_skip_nor_repeat_though_messages_come_meanwhile(people, tell, clock):
    ids = []
    for _ in range(5):
        ids.append(tell("li"))
        clock.advance(seconds=1)
    first = people["li"]("GET", PATH, params={"limit": 2}).json()
    tell("li")
    second = people["li"]("GET", PATH, params={"limit": 2, "after": first["next"]}).json()
    third = people["li"]("GET", PATH, params={"limit": 2, "after": second["next"]}).json()
    got = [m["id"] for page in (first, second, third) for m in page["items"]]
    assert (got, third["next"]) == (ids[::-1], None)
    assert people["li"]("GET", PATH, params={"after": "garbage"}).json()["code"] == "bad_cursor"


def test_filters_by_state_and_type(people, tell):
    read = tell("li")
    tell("li", type="prescription_ready", related="p1")
    people["li"]("POST", f"{PATH}/{read}/read")

    def types(**params):
        return [m["type"] for m in people["li"]("GET", PATH, params=params).json()["items"]]

    assert types(status="unread") == ["prescription_ready"]
    assert types(status="read") == ["appointment_confirmed"]
    assert types(type="prescription_ready") == ["prescription_ready"]
    assert people["li"]("GET", PATH, params={"status": "deleted"}).status_code == 422
    assert people["li"]("GET", PATH, params={"type": "gossip"}).json()["code"] == "unknown_notification_type"


def test_what_is_deleted_is_gone_for_its_owner(people, tell, house):
    id = tell("li")
    assert people["li"]("DELETE", f"{PATH}/{id}").status_code == 204
    assert people["li"]("GET", PATH).json()["items"] == []
    assert people["li"]("DELETE", f"{PATH}/{id}").status_code == 404
    assert people["li"]("POST", f"{PATH}/{id}/read").status_code == 404
    assert [status for _, status in stored(house)] == ["deleted"]


@pytest.mark.parametrize("who", ["eve", "wang", "zhang", "zhao", "admin"])
def test_an_inbox_is_nobody_elses(people, tell, house, who):
    id = tell("li")
    before = stored(house)
    assert people[who]("GET", PATH).json()["items"] == []
    assert people[who]("POST", f"{PATH}/{id}/read").status_code == 404
    assert people[who]("DELETE", f"{PATH}/{id}").status_code == 404
    assert people[who]("POST", f"{PATH}/read-all").json() == {"marked": 0}
    people[who].page("/inbox")
    assert people[who].form(f"/inbox/{id}/open").status_code == 404
    assert stored(house) == before


def test_a_guest_has_no_inbox(people):
    assert people["guest"]("GET", PATH).status_code == 401
    assert people["guest"].page("/inbox").headers["location"].startswith("/sign-in")


def test_told_once_however_often_the_job_runs(tell, house):
    assert tell("li", once="reminder:a1:24h") is not None
    assert tell("li", once="reminder:a1:24h") is None
    assert len(stored(house)) == 1


def test_a_text_speaks_the_owners_language_and_zone(tell, people, house, ids, monkeypatch):
    def move(tx):
        contact = tx.get_one(Contact, ids.users["wang"])
        contact.locale, contact.zone = "zh-CN", "Europe/London"

    house.db.write(move)
    when = house.clock() + timedelta(days=1)
    for login in ("li", "wang"):
        tell(login, title="Inbox", content="%(doctor)s, %(when)s", meta={"doctor": "Dr. Zhang", "when": when})
    [li] = people["li"]("GET", PATH).json()["items"]
    [wang] = people["wang"]("GET", PATH).json()["items"]
    assert li["content"].startswith("Dr. Zhang, Wed, Jan 2 08:00 (")
    assert wang["content"].startswith("Dr. Zhang, 1月2日 周三 00:00 (")
    assert (li["title"], wang["title"]) == ("Inbox", "消息")


def test_a_kind_that_is_switched_off_is_not_written_but_cancellations_are(people, tell, house):
    choice = [{"type": t, "enabled": False} for t in ("appointment_confirmed", "appointment_cancelled")]
    answer = people["li"]("PUT", f"{PATH}/settings", json={"items": choice})
    shown = {w["type"]: w["enabled"] for w in answer.json()}
    assert (shown["appointment_confirmed"], shown["appointment_cancelled"], shown["review_reply"]) == (
        False,
        True,
        True,
    )
    assert tell("li") is None
    assert tell("li", type="appointment_cancelled") is not None
    assert tell("wang") is not None  # her choice is hers only
    assert len(stored(house)) == 2


def test_unknown_types_are_refused(people, house, tell):
    answer = people["li"]("PUT", f"{PATH}/settings", json={"items": [{"type": "gossip"}]})
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_notification_type")
    with pytest.raises(Exception, match="no such kind"):
        tell("li", type="gossip")
    assert house.db.read(lambda tx: tx.execute(text("SELECT COUNT(*) FROM notification_settings")).scalar()) == 0


@pytest.mark.parametrize(
    ("path", "leads"),
    [("/desk/1", "/desk/1"), ("//evil.example", None), ("https://evil.example", None), ("/\\evil", None)],
)
def test_a_message_leads_only_to_this_site(path, leads):
    assert rules.place_of("system_announcement", None, {"path": path}) == leads


def test_the_page_shows_reads_and_opens(people, tell):
    id = tell("li", title="Your visit is confirmed", related="a1")
    shown = people["li"].page("/inbox")
    assert "Your visit is confirmed" in shown.text
    assert "1 unread message" in shown.text
    opened = people["li"].form(f"/inbox/{id}/open")
    assert (opened.status_code, opened.headers["location"]) == (303, "/appointments/a1")
    tell("li")
    people["li"].form("/inbox/read-all")
    assert "Everything is read." in people["li"].page("/inbox").text
    people["li"].form(f"/inbox/{id}/delete")
    assert id not in people["li"].page("/inbox").text


def test_the_page_of_choices_keeps_them(people):
    fields = {"items.0.type": "appointment_reminder", "items.0.email": "on", "items.1.type": "appointment_confirmed",
              "items.1.enabled": "on"}  # fmt: skip
    people["li"].page("/inbox/settings")
    assert people["li"].form("/inbox/settings", fields).status_code == 303
    chosen = {w["type"]: (w["enabled"], w["email"]) for w in people["li"]("GET", f"{PATH}/settings").json()}
    assert (chosen["appointment_reminder"], chosen["appointment_confirmed"]) == ((False, True), (True, False))
    assert "li@example.org" in people["li"].page("/inbox/settings").text


def test_the_inbox_costs_the_same_however_long_it_is(people, tell, statements):
    tell("li")
    one = len(statements(lambda: people["li"]("GET", PATH)))
    for _ in range(15):
        tell("li")
    assert len(statements(lambda: people["li"]("GET", PATH))) == one <= 2


def test_a_contact_is_kept_up_to_date(house, ids):
    def write(tx):
        service.remember_contact(tx, ids.users["li"], "new@example.org", None, "zh-CN", "Asia/Tokyo", "李娜")

    house.db.write(write)
    contact = house.db.read(lambda tx: tx.get_one(Contact, ids.users["li"]))
    assert (contact.email, contact.phone, contact.locale, contact.zone) == (
        "new@example.org",
        None,
        "zh-CN",
        "Asia/Tokyo",
    )


def test_a_message_of_nobody_is_not_found(people):
    assert people["li"]("POST", f"{PATH}/{new_id()}/read").status_code == 404
