"""Find care: who is listed, in which order, and what it costs."""

import pytest
from sqlalchemy import update

from suwen.clinics.models import Doctor


def names(answer):
    assert answer.status_code == 200, answer.text
    return [doctor["name"].split()[0] for doctor in answer.json()["items"]]


def test_the_soonest_free_comes_first_with_price_and_time(people, hours):
    hours("zhang", opens="10:00")
    hours("chen", opens="09:00", closes="10:00")
    found = people["guest"]("GET", "/api/v1/doctors").json()["items"]
    assert [(doctor["name"].split()[0], doctor["next_free"]) for doctor in found] == [
        ("Chen", "2030-01-01T01:00:00Z"), ("Zhang", "2030-01-01T02:00:00Z"),
    ]  # fmt: skip
    assert {(doctor["amount"], doctor["currency"]) for doctor in found} == {(3000, "CNY")}
    assert found[0]["visit_types"] == ["online_video"]


def test_filters(people, hours, ids):
    hours("zhang", location_id=ids.abroad, zone=None)
    hours("chen")
    guest = people["guest"]

    def found(query):
        return names(guest("GET", f"/api/v1/doctors?{query}"))

    assert found(f"location_id={ids.abroad}") == ["Zhang"]
    assert found("visit_type=online_video") == ["Chen"]
    assert found("visit_type=offline") == ["Zhang"]
    assert found(f"department_id={ids.department}") == ["Chen", "Zhang"]
    assert found("department_id=none") == []
    assert found(f"specialty_id={ids.specialty}&name=怡") == ["Chen"]
    assert found("name=100%") == []
    assert found("name=spleen 张仲景") == ["Zhang"]
    assert found("free_within_hours=1") == []
    assert found("free_within_hours=24") == ["Chen", "Zhang"]
    assert found("sort=name") == ["Chen", "Zhang"]
    assert guest("GET", "/api/v1/doctors?visit_type=other").status_code == 422


def test_the_next_free_time_moves_on_with_each_booking(people, hours, book, free):
    hours()
    guest = people["guest"]
    first = guest("GET", "/api/v1/doctors").json()["items"][0]
    assert first["next_free"] == "2030-01-01T01:00:00Z"
    book("li", {"id": first["next_free_slot_id"]})
    assert guest("GET", "/api/v1/doctors").json()["items"][0]["next_free"] == "2030-01-01T01:30:00Z"


@pytest.mark.parametrize("change", [
    {"verification_status": "pending"}, {"verification_status": "rejected"}, {"is_deleted": True},
])  # fmt: skip
def test_who_is_not_listed_is_not_there(people, hours, ids, house, free, change):
    hours()
    slot = free()[0]
    house.db.write(lambda tx: tx.execute(update(Doctor).where(Doctor.id == ids.doctors["zhang"]).values(**change)))
    for topic in ("directory", f"doctor:{ids.doctors['zhang']}"):
        house.kept.drop(topic)
    guest = people["guest"]
    assert "Zhang" not in names(guest("GET", "/api/v1/doctors"))
    assert guest("GET", f"/api/v1/doctors/{ids.doctors['zhang']}").status_code == 404
    assert guest("GET", f"/api/v1/doctors/{ids.doctors['zhang']}/free-slots?day=2030-06-01").status_code == 404
    assert guest.page(f"/doctors/{ids.doctors['zhang']}").status_code == 404
    assert people["li"]("POST", "/api/v1/appointments", json={"slot_id": slot["id"]}).status_code == 404


def test_nothing_private_is_in_the_directory(people, hours, ids):
    hours()
    text = (
        people["guest"]("GET", "/api/v1/doctors").text + people["guest"].page(f"/doctors/{ids.doctors['zhang']}").text
    )
    for private in ("1380000000", "example.org", "440106", "license_number", "id_number", ids.users["zhang"]):
        assert private not in text


def test_pages_of_the_directory(people, hours, ids):
    hours("zhang")
    hours("chen", opens="13:00", closes="14:00")
    guest = people["guest"]
    for sort in ("next_free", "rating", "name"):
        first = guest("GET", f"/api/v1/doctors?limit=1&sort={sort}").json()
        second = guest("GET", f"/api/v1/doctors?limit=1&sort={sort}&after={first['next']}").json()
        assert {first["items"][0]["id"], second["items"][0]["id"]} == set(ids.doctors.values())
        assert second["next"] is None


def test_kept_answers_are_the_same_bytes_and_go_with_the_next_booking(people, hours, ids, book, free, house):
    hours()
    path = f"/api/v1/doctors/{ids.doctors['zhang']}/free-slots?day=2030-01-02"
    one, two = people["guest"]("GET", path), people["li"]("GET", path)
    assert one.content == two.content
    assert one.headers["etag"] == two.headers["etag"]
    unchanged = people["guest"]("GET", path, headers={"if-none-match": one.headers["etag"]})
    assert unchanged.status_code == 304
    book("li", one.json()["slots"][0])
    assert people["guest"]("GET", path).headers["etag"] != one.headers["etag"]


def test_statements_of_the_directory_do_not_grow(people, hours, house, statements):
    def count(path):
        def ask():
            house.kept.drop("directory")
            return people["guest"]("GET", path)

        return len(statements(ask))

    hours("zhang")
    few = count("/api/v1/doctors"), count("/doctors")
    hours("chen", opens="13:00", closes="14:00")
    assert (count("/api/v1/doctors"), count("/doctors")) == few
    assert few[0] <= 3


def test_a_zone_that_is_none_is_refused(people, hours, ids):
    hours()
    path = f"/api/v1/doctors/{ids.doctors['zhang']}/free-slots"
    assert people["guest"]("GET", f"{path}?zone=Mars/Olympus").json()["code"] == "unknown_zone"
    assert people["guest"]("GET", f"{path}?day=2030-02-30").status_code in (400, 422)
