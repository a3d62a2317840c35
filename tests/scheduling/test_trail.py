"""What the audit trail says of a visit: each step by its name, in the words of whoever reads it."""

import pytest
from sqlalchemy import select, update

from suwen.accounts.models import User
from suwen.core.audit import AuditEvent
from suwen.scheduling.service import changes


@pytest.fixture
def post(people):
    def send(who, path, **body):
        answer = people[who]("POST", f"/api/v1/appointments/{path}", json=body)
        assert answer.status_code == 200, answer.text

    return send


@pytest.fixture
def visit(people, house, slot, free, book, rich, post, clock):
    """Held, described, paid, moved, late, arrived, called in, over."""
    rich("li")
    id = book("li", slot)["id"]
    assert people["li"]("PATCH", f"/api/v1/appointments/{id}", json={"symptoms": "a cough"}).status_code == 200
    post("li", f"{id}/pay", method="balance")
    later = next(one for one in free() if one["starts_at"] == "2030-01-02T01:30:00Z")
    post("li", f"{id}/reschedule", slot_id=later["id"])
    clock.advance(hours=25)
    post("li", f"{id}/late", late_note="the bus stands")
    post("li", f"{id}/check-in")
    zhang = people["zhang"].actor
    house.db.write(lambda tx: changes.admit(tx, zhang, id, clock()))
    house.db.write(lambda tx: changes.complete(tx, zhang, id, clock()))
    return id


def purposes(house, id):
    mine = select(AuditEvent.purpose).where(AuditEvent.object_id == id, AuditEvent.action == "write")
    return house.db.read(lambda tx: list(tx.scalars(mine.order_by(AuditEvent.id))))


def test_every_step_of_a_visit_says_what_it_was(house, visit):
    steps = ["held", "details", "paid", "moved", "late", "arrived", "called in", "completed"]
    assert purposes(house, visit) == steps


def test_and_those_that_end_it_otherwise(house, people, slot, free, book, post, clock):
    first, second = book("li", slot)["id"], book("wang", free()[3])["id"]
    post("li", f"{first}/pay", method="desk")
    post("admin", f"{first}/cancel", reason="the doctor is ill")
    assert purposes(house, first) == ["held", "promised", "cancelled"]
    post("wang", f"{second}/pay", method="desk")
    later = free()[5]
    third = book("wang", later)["id"]
    assert people["wang"].form(f"/book/{later['id']}/release").status_code == 303
    assert purposes(house, third) == ["held", "let go"]
    clock.advance(hours=48)
    post("admin", f"{second}/no-show")
    assert purposes(house, second)[-1] == "missed"
    at_desk = {"patient_profile_id": people["wang"].profiles["self"], "doctor_id": people["zhang"].doctor_id}
    made = people["admin"]("POST", "/api/v1/walk-ins", json=at_desk | {"visit_type": "online_video"}).json()["id"]
    assert purposes(house, made) == ["walk-in"]


def test_page_and_file_tell_it_in_the_reader_s_words(house, people, visit):
    admin = people["admin"]
    assert "moved to another time" in admin.page("/admin/audit").text
    file = admin.form("/admin/audit.csv?days=30").text
    assert ",object_id,purpose,person," in file.splitlines()[0]
    assert f",write,appointment,{visit},moved to another time," in file
    house.db.write(lambda tx: tx.execute(update(User).where(User.id == admin.id).values(locale="zh-CN")))
    house.clock.advance(minutes=6)  # a new session, in the new language
    assert "已改期" in admin.page("/admin/audit").text
    file = admin.form("/admin/audit.csv?days=30").text
    assert f",write,appointment,{visit},已改期," in file
    assert "bus" not in file
    assert "cough" not in file
