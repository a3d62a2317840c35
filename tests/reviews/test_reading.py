import pytest
from sqlalchemy import select

from suwen.clinics.models import Doctor
from suwen.core.audit import AuditEvent
from suwen.notifications.models import Notification
from suwen.reviews import rules
from suwen.reviews.models import Review


def public(people, ids, who="guest", **params):
    return people[who]("GET", f"/api/v1/doctors/{ids.doctors['zhang']}/reviews", params=params)


def test_a_forged_page_link_is_no_accident(people, ids):
    answer = public(people, ids, "guest", after="WyJ4IiwgInkiXQ")  # ["x", "y"], where a moment should be
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_cursor")


def test_everybody_reads_reviews_but_not_who_wrote_them(people, write, ids):
    write(profile="mother")
    write("wang", is_anonymous=True, comment="Unnamed words")
    answer = public(people, ids)
    assert [(one["author"], one["is_anonymous"]) for one in answer.json()["items"]] == [(None, True), ("李**", False)]
    page = people["guest"].page(f"/doctors/{ids.doctors['zhang']}/reviews")
    assert "匿名用户" in page.text
    private = [ids.users["li"], ids.users["wang"], *ids.profiles["li"].values(), *ids.profiles["wang"].values(),
               "Wang Wei", "老太太", "appointment_id", "patient_id"]  # fmt: skip
    for secret in private:
        assert secret not in answer.text
        assert secret not in page.text


def test_the_doctor_knows_named_authors_only(people, write):
    named, unnamed = write(), write("wang", is_anonymous=True)
    shown = {one["id"]: one for one in people["zhang"]("GET", "/api/v1/me/doctor/reviews").json()["items"]}
    assert shown[named["id"]]["author"] == "Li Na 李娜"
    assert (shown[unnamed["id"]]["author"], shown[unnamed["id"]]["appointment_id"]) == (None, None)
    page = people["zhang"].page("/doctor/reviews").text + people["zhang"].page(f"/doctor/reviews/{unnamed['id']}").text
    assert "Wang" not in page
    assert unnamed["appointment_id"] not in page


def test_a_new_review_is_seen_at_once_though_the_list_is_kept(people, write, ids):
    assert public(people, ids).json()["items"] == []
    assert "还没有评价" in people["guest"].page(f"/doctors/{ids.doctors['zhang']}/reviews").text
    write()
    assert len(public(people, ids).json()["items"]) == 1
    assert "Listened to me" in people["guest"].page(f"/doctors/{ids.doctors['zhang']}/reviews").text


def test_a_doctors_page_takes_the_reviews_as_a_fragment(people, write, ids):
    for _ in range(11):
        write("wang")
    address = f"/doctors/{ids.doctors['zhang']}/reviews"
    part = people["guest"].page(address, headers={"hx-request": "true", "hx-target": "reviews"}).text
    assert "Listened to me" in part
    assert "<html" not in part
    assert 'id="reviews"' not in part  # the page has that already
    assert f'href="{address}?after=' in part  # "?after=" alone would lead to the doctor's page
    assert 'id="reviews"' in people["guest"].page(address).text


def test_the_summary_counts_what_is_public(people, write, ids):
    hidden = write(rating=1)
    for stars in (5, 5, 4):
        write("wang", rating=stars)
    people["admin"]("POST", f"/api/v1/reviews/{hidden['id']}/hide", json={"reason": "Insult"})
    summary = people["guest"]("GET", f"/api/v1/doctors/{ids.doctors['zhang']}/reviews/summary").json()
    assert (summary["reviews"], summary["rating"], summary["stars"]) == (3, 4.7, [2, 1, 0, 0, 0])
    assert set(summary["tags"]) == {"耐心", "Clear"}
    assert [one["rating"] for one in public(people, ids, stars=4).json()["items"]] == [4]


