"""The list of tags: what everybody may read of it, and what an admin goes through."""

from sqlalchemy import insert

from suwen.core.db import new_id
from suwen.reviews.models import ReviewTag


def offered(people, who="guest"):
    answer = people[who]("GET", "/api/v1/review-tags")
    assert answer.status_code == 200, answer.text
    return [(one["name"], one["category"]) for one in answer.json()]


def test_what_one_patient_made_up_is_not_published(people, write):
    admin = people["admin"]
    made = admin("POST", "/api/v1/review-tags", json={"name": "Kind 亲切", "category": "positive"})
    assert made.status_code == 201, made.text
    assert offered(people) == [("Kind 亲切", "positive")]
    write(tags=["Dr Zhang is a thief"])
    for who in ("guest", "li", "zhang"):
        assert offered(people, who) == [("Kind 亲切", "positive")]
    assert "thief" in admin.page("/admin/review-tags").text  # who looks after them sees all
    assert "thief" in admin.page("/admin/review-tags.csv").text
    off = {"name": "Kind 亲切", "category": "positive", "is_active": False}
    assert admin("PUT", f"/api/v1/review-tags/{made.json()['id']}", json=off).status_code == 200
    assert offered(people) == []


def test_what_several_say_is_offered_to_the_next(people, write):
    for _ in range(3):
        write(tags=["punctual"])
    assert offered(people) == [("punctual", None)]


def test_the_admin_s_page_comes_in_parts_the_most_used_first(people, house):
    tags = [{"id": new_id(), "name": f"tag {n:03}", "usage_count": n // 2, "is_active": True} for n in range(120)]
    house.db.write(lambda tx: tx.execute(insert(ReviewTag), tags) and None)
    admin, path, seen = people["admin"], "/admin/review-tags", []
    for _ in range(3):
        page = admin.page(path).text
        seen.append([one["name"] for one in tags if f">{one['name']}<" in page])
        after = page.partition("after=")[2].partition('"')[0].partition("&")[0]
        path = f"/admin/review-tags?after={after}"
    assert [len(part) for part in seen] == [50, 50, 20]
    assert sorted(name for part in seen for name in part) == [one["name"] for one in tags]
    assert "tag 119" in seen[0]
    assert admin.page("/admin/review-tags?q=TAG+01").text.count(">tag 01") == 10
    assert admin.page("/admin/review-tags?after=nonsense").status_code == 422
