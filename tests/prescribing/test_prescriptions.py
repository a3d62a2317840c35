"""Writing, signing, voiding and reading, through the API."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from suwen.accounts.models import CareRelation, PatientProfile, User
from suwen.accounts.service import care
from suwen.clinics.models import Doctor
from suwen.core.audit import AuditEvent
from suwen.core.errors import DomainError
from suwen.notifications.models import Notification
from suwen.prescribing import service
from suwen.prescribing.models import Prescription
from suwen.prescribing.rules import codes, composing
from suwen.prescribing.schemas import ChangeInput, SignInput
from suwen.scheduling.models import Appointment
from tests.prescribing.conftest import ASKED, HERBS

PATH = "/api/v1/prescriptions"


def count(house):
    return house.db.read(lambda tx: tx.scalar(select(func.count()).select_from(Prescription)))


def stored(house, id):
    return house.db.read(lambda tx: tx.get(Prescription, id))


def seen(house, id):
    rows = select(AuditEvent.actor_role, AuditEvent.action, AuditEvent.result).where(AuditEvent.object_id == id)
    return [tuple(row) for row in house.db.read(lambda tx: tx.execute(rows.order_by(AuditEvent.id)).all())]


def test_a_draft_takes_its_people_from_the_visit(draft, people, ids, visit):
    one = draft()
    assert (one["status"], one["safety_checked"], one["mine"]) == ("draft", True, True)
    assert one["appointment_id"] == visit
    assert one["consultation_id"]
    assert (one["patient_id"], one["patient_profile_id"]) == (ids.users["li"], ids.profiles["li"]["mother"])
    assert one["patient_name"] == "Mrs. Li 李老太太"
    assert one["code"].startswith("RX300101001")
    first, second = one["medicines"]
    assert (first["duration"], first["duration_days"]) == ("7天", 7)
    assert (second["duration"], second["duration_days"]) == ("14 days", 14)  # the doctor reads English
    assert (one["signed_by"], one["patient_snapshot"]) == (None, None)


def test_medications_is_another_name(people, visit):
    line = {"name": "Paracetamol", "dosage": "500 mg", "frequency": "1 tablet every 6 hours", "duration_days": 5}
    body = {"appointment_id": visit, "medications": [line], "refill_allowed": 2, "pharmacy": {"name": "Central"}}
    one = people["zhang"]("POST", PATH, json=body).json()
    assert (one["medicines"][0]["name"], one["medicines"][0]["duration"]) == ("Paracetamol", "5 days")
    assert (one["refill_allowed"], one["pharmacy"]["name"]) == (2, "Central")
    both = people["zhang"]("POST", PATH, json=body | {"medicines": [line]})
    assert both.status_code == 422


def test_a_consultation_names_the_visit_too(people, begun):
    appointment, consultation = begun()
    one = people["zhang"]("POST", PATH, json={"consultation_id": consultation}).json()
    assert (one["appointment_id"], one["consultation_id"]) == (appointment, consultation)
    assert people["zhang"]("POST", PATH, json={}).status_code == 422
    assert people["zhang"]("POST", PATH, json={"consultation_id": "no"}).status_code == 422


def test_nothing_is_written_before_the_visit_begins(people, booked, waiting, house):
    for appointment in (booked(patient="wang"), waiting()[0]):
        answer = people["zhang"]("POST", PATH, json={"appointment_id": appointment, "medicines": HERBS})
        assert (answer.status_code, answer.json()["code"]) == (409, "prescribed_before_visit")
    assert count(house) == 0


@pytest.mark.parametrize(("status", "visit_type"), [("completed", "online_video"), ("checked_in", "offline")])
def test_after_the_visit_and_at_the_desk_it_is(people, booked, status, visit_type):
    appointment = booked(status=status, visit_type=visit_type)
    assert people["zhang"]("POST", PATH, json={"appointment_id": appointment}).status_code == 201


def test_only_its_doctor_writes(people, visit, draft, house):
    one = draft()
    body = {"appointment_id": visit, "medicines": HERBS}
    change = {"version": 1, "medicines": []}
    for login in ("li", "eve", "zhao", "admin", "chen", "guest"):
        person = people[login]
        expected = {"chen": 404, "guest": 401}.get(login, 403)
        assert person("POST", PATH, json=body).status_code == expected
        assert person("PUT", f"{PATH}/{one['id']}", json=change).status_code == expected
        assert person("POST", f"{PATH}/{one['id']}/sign", json={"version": 1}).status_code == expected
        assert person("POST", f"{PATH}/{one['id']}/void", json={"reason": "no"}).status_code == expected
    assert (count(house), stored(house, one["id"]).version) == (1, 1)


def test_a_draft_is_its_doctors_alone(people, draft):
    one = draft()
    assert people["zhang"]("GET", f"{PATH}/{one['id']}").status_code == 200
    for login in ("li", "eve", "chen", "zhao"):
        assert people[login]("GET", f"{PATH}/{one['id']}").status_code == 404
        assert people[login]("GET", PATH).json()["items"] == []
    assert people["admin"]("GET", f"{PATH}/{one['id']}").status_code == 403


def test_changing_a_draft(people, draft, house):
    one = draft()
    path = f"{PATH}/{one['id']}"
    changed = people["zhang"]("PUT", path, json={"version": 1, "diagnosis": "肝郁", "medicines": HERBS[:1]}).json()
    assert (changed["version"], changed["diagnosis"], len(changed["medicines"])) == (2, "肝郁", 1)
    assert changed["instructions"] == ""
    old = people["zhang"]("PUT", path, json={"version": 1, "diagnosis": "?"})
    assert (old.status_code, stored(house, one["id"]).diagnosis) == (409, "肝郁")


@pytest.mark.parametrize(
    "wrong",
    [
        {"medicines": [{"name": "x" * 101}]},
        {"medicines": [{"name": "x", "duration_days": 0}]},
        {"medicines": [{"name": "x", "duration_days": "7"}]},
        {"medicines": [{"name": "x", "dose": "1"}]},
        {"medicines": [{"name": "x", "duration": "2 weeks", "duration_days": 7}]},
        {"medicines": [{"name": "x"}] * 31},
        {"refill_allowed": 13},
        {"diagnosis": "x" * 501},
        {"status": "signed"},
    ],
)
def test_what_cannot_be_written(people, visit, house, wrong):
    assert people["zhang"]("POST", PATH, json={"appointment_id": visit} | wrong).status_code == 422
    assert count(house) == 0


def test_signing_freezes_people_and_content(people, signed, house, ids):
    one = signed(refill_allowed=1)
    assert (one["status"], one["signed_by"]) == ("effective", "Zhang Zhongjing 张仲景")
    assert one["signed_at"] == "2030-01-01T00:00:00Z"
    assert one["patient_snapshot"] == {
        "id": ids.profiles["li"]["mother"], "first_name": "Mrs. Li", "last_name": "李老太太", "dob": "1985-03-12",
        "gender": "female",
    }  # fmt: skip
    assert one["doctor_snapshot"] == {
        "id": ids.doctors["zhang"], "first_name": "Zhang Zhongjing", "last_name": "张仲景",
        "specialty": "Spleen and stomach 脾胃",
    }  # fmt: skip
    row = stored(house, one["id"])
    assert len(row.content_hash) == 64
    assert (row.signer_id, row.safety_checked) == (ids.users["zhang"], True)

    def rename(tx):
        tx.execute(update(PatientProfile).values(name="Else", last_name="Else", birthday=None, gender="male"))
        tx.execute(update(User).values(name="Nobody", first_name="No", last_name="Body"))
        tx.execute(update(Doctor).values(specialty_id=None))

    house.db.write(rename)
    later = people["li"]("GET", f"{PATH}/{one['id']}").json()
    for name in ("patient_snapshot", "doctor_snapshot", "patient_name", "signed_by", "doctor", "medicines"):
        assert later[name] == one[name]


def test_what_is_signed_stays(people, signed, house):
    one = signed()
    before = stored(house, one["id"])
    path, sign = f"{PATH}/{one['id']}", {"version": one["version"]}
    for answer in (
        people["zhang"]("PUT", path, json={"version": one["version"], "diagnosis": "else"}),
        people["zhang"]("POST", f"{path}/sign", json=sign),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "already_signed")
    after = stored(house, one["id"])
    assert (after.version, after.content_hash, after.diagnosis) == (before.version, before.content_hash, "脾虚")


def test_signing_needs_the_person_and_no_gaps(people, draft, house):
    one = draft()
    path = f"{PATH}/{one['id']}/sign"
    refused = people["zhang"]("POST", path, json={"version": 1})
    assert (refused.status_code, refused.json()["code"]) == (403, "confirmation_needed")
    gaps = draft(diagnosis="", medicines=[{"name": "生姜"}], kind="herbal")
    answer = people["zhang"].confirm()("POST", f"{PATH}/{gaps['id']}/sign", json={"version": 1})
    assert (answer.status_code, answer.json()["code"]) == (422, "prescription_not_complete")
    assert set(answer.json()["fields"]) == {"diagnosis", "medicines.0.dosage", "regimen.doses"}
    change = {"version": 1, "diagnosis": "x", "medicines": HERBS, "facts": ASKED}
    people["zhang"]("PUT", f"{PATH}/{one['id']}", json=change)
    stale = people["zhang"]("POST", path, json={"version": 1})
    assert (stale.status_code, stale.json()["code"]) == (409, "conflict")
    assert stored(house, one["id"]).status == "draft"


def test_a_doctor_whose_licence_is_open_does_not_sign(people, draft, house, ids):
    one = draft()
    house.db.write(lambda tx: tx.execute(update(Doctor).values(verification_status="pending")))
    answer = people["zhang"].confirm()("POST", f"{PATH}/{one['id']}/sign", json={"version": 1})
    assert (answer.status_code, stored(house, one["id"]).status) == (403, "draft")


def test_who_reads_a_signed_one(people, signed, house, ids, clock):
    one = signed()
    path = f"{PATH}/{one['id']}"
    for login, expected in (("zhang", 200), ("li", 200), ("chen", 404), ("zhao", 404), ("wang", 404), ("eve", 404),
                            ("admin", 403), ("guest", 401)):  # fmt: skip
        assert people[login]("GET", path).status_code == expected, login
        assert people[login].page(f"/prescriptions/{one['id']}").status_code == (303 if login == "guest" else expected)
    mother = ids.profiles["li"]["mother"]
    for login in ("chen", "zhao"):
        until = clock() + timedelta(hours=1)
        house.db.write(
            lambda tx, u=until, s=ids.users[login]: care.relate_care(tx, mother, s, None, "asked", clock(), u)
        )
        assert people[login]("GET", path).status_code == 200
        assert [each["id"] for each in people[login]("GET", PATH).json()["items"]] == [one["id"]]
    clock.advance(hours=2)
    assert people["zhao"]("GET", path).status_code == 404
    assert people["zhao"]("GET", PATH).json()["items"] == []
    assert house.db.read(lambda tx: tx.scalar(select(func.count()).select_from(CareRelation))) >= 3


def test_every_look_is_noted(people, signed, house):
    one = signed()
    people["li"]("GET", f"{PATH}/{one['id']}")
    people["eve"]("GET", f"{PATH}/{one['id']}")
    people["li"].page(f"/prescriptions/{one['id']}")
    assert seen(house, one["id"]) == [
        ("doctor", "write", "done"), ("doctor", "sign", "done"), ("patient", "read", "done"),
        ("patient", "read", "denied"), ("patient", "read", "done"),
    ]  # fmt: skip
    before = len(seen(house, "list"))
    people["li"]("GET", PATH)
    assert len(seen(house, "list")) == before + 1


def test_the_family_is_told_without_a_word_about_it(people, signed, house, settle, ids):
    one = signed()
    settle()
    [told] = house.db.read(
        lambda tx: tx.scalars(select(Notification).where(Notification.type == "prescription_ready")).all()
    )
    assert (told.user_id, told.related_id) == (ids.users["li"], one["id"])
    assert not any(word in told.title + told.content for word in ("脾虚", "䗪虫", "炙甘草", "李老太太"))


def test_voiding(people, signed, house, settle):
    one = signed()
    path = f"{PATH}/{one['id']}/void"
    assert people["zhang"]("POST", path, json={"reason": "x"}).status_code == 422
    void = people["zhang"]("POST", path, json={"reason": "wrong dose"}).json()
    assert (void["status"], void["void_reason"]) == ("voided", "wrong dose")
    again = people["zhang"]("POST", path, json={"reason": "wrong dose"})
    assert (again.status_code, again.json()["code"]) == (409, "already_void")
    assert people["li"]("GET", f"{PATH}/{one['id']}").json()["void_reason"] == "wrong dose"
    settle()
    told = select(func.count()).where(Notification.type == "prescription_ready")
    assert house.db.read(lambda tx: tx.scalar(told)) == 2


def test_a_voided_draft_was_never_seen(people, draft, house, settle):
    one = draft()
    assert people["zhang"]("POST", f"{PATH}/{one['id']}/void", json={"reason": "not needed"}).status_code == 200
    settle()
    assert house.db.read(lambda tx: tx.scalar(select(func.count()).select_from(Notification).where(
        Notification.type == "prescription_ready"))) == 0  # fmt: skip
    assert people["li"]("GET", f"{PATH}/{one['id']}").status_code == 404


def test_codes_that_are_taken_are_tried_again(people, visit, house, monkeypatch):
    drawn = iter(["RX20300101000001", "RX20300101000001", "RX20300101000001", "RX20300101000002"])
    monkeypatch.setattr(codes, "fresh", lambda day: next(drawn))
    made = [people["zhang"]("POST", PATH, json={"appointment_id": visit}).json()["code"] for _ in range(2)]
    assert made == ["RX20300101000001", "RX20300101000002"]


def test_lists_name_no_medicine(people, signed, draft, ids, statements, clock):
    one = signed()
    clock.advance(minutes=1)
    other = draft()
    lines = people["zhang"]("GET", PATH).json()["items"]
    assert [line["id"] for line in lines] == [other["id"], one["id"]]
    assert "medicines" not in lines[0]
    assert lines[1]["lines"] == 2
    assert "diagnosis" not in lines[0]
    assert [line["id"] for line in people["li"]("GET", PATH).json()["items"]] == [one["id"]]
    assert people["li"]("GET", f"{PATH}?profile_id={ids.profiles['li']['self']}").json()["items"] == []
    few = len(statements(lambda: people["zhang"]("GET", PATH)))
    for _ in range(5):
        draft()
    assert len(statements(lambda: people["zhang"]("GET", PATH))) == few


def test_two_signatures_at_once(people, draft, house):
    one, me = draft(), people["zhang"].confirm().actor
    brought = []

    def sign():
        try:
            house.db.write(lambda tx: service.sign(tx, me, one["id"], SignInput(version=1), house.clock()))
            brought.append("signed")
        except DomainError as refusal:
            brought.append(refusal.code)

    threads = [threading.Thread(target=sign) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert brought.count("signed") == 1
    assert set(brought) <= {"signed", "conflict", "already_signed"}


def test_a_signature_against_a_change(people, draft, house):
    """Whoever signs signs what was read: one of the two is refused."""
    one, me = draft(), people["zhang"].confirm().actor

    start = threading.Barrier(2)
    brought = {}

    def attempt(name, work):
        start.wait()
        try:
            house.db.write(work)
            brought[name] = True
        except DomainError:
            brought[name] = False

    change = ChangeInput(version=1, diagnosis="else")
    works = {
        "sign": lambda tx: service.sign(tx, me, one["id"], SignInput(version=1), house.clock()),
        "change": lambda tx: service.change(tx, me, one["id"], change, house.clock()),
    }
    threads = [threading.Thread(target=attempt, args=pair) for pair in works.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(brought.values()) == [False, True]
    row = stored(house, one["id"])
    assert (row.status, row.diagnosis) == (("effective", "脾虚") if brought["sign"] else ("draft", "else"))


def test_a_deleted_visit_takes_no_prescription(people, visit, house):
    house.db.write(lambda tx: tx.execute(update(Appointment).values(is_deleted=True)))
    assert people["zhang"]("POST", PATH, json={"appointment_id": visit}).status_code == 404


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ({"name": "甘精胰岛素注射液", "amount": "12", "unit": "单位", "frequency_code": "qn", "duration_days": 30},
         {"code": "insulin_glargine_300iu", "dosage": "12单位", "quantity": "360", "quantity_unit": "IU"}),
        ({"name": "妥布霉素滴眼液", "amount": "2", "frequency_code": "qid", "duration_days": 7},
         {"code": "tobramycin_eye_0p3", "dosage": "2滴", "quantity": "56", "quantity_unit": "滴"}),
        ({"name": "糠酸莫米松乳膏", "dosage": "0.5 g", "frequency": "每日1次", "duration_days": 7},
         {"code": "mometasone_cream_0p1", "amount": "0.5", "unit": "g", "quantity": "4", "quantity_unit": "g"}),
    ],
)  # fmt: skip
def test_units_drops_and_cream_are_written_like_any_medicine(draft, line, expected):
    one = draft(kind="general", medicines=[line])
    [stored] = one["medicines"]
    assert {name: stored[name] for name in expected} == expected
    assert not {"unknown", "quantity_short", "quantity_over"} & {each["rule"] for each in one["findings"]}


@pytest.mark.parametrize("form", ["decoction", "paste", "liquid", "other"])
def test_an_aconite_gets_its_method_wherever_it_may_be_cooked(draft, form):
    lines = [{"name": "附子", "amount": "10"}, {"name": "薄荷", "amount": "6"}]
    one = draft(kind="herbal", medicines=lines, regimen={"form": form, "doses": 7, "times_per_day": 2})
    assert [line["method"] for line in one["medicines"]] == ["先煎", "后下" if form == "decoction" else None]
    without = [{**lines[0], "method": "后下"}]
    one = draft(kind="herbal", medicines=without, regimen={"form": form, "doses": 7, "times_per_day": 2})
    assert "method_missing" in {each["rule"] for each in one["findings"]}


@pytest.mark.parametrize(
    ("typed", "name", "chosen"),
    [
        ("芍药", "白芍", True), ("芍藥", "白芍", True), ("地黄", "生地黄", True), ("白芍", "白芍", False),
        ("baishao", "白芍", False), ("甘草（打碎）", "甘草", False), ("赤芍", "赤芍", False), ("杭白芍", "白芍", False),
    ],
)  # fmt: skip
def test_the_piece_that_was_chosen_for_a_name_is_said(draft, typed, name, chosen):
    line, note = {"name": typed, "amount": "10"}, f'written as "{typed}", taken for {name}'
    [kept] = draft(kind="herbal", medicines=[line], regimen={"doses": 7})["medicines"]
    assert (kept["name"], kept["notes"]) == (name, note if chosen else None)
    if chosen:
        [kept] = draft(kind="herbal", medicines=[line | {"notes": "炒"}], regimen={"doses": 7})["medicines"]
        assert kept["notes"] == f"炒；{note}"


def test_it_is_said_in_the_language_of_whoever_writes():
    assert composing.taken_for("芍药", "白芍", "zh-CN") == "原写“芍药”，按药典默认取白芍"
