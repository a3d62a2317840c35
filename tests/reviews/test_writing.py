import pytest
from sqlalchemy import func, select

from suwen.accounts.models import PatientProfile, User
from suwen.clinics.models import Doctor
from suwen.core.db import new_id
from suwen.reviews.models import Review, ReviewTag, ReviewTagMapping
from tests.reviews.conftest import ENTRY
from tests.support.racing import race, statuses


def path(visit_id):
    return f"/api/v1/appointments/{visit_id}/review"


def number(house):
    return house.db.read(lambda tx: tx.scalar(select(func.count()).select_from(Review)))


def tallies(house, ids, login="zhang"):
    row = house.db.read(lambda tx: tx.get_one(Doctor, ids.doctors[login]))
    return (
        row.total_reviews,
        row.average_rating,
        row.average_attitude,
        row.average_professionalism,
        row.average_efficiency,
    )


def used(house):
    return dict(house.db.read(lambda tx: tx.execute(select(ReviewTag.name, ReviewTag.usage_count)).all()))


def test_a_visit_is_reviewed_once(people, visit, house, ids):
    id = visit()
    first = people["li"]("POST", path(id), json=ENTRY)
    assert first.status_code == 201
    assert {k: first.json()[k] for k in ENTRY} == ENTRY
    again = people["li"]("POST", path(id), json=ENTRY | {"rating": 1})
    assert (again.status_code, again.json()["code"]) == (409, "already_reviewed")
    assert number(house) == 1
    assert tallies(house, ids) == (1, 500, 500, 400, 300)
    assert used(house) == {"耐心": 1, "Clear": 1}


def test_two_reviews_of_one_visit_at_once_are_one(people, visit, house, ids):
    id = visit()
    assert people["li"].token
    assert statuses(race(*6 * [lambda: people["li"]("POST", path(id), json=ENTRY)])) == [201] + [409] * 5
    assert (number(house), tallies(house, ids)[:2], used(house)["Clear"]) == (1, (1, 500), 1)


def test_reviews_of_one_doctor_at_once_add_up(people, visit, house, ids):
    """Each must see the others, or an average is lost; and each makes the same new tag."""
    visits = [visit(login, ago=n + 1) for n, login in enumerate(("li", "wang", "li", "wang", "eve", "li"))]
    stars = [5, 4, 3, 2, 1, 5]
    for login in ("li", "wang", "eve"):
        assert people[login].token
    runners = [
        lambda login=login, id=id, n=n: people[login]("POST", path(id), json={"rating": n, "tags": ["neu", "zwei"]})
        for login, id, n in zip(("li", "wang", "li", "wang", "eve", "li"), visits, stars, strict=True)
    ]
    assert statuses(race(*runners)) == [201] * 6
    assert tallies(house, ids)[:2] == (6, 333)
    assert used(house) == {"neu": 6, "zwei": 6}


@pytest.mark.parametrize("status", ["pending", "scheduled", "confirmed", "checked_in", "cancelled", "no_show"])
def test_only_a_visit_that_took_place_is_reviewed(people, visit, house, status):
    id = visit(status=status)
    refused = people["li"]("POST", path(id), json=ENTRY)
    assert (refused.status_code, refused.json()["code"]) == (409, "too_early_to_review")
    assert people["li"].page(f"/appointments/{id}/review").status_code == 409
    assert number(house) == 0


@pytest.mark.parametrize("who", ["guest", "wang", "eve", "zhang", "chen", "zhao", "admin"])
def test_only_the_account_that_booked_reviews(people, visit, house, who):
    id = visit()
    expected = {"guest": 401, "wang": 404, "eve": 404}.get(who, 403)
    assert people[who]("POST", path(id), json=ENTRY).status_code == expected
    page = people[who].page(f"/appointments/{id}/review")
    assert page.status_code == (303 if who == "guest" else expected)
    assert number(house) == 0
    people["li"]("POST", path(id), json=ENTRY)
    [review] = people["li"]("GET", "/api/v1/reviews").json()["items"]
    assert people[who]("PUT", f"/api/v1/reviews/{review['id']}", json=ENTRY | {"rating": 1}).status_code == expected
    assert [one["rating"] for one in people["li"]("GET", "/api/v1/reviews").json()["items"]] == [5]


