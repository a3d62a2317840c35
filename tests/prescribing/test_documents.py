"""Signed prescriptions as documents of the clinic schema's collection `prescriptions`."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from sqlalchemy import select, update

from suwen.accounts.models import PatientProfile, User
from suwen.core.audit import AuditEvent
from suwen.core.ports import documents
from suwen.prescribing import service
from suwen.prescribing.models import Prescription
from suwen.prescribing.rules.documents import document

PATH = "/api/v1/prescriptions"
SHAPE = {
    "appointment_id", "patient_snapshot", "doctor_snapshot", "medications", "instructions", "refill_allowed",
    "pharmacy", "signed_by", "signed_at", "created_at", "updated_at",
}  # fmt: skip


@pytest.fixture
def store(house):
    """In a table, also where a whole run is made with a store that is away: what is asked here is what lies in it."""
    return house.db.beside("documents", lambda: documents.open_store("", house.db))


def differences(house, store):
    return [(one.id, one.what) for one in documents.verify(house.db, store, service.COLLECTION)]


def test_the_document_has_the_shape_of_the_schema(signed, store, settle, ids):
    pharmacy = {"name": "Central Pharmacy", "phone": "(438) 555-1212", "address": "19 Pops St"}
    one = signed(refill_allowed=2, pharmacy=pharmacy)
    settle()
    body = store.get("prescriptions", one["id"])
    assert set(body) == SHAPE
    assert body["appointment_id"] == one["appointment_id"]
    assert body["patient_snapshot"] == {
        "id": ids.profiles["li"]["mother"], "first_name": "Mrs. Li", "last_name": "李老太太", "dob": "1985-03-12",
        "gender": "female",
    }  # fmt: skip
    assert set(body["doctor_snapshot"]) == {"id", "first_name", "last_name", "specialty"}
    assert body["doctor_snapshot"]["id"] == ids.doctors["zhang"]
    assert body["medications"][0] == {
        "name": "陈皮", "dosage": "6 g", "frequency": "每日两次", "duration_days": 7, "notes": None
    }  # fmt: skip
    assert (body["instructions"], body["refill_allowed"], body["pharmacy"]) == ("忌生冷", 2, pharmacy)
    assert (body["signed_by"], body["signed_at"]) == ("Zhang Zhongjing 张仲景", "2030-01-01T00:00:00Z")
    assert (body["created_at"], body["updated_at"]) == ("2030-01-01T00:00:00Z",) * 2


def test_what_is_renamed_later_changes_no_document(signed, store, settle, house):
    one = signed()
    settle()
    before = store.get("prescriptions", one["id"])

    def rename(tx):
        tx.execute(update(PatientProfile).values(name="Else", last_name="Else", birthday=None, gender="male"))
        tx.execute(update(User).values(name="Nobody", first_name="No", last_name="Body"))

    house.db.write(rename)
    assert list(documents.rebuild(house.db, store, service.COLLECTION))
    assert store.get("prescriptions", one["id"]) == before
    assert differences(house, store) == []


def test_a_draft_has_none_and_a_void_one_loses_its(draft, signed, people, store, settle, house):
    written, one = draft(), signed()
    settle()
    assert [id for part in store.ids("prescriptions") for id in part] == [one["id"]]
    people["zhang"]("POST", f"{PATH}/{one['id']}/void", json={"reason": "wrong dose"})
    settle()
    assert store.get("prescriptions", one["id"]) is None
    assert store.get("prescriptions", written["id"]) is None
    assert differences(house, store) == []


def test_a_signature_that_is_told_after_the_void_resurrects_nothing(signed, people, store, house):
    one = signed()
    taken = service.COLLECTION.fresh  # what a slow worker has read of the row before it was made void
    late = house.db.read(lambda tx: taken(tx, [one["id"]]))[one["id"]]
    people["zhang"]("POST", f"{PATH}/{one['id']}/void", json={"reason": "wrong dose"})
    documents.keep(house.db, store, service.COLLECTION, one["id"])  # the void is delivered first
    assert store.put("prescriptions", one["id"], late.body, late.revision) is False
    documents.keep(house.db, store, service.COLLECTION, one["id"])  # and then the signature's own event
    assert store.get("prescriptions", one["id"]) is None


def test_dispensing_and_expiry_leave_the_document_as_it_was_signed(signed, store, settle, house, clock):
    one = signed()
    settle()
    before = store.get("prescriptions", one["id"])
    clock.advance(days=1)
    for status in ("effective", "partially_dispensed", "dispensed", "expired"):
        values = {"status": status, "version": Prescription.version + 1, "updated_at": clock()}
        house.db.write(lambda tx, v=values: tx.execute(update(Prescription).values(**v)))
        documents.keep(house.db, store, service.COLLECTION, one["id"])
        assert store.get("prescriptions", one["id"]) == before
        assert differences(house, store) == []
    house.db.write(lambda tx: tx.execute(update(Prescription).values(status="returned")))
    assert differences(house, store) == [(one["id"], "extra")]


def test_verify_names_what_is_missing_extra_and_different(signed, draft, store, settle, house):
    rows = sorted(signed()["id"] for _ in range(4))
    settle()
    assert differences(house, store) == []
    store.remove("prescriptions", rows[0], 99)
    store.put("prescriptions", rows[1], store.get("prescriptions", rows[1]) | {"instructions": "twice as much"}, 99)
    store.put("prescriptions", draft()["id"], store.get("prescriptions", rows[2]), 1)
    store.put("prescriptions", "nobodys", store.get("prescriptions", rows[2]), 1)
    found = differences(house, store)
    assert found[:2] == [(rows[0], "missing"), (rows[1], "different")]
    assert [what for _, what in found[2:]] == ["extra", "extra"]
    assert list(documents.rebuild(house.db, store, service.COLLECTION)) == [4]
    assert differences(house, store) == []
    assert sorted(id for part in store.ids("prescriptions") for id in part) == rows


def test_what_is_on_its_way_is_no_difference(signed, store, settle, house):
    one = signed()
    assert store.get("prescriptions", one["id"]) is None
    assert differences(house, store) == []
    settle()
    assert store.get("prescriptions", one["id"]) is not None


def test_many_are_made_anew_in_parts(signed, store, settle, house, monkeypatch):
    monkeypatch.setattr("suwen.core.ports.documents.projections.BATCH", 2)
    rows = [signed()["id"] for _ in range(5)]
    settle()
    for id in rows:
        store.remove("prescriptions", id, 99)
    assert [what for _, what in differences(house, store)] == ["missing"] * 5
    assert list(documents.rebuild(house.db, store, service.COLLECTION)) == [2, 4, 5]
    assert differences(house, store) == []


def test_who_may_read_the_document_as_who_may_read_the_prescription(signed, draft, people, house):
    one, written = signed(), draft()
    for login, status in (("zhang", 200), ("li", 200), ("chen", 404), ("zhao", 404), ("wang", 404), ("eve", 404),
                          ("admin", 403), ("guest", 401)):  # fmt: skip
        assert people[login]("GET", f"{PATH}/{one['id']}/document").status_code == status, login
    body = people["li"]("GET", f"{PATH}/{one['id']}/document").json()
    assert body.pop("_id") == one["id"]
    assert set(body) == SHAPE
    assert people["zhang"]("GET", f"{PATH}/{written['id']}/document").status_code == 404
    people["zhang"]("POST", f"{PATH}/{one['id']}/void", json={"reason": "wrong dose"})
    assert people["li"]("GET", f"{PATH}/{one['id']}/document").status_code == 404
    rows = select(AuditEvent.actor_role, AuditEvent.result).where(
        AuditEvent.object_id == one["id"], AuditEvent.action == "export"
    )
    seen = house.db.read(lambda tx: [tuple(row) for row in tx.execute(rows)])
    assert ("doctor", "done") in seen
    assert ("patient", "done") in seen


def row(**more):
    given = {
        "status": "dispensed", "signed_at": datetime(2030, 1, 1, 8, 0, 0, 120, UTC), "regimen": None, "pharmacy": None,
        "created_at": datetime(2030, 1, 1, tzinfo=UTC), "appointment_id": None, "instructions": "", "signed_by": "x",
        "patient_snapshot": {"id": "p", "age": 3}, "doctor_snapshot": None, "medicines": [], "refill_allowed": 0,
    }  # fmt: skip
    return SimpleNamespace(**(given | more))


@pytest.mark.parametrize(
    ("line", "regimen", "expected"),
    [
        ({"name": "附子", "amount": "9", "unit": "g", "method": "先煎", "notes": "制"},
         {"doses": "7", "doses_per_day": "1", "times_per_day": "2"}, ("附子", "9 g", "bid", 7, "先煎; 制")),
        ({"name": "附子", "amount": "9", "unit": "g"}, {"doses": 7, "doses_per_day": "0.5"},
         ("附子", "9 g", None, 14, None)),
        ({"name": "附子"}, {"doses": "7", "doses_per_day": 2, "times_per_day": 6}, ("附子", None, "6/d", 4, None)),
        ({"name": "Paracetamol", "dosage": "500 mg", "frequency_code": "qid", "duration_days": 5, "notes": "Now"}, None,
         ("Paracetamol", "500 mg", "qid", 5, "Now")),
        ({"name": "", "amount": ""}, {"doses": "many"}, (None, None, None, None, None)),
    ],
)  # fmt: skip
def test_lines_of_every_kind(line, regimen, expected):
    [made] = document(row(medicines=[line], regimen=regimen))["medications"]
    assert tuple(made[name] for name in ("name", "dosage", "frequency", "duration_days", "notes")) == expected


def test_every_field_is_there_and_null_where_nothing_is_known():
    made = document(row())
    assert made["pharmacy"] == {"name": None, "phone": None, "address": None}
    assert made["patient_snapshot"] == {"id": "p", "first_name": None, "last_name": None, "dob": None, "gender": None}
    assert made["signed_at"] == "2030-01-01T08:00:00.000120Z"


@pytest.mark.parametrize("status", ["draft", "returned", "voided"])
def test_these_have_no_document(status):
    assert document(row(status=status)) is None