def test_pages_follow_one_another(people, write, ids):
    for n in range(5):
        write("wang", rating=1 + n)
    first = public(people, ids, limit=3).json()
    second = public(people, ids, limit=3, after=first["next"]).json()
    assert len({one["id"] for one in first["items"] + second["items"]}) == 5
    assert second["next"] is None


def test_reviews_of_a_doctor_who_is_not_listed_are_not_there(people, write, house, ids):
    write()
    house.db.write(lambda tx: setattr(tx.get_one(Doctor, ids.doctors["zhang"]), "verification_status", "pending"))
    assert public(people, ids).status_code == 404
    assert people["guest"].page(f"/doctors/{ids.doctors['zhang']}/reviews").status_code == 404


def test_the_doctor_answers_and_the_author_is_told(people, write, house, ids, settle):
    review = write()
    path = f"/api/v1/reviews/{review['id']}/reply"
    assert people["zhang"]("PUT", path, json={"text": "Thank you."}).json()["doctor_reply"] == "Thank you."
    assert public(people, ids).json()["items"][0]["doctor_reply"] == "Thank you."
    settle()
    settle()
    [told] = house.db.read(lambda tx: tx.scalars(select(Notification)).all())
    assert (told.user_id, told.type) == (ids.users["li"], "review_reply")
    assert told.meta["path"] == f"/appointments/{review['appointment_id']}/review"
    people["zhang"]("PUT", path, json={"text": "Thank you again."})
    assert public(people, ids).json()["items"][0]["doctor_reply"] == "Thank you again."
    assert people["zhang"]("GET", "/api/v1/me/doctor/reviews", params={"unanswered": "true"}).json()["items"] == []


@pytest.mark.parametrize("who", ["guest", "li", "eve", "chen", "zhao", "admin"])
def test_only_the_reviewed_doctor_answers(people, write, house, who):
    review = write()
    expected = {"guest": 401, "chen": 404}.get(who, 403)
    assert people[who]("PUT", f"/api/v1/reviews/{review['id']}/reply", json={"text": "Ha"}).status_code == expected
    assert house.db.read(lambda tx: tx.get_one(Review, review["id"])).doctor_reply is None


def test_another_doctor_reads_no_reviews_of_a_colleague_as_the_own(people, write):
    review = write()
    assert people["chen"]("GET", "/api/v1/me/doctor/reviews").json()["items"] == []
    assert people["chen"].page(f"/doctor/reviews/{review['id']}").status_code == 404


@pytest.mark.parametrize("text", ["", "   ", "x" * 501])
def test_an_answer_has_1_to_500_characters(people, write, house, text):
    review = write()
    people["zhang"].page("/doctor/reviews")
    assert people["zhang"]("PUT", f"/api/v1/reviews/{review['id']}/reply", json={"text": text}).status_code == 422
    assert people["zhang"].form(f"/doctor/reviews/{review['id']}", {"text": text}).status_code == 422
    assert house.db.read(lambda tx: tx.get_one(Review, review["id"])).doctor_reply is None
    assert people["zhang"].form(f"/doctor/reviews/{review['id']}", {"text": "x" * 500}).status_code == 303


def test_an_admin_hides_with_a_reason_and_shows_again(people, write, house, ids, settle):
    review = write(rating=1)
    write("wang", rating=5)
    hide, show = (f"/api/v1/reviews/{review['id']}/{verb}" for verb in ("hide", "show"))
    assert people["admin"]("POST", hide, json={"reason": ""}).status_code == 422
    assert people["admin"]("POST", hide, json={"reason": "Insult"}).json()["is_visible"] is False
    assert people["admin"]("POST", hide, json={"reason": "Insult"}).status_code == 409
    assert [one["rating"] for one in public(people, ids).json()["items"]] == [5]
    assert house.db.read(lambda tx: tx.get_one(Doctor, ids.doctors["zhang"])).average_rating == 500
    assert people["zhang"]("PUT", f"/api/v1/reviews/{review['id']}/reply", json={"text": "?"}).status_code == 404
    settle()
    [told] = house.db.read(lambda tx: tx.scalars(select(Notification)).all())
    assert (told.user_id, "Insult" in told.content) == (ids.users["li"], True)
    assert "Insult" in people["li"].page(f"/appointments/{review['appointment_id']}/review").text
    assert people["admin"]("POST", show).json()["is_visible"] is True
    assert people["admin"]("POST", show).status_code == 409
    assert house.db.read(lambda tx: tx.get_one(Doctor, ids.doctors["zhang"])).average_rating == 300
    noted = house.db.read(lambda tx: tx.scalars(select(AuditEvent).where(AuditEvent.kind == "review")).all())
    assert sorted(one.purpose for one in noted) == ["hidden", "shown again"]


