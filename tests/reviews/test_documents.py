"""Reviews as documents of the clinic schema's collection `feedback`."""

import pytest
from sqlalchemy import update

from suwen.core.ports import documents
from suwen.reviews import service
from suwen.reviews.models import ReviewTag
from tests.reviews.conftest import ENTRY


@pytest.fixture
def store(house):
    """In a table, also where a whole run is made with a store that is away: what is asked here is what lies in it."""
    return house.db.beside("documents", lambda: documents.open_store("", house.db))


def differences(house, store):
    return [(one.id, one.what) for one in documents.verify(house.db, store, service.COLLECTION)]


def test_the_document_has_the_shape_of_the_schema(write, store, settle, ids, house):
    one = write(profile="mother")
    settle()
    body = store.get("feedback", one["id"])
    assert body == {
        "appointment_id": one["appointment_id"],
        "patient_snapshot": {"id": ids.profiles["li"]["mother"], "first_name": "Mrs. Li", "last_name": "李老太太"},
        "doctor_snapshot": {"id": ids.doctors["zhang"], "first_name": "Zhang Zhongjing", "last_name": "张仲景"},
        "rating": 5, "comments": ENTRY["comment"], "tags": ["Clear", "耐心"], "submitted_at": "2030-01-01T00:00:00Z",
    }  # fmt: skip
    assert differences(house, store) == []


def test_the_author_changes_it(write, people, store, settle, clock):
    one = write()
    clock.advance(minutes=5)
    people["li"]("PUT", f"/api/v1/reviews/{one['id']}", json={"rating": 2, "tags": ["Late"]})
    settle()
    body = store.get("feedback", one["id"])
    assert (body["rating"], body["comments"], body["tags"]) == (2, None, ["Late"])
    assert body["submitted_at"] == "2030-01-01T00:00:00Z"


def test_who_stays_unnamed_is_not_named_and_neither_is_the_visit(write, store, settle):
    one = write(is_anonymous=True)
    settle()
    body = store.get("feedback", one["id"])
    assert body["appointment_id"] is None
    assert body["patient_snapshot"] == {"id": None, "first_name": None, "last_name": None}
    assert (body["rating"], body["comments"]) == (5, ENTRY["comment"])


def test_hidden_is_gone_and_shown_is_back(write, people, store, settle, house):
    one = write()
    settle()
    people["admin"]("POST", f"/api/v1/reviews/{one['id']}/hide", json={"reason": "names a nurse"})
    settle()
    assert store.get("feedback", one["id"]) is None
    assert differences(house, store) == []
    assert people["li"]("GET", f"/api/v1/reviews/{one['id']}/document").status_code == 404
    people["admin"]("POST", f"/api/v1/reviews/{one['id']}/show")
    settle()
    assert store.get("feedback", one["id"])["rating"] == 5
    assert differences(house, store) == []


def test_an_answer_and_a_renamed_tag_change_nothing(write, people, store, settle, house):
    one = write()
    settle()
    before = store.get("feedback", one["id"])
    people["zhang"]("PUT", f"/api/v1/reviews/{one['id']}/reply", json={"text": "Thank you."})
    house.db.write(lambda tx: tx.execute(update(ReviewTag).where(ReviewTag.name == "Clear").values(name="Plain")))
    settle()
    assert differences(house, store) == []
    assert list(documents.rebuild(house.db, store, service.COLLECTION)) == [1]
    assert store.get("feedback", one["id"]) == before


def test_who_may_read_the_document(write, people):
    one = write()
    path = f"/api/v1/reviews/{one['id']}/document"
    for login, status in (("li", 200), ("admin", 200), ("wang", 404), ("eve", 404), ("zhang", 403), ("guest", 401)):
        assert people[login]("GET", path).status_code == status, login
    assert people["admin"]("GET", path).json()["_id"] == one["id"]