def test_a_review_may_be_changed_for_24_hours_exactly(people, write, house, ids, clock):
    review = write()
    change = f"/api/v1/reviews/{review['id']}"
    assert (review["editable"], review["editable_until"]) == (True, "2030-01-02T00:00:00Z")
    clock.advance(hours=23, minutes=59, seconds=59)
    changed = people["li"]("PUT", change, json={"rating": 2, "tags": ["耐心", "slow"], "is_anonymous": True})
    assert (changed.status_code, changed.json()["rating"], changed.json()["comment"]) == (200, 2, None)
    assert (tallies(house, ids), used(house)) == ((1, 200, 0, 0, 0), {"耐心": 1, "Clear": 0, "slow": 1})
    clock.advance(seconds=1)
    late = people["li"]("PUT", change, json={"rating": 5})
    assert (late.status_code, late.json()["code"]) == (409, "too_late_to_edit")
    assert tallies(house, ids)[:2] == (1, 200)
    assert people["li"]("GET", "/api/v1/reviews").json()["items"][0]["editable"] is False


@pytest.mark.parametrize(
    "wrong",
    [{"rating": 0}, {"rating": 6}, {"rating": 4.5}, {"rating": None}, {"attitude_rating": 9}, {"comment": "x" * 1001},
     {"tags": ["x" * 51]}, {"tags": [str(n) for n in range(9)]}, {"comment": "\x00"}, {"stars": 5}],
)  # fmt: skip
def test_what_cannot_be_a_review_is_refused(people, visit, house, ids, wrong):
    refused = people["li"]("POST", path(visit()), json=ENTRY | wrong)
    assert refused.status_code in (400, 422)
    assert (number(house), tallies(house, ids)[0], used(house)) == (0, 0, {})


def test_emoji_and_blank_words_are_taken_as_they_are(write):
    review = write(comment="  很好 👍🏽  ", tags=["  感谢  医生 ", "感谢 医生", ""])
    assert (review["comment"], review["tags"]) == ("很好 👍🏽", ["感谢 医生"])
    assert write("wang", comment="   ")["comment"] is None


def test_a_tag_that_is_switched_off_is_not_taken(people, visit, house):
    house.db.write(lambda tx: tx.add(ReviewTag(name="rude", usage_count=3, is_active=False)))
    refused = people["li"]("POST", path(visit()), json=ENTRY | {"tags": ["rude"]})
    assert (refused.status_code, refused.json()["code"]) == (422, "tag_not_used")
    assert number(house) == 0


def test_names_stay_as_they_were(people, write, house, ids):
    review = write(profile="mother")

    def rename(tx):
        tx.get_one(User, ids.users["zhang"]).name = "Somebody Else"
        tx.get_one(PatientProfile, ids.profiles["li"]["mother"]).name = "New Name"

    house.db.write(rename)
    row = house.db.read(lambda tx: tx.get_one(Review, review["id"]))
    assert row.patient_snapshot["id"] == ids.profiles["li"]["mother"]
    assert row.doctor_snapshot["specialty"] == "Spleen and stomach 脾胃"
    shown = people["li"]("GET", "/api/v1/reviews").json()["items"][0]
    assert (shown["author"], shown["doctor"]) == (review["author"], review["doctor"])
    assert "Else" not in shown["doctor"]


def test_a_failed_review_leaves_no_tag_behind(people, visit, house):
    id = visit()
    people["li"]("POST", path(id), json=ENTRY | {"tags": []})
    people["li"]("POST", path(id), json=ENTRY | {"tags": ["left behind"]})
    assert used(house) == {}
    assert house.db.read(lambda tx: tx.scalar(select(func.count()).select_from(ReviewTagMapping))) == 0


def test_the_form_writes_and_then_changes(people, visit, house, clock):
    id = visit(profile="mother")
    address = f"/appointments/{id}/review"
    assert "Mrs. Li 李老太太" in people["li"].page(address).text
    refused = people["li"].form(address, {"comment": "No stars", "tags": ["耐心"]})
    assert refused.status_code == 422
    assert "No stars" in refused.text
    assert number(house) == 0
    fields = {"rating": "4", "tags": ["耐心"], "more_tags": "punctual，kind", "comment": "Good", "is_anonymous": "on"}
    assert people["li"].form(address, fields).headers["location"] == address
    assert "You, shown without a name" in people["li"].page(address).text
    people["li"].form(address, fields | {"rating": "3", "is_anonymous": ""})
    [review] = people["li"]("GET", "/api/v1/reviews").json()["items"]
    assert (review["rating"], sorted(review["tags"]), review["is_anonymous"]) == (
        3,
        ["kind", "punctual", "耐心"],
        False,
    )
    clock.advance(days=1)
    assert 'name="rating"' not in people["li"].page(address).text


def test_a_visit_of_nobody_is_not_there(people):
    assert people["li"]("POST", path(new_id()), json=ENTRY).status_code == 404