@pytest.mark.parametrize("who", ["guest", "li", "eve", "zhang", "zhao"])
def test_only_admins_hide(people, write, house, who):
    review = write()
    expected = 401 if who == "guest" else 403
    assert people[who]("POST", f"/api/v1/reviews/{review['id']}/hide", json={"reason": "No"}).status_code == expected
    assert people[who]("POST", f"/api/v1/reviews/{review['id']}/show").status_code == expected
    assert people[who]("GET", "/api/v1/admin/reviews").status_code == expected
    assert house.db.read(lambda tx: tx.get_one(Review, review["id"])).is_visible is True


def test_the_admins_pages(people, write, ids):
    review = write(comment="100% satisfied")
    write("wang", comment="fine", rating=2)
    people["admin"].page("/admin/reviews")

    def found(**params):
        return [
            one["comment"] for one in people["admin"]("GET", "/api/v1/admin/reviews", params=params).json()["items"]
        ]

    assert found(q="0% s") == ["100% satisfied"]
    assert found(q="_ine") == []
    assert found(stars=2) == ["fine"]
    assert len(found(q="zhongjing")) == 2
    assert people["admin"]("GET", "/api/v1/admin/reviews", params={"status": "odd"}).status_code == 422
    assert "100% satisfied" in people["admin"].page("/admin/reviews?status=visible&stars=5").text
    one = f"/admin/reviews/{review['id']}"
    assert "Li Na" in people["admin"].page(one).text
    assert people["admin"].form(f"{one}/hide", {"reason": ""}).status_code == 422
    assert people["admin"].form(f"{one}/hide", {"reason": "Advertising"}).status_code == 303
    assert "Advertising" in people["admin"].page(one).text
    assert people["admin"].form(f"{one}/show").status_code == 303
    assert people["admin"].page("/admin/review-tags").status_code == 200


def test_lists_cost_the_same_however_long_they_are(people, write, statements, ids):
    def cost():
        return [
            len(statements(lambda: people["zhang"].page("/doctor/reviews"))),
            len(statements(lambda: people["admin"].page("/admin/reviews"))),
            len(statements(lambda: public(people, ids, "li", after=None, limit=50 + len(costs)))),
        ]

    costs = []
    write()
    costs.append(cost())
    for _ in range(8):
        write("wang")
    costs.append(cost())
    assert costs[0] == costs[1]


@pytest.mark.parametrize(
    ("first", "last", "public", "whole"),
    [("娜", "李", "李**", "李娜"), ("修", "欧阳", "欧**", "欧阳修"), ("John", "Smith", "John S.", "John Smith"),
     ("Cher", "", "C**", "Cher"), ("", "", "**", ""), ("Li Na", "李娜", "李**", "Li Na 李娜")],
)  # fmt: skip
def test_how_authors_are_named(first, last, public, whole):
    snapshot = {"first_name": first, "last_name": last}
    assert (rules.public_name(snapshot), rules.full_name(snapshot)) == (public, whole)


@pytest.mark.parametrize(
    ("total", "count", "result"), [(14, 3, 467), (5, 1, 500), (None, 0, 0), (1, 8, 13), (3, 2, 150)]
)
def test_averages_are_hundredths_half_up(total, count, result):
    assert rules.hundredths(total, count) == result
