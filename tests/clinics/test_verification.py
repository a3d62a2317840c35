from datetime import date

import pytest
from sqlalchemy import select

from suwen.accounts.models import User
from suwen.clinics.models import Doctor
from suwen.core.audit import AuditEvent
from suwen.core.db import new_id
from suwen.notifications.models import Notification
from tests.support.racing import race, statuses

ADMIN = "/api/v1/admin/doctors"
ID_NUMBER = "110101199003078515"
ENTRY = {
    "certificate_type": "id_card", "id_number": ID_NUMBER, "hospital": "Suwen Clinic", "title": "Attending physician",
    "license_number": "L-1", "license_authority": "Shanghai Health Commission", "license_valid_until": "2031-01-01",
    "years_of_practice": 8, "specialties": ["失眠、久咳", "diet"], "languages": ["zh", "en"],
    "photo": "https://pictures.example/d.jpg", "license_photo": "https://pictures.example/licence.jpg",
}  # fmt: skip


@pytest.fixture
def account(house):
    """A doctor's account without a page."""
    user = User(
        id=new_id(), account="sun", name="Sun Simiao 孙思邈", password_hash="!", phone="13900000001", role="doctor"
    )
    house.db.write(lambda tx: tx.add(user))
    return user.id


@pytest.fixture
def doctor(people, account, ids):
    made = people["admin"]("POST", ADMIN, json=ENTRY | {"user_id": account, "department_id": ids.department})
    assert made.status_code == 201, made.text
    return made.json()


def row(house, id):
    return house.db.read(lambda tx: tx.get_one(Doctor, id))


def listed(house, id):
    from suwen.clinics import service

    return id in house.db.read(lambda tx: service.doctor_ids(tx, house.clock()))


def test_a_new_doctor_waits_and_is_not_listed(doctor, house):
    assert (doctor["verification_status"], doctor["listed"]) == ("pending", False)
    assert doctor["specialties"] == ["失眠", "久咳", "diet"]
    assert doctor["department"] == "Internal medicine 中医内科"
    assert not listed(house, doctor["id"])


def test_the_id_number_is_sealed_and_never_shown(doctor, house, people):
    stored = row(house, doctor["id"])
    assert ID_NUMBER not in stored.id_number
    assert doctor["id_number"] == "110***********8515"
    for path in (f"/admin/doctors/{doctor['id']}", f"/admin/doctors/{doctor['id']}/edit", "/admin/doctors"):
        assert ID_NUMBER not in people["admin"].page(path).text
    changed = {name: value for name, value in ENTRY.items() if name != "id_number"}
    after = people["admin"]("PUT", f"{ADMIN}/{doctor['id']}", json=changed | {"version": doctor["version"]})
    assert after.json()["id_number"] == "110***********8515"  # left out, it stays


def test_approval_lists_tells_and_leaves_a_trace(doctor, people, house, account):
    path = f"{ADMIN}/{doctor['id']}/approve"
    done = people["admin"]("POST", path, json={"version": doctor["version"]})
    assert (done.status_code, done.json()["listed"]) == (200, True)
    assert listed(house, doctor["id"])
    told = house.db.read(lambda tx: tx.scalars(select(Notification).where(Notification.user_id == account)).one())
    assert (told.type, told.meta["path"]) == ("system_announcement", "/doctor/profile")
    noted = house.db.read(lambda tx: tx.scalars(select(AuditEvent).where(AuditEvent.object_id == doctor["id"])).all())
    assert [(one.actor_id, one.purpose) for one in noted] == [(people["admin"].id, "approved")]
    again = people["admin"]("POST", path, json={"version": doctor["version"]})
    assert (again.status_code, again.json()["code"]) == (409, "already_decided")


@pytest.mark.parametrize(
    "missing",
    [
        {"license_number": None},
        {"license_authority": ""},
        {"license_valid_until": "2029-12-31"},
        {"license_valid_until": None},
    ],
)
def test_without_good_papers_there_is_no_approval(people, doctor, house, missing):
    changed = people["admin"]("PUT", f"{ADMIN}/{doctor['id']}", json=ENTRY | missing).json()
    refused = people["admin"]("POST", f"{ADMIN}/{doctor['id']}/approve", json={"version": changed["version"]})
    assert (refused.status_code, refused.json()["code"]) == (422, "licence_missing")
    after = row(house, doctor["id"])
    assert (after.verification_status, after.version) == ("pending", changed["version"])


def test_a_rejected_doctor_reads_why_and_sends_again(people, house, ids):
    def unlist(tx):
        tx.get_one(Doctor, ids.doctors["chen"]).verification_status = "pending"

    house.db.write(unlist)
    version = people["chen"]("GET", "/api/v1/me/doctor").json()["version"]
    path = f"{ADMIN}/{ids.doctors['chen']}/reject"
    assert people["admin"]("POST", path, json={"version": version, "reason": ""}).status_code == 422
    assert (
        people["admin"]("POST", path, json={"version": version, "reason": "The picture is blurred"}).status_code == 200
    )
    assert "The picture is blurred" in people["chen"].page("/doctor/profile").text
    papers = {"license_number": "L-2", "license_authority": "Shanghai", "license_valid_until": "2032-05-01"}
    sent = people["chen"]("PUT", "/api/v1/me/doctor/papers", json=papers).json()
    assert (sent["verification_status"], sent["rejection_reason"], sent["license_number"]) == ("pending", None, "L-2")


def test_papers_that_were_checked_stay_until_they_run_out(people, house, ids, clock):
    papers = {"license_number": "L-3", "license_authority": "Shanghai", "license_valid_until": "2032-05-01"}
    refused = people["zhang"]("PUT", "/api/v1/me/doctor/papers", json=papers)
    assert (refused.status_code, refused.json()["code"]) == (409, "papers_are_fixed")
    assert row(house, ids.doctors["zhang"]).license_number != "L-3"
    house.db.write(
        lambda tx: setattr(tx.get_one(Doctor, ids.doctors["zhang"]), "license_valid_until", date(2030, 1, 1))
    )
    assert listed(house, ids.doctors["zhang"])  # the last day counts
    clock.advance(days=1)
    assert not listed(house, ids.doctors["zhang"])
    sent = people["zhang"]("PUT", "/api/v1/me/doctor/papers", json=papers)
    assert (sent.status_code, sent.json()["verification_status"]) == (200, "pending")


def test_a_doctor_put_away_is_found_by_nobody_and_can_be_brought_back(people, house, ids):
    id = ids.doctors["zhang"]
    assert people["admin"]("DELETE", f"{ADMIN}/{id}").status_code == 204
    assert not listed(house, id)
    assert people["admin"]("DELETE", f"{ADMIN}/{id}").status_code == 404
    assert [one["id"] for one in people["admin"]("GET", ADMIN, params={"status": "deleted"}).json()["items"]] == [id]
    assert people["admin"]("POST", f"{ADMIN}/{id}/restore").json()["listed"] is True
    assert people["admin"]("POST", f"{ADMIN}/{id}/restore").status_code == 409
    assert listed(house, id)


def test_two_admins_at_once_decide_once(doctor, people, house):
    approve = f"{ADMIN}/{doctor['id']}/approve"
    assert people["admin"].token

    def decide():
        return people["admin"]("POST", approve, json={"version": doctor["version"]})

    assert statuses(race(*8 * [decide])) == [200] + [409] * 7
    told = house.db.read(lambda tx: tx.scalars(select(Notification)).all())
    assert len(told) == 1


def test_one_page_for_an_account_and_only_for_doctors(people, doctor, account, ids, house):
    again = people["admin"]("POST", ADMIN, json=ENTRY | {"user_id": account})
    assert (again.status_code, again.json()["code"]) == (409, "already_a_doctor")
    for user in (ids.users["li"], new_id()):
        refused = people["admin"]("POST", ADMIN, json=ENTRY | {"user_id": user})
        assert (refused.status_code, refused.json()["code"]) == (422, "not_a_doctors_account")
    assert len(house.db.read(lambda tx: tx.scalars(select(Doctor)).all())) == 3


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("photo", "http://pictures.example/d.jpg"), ("photo", "javascript:alert(1)"), ("photo", "https://u:p@x.example/"),
        ("photo", "https://x.example/\"onload"), ("languages", ["tlh"]), ("specialties", ["a" * 51]),
        ("specialties", ["、".join(map(str, range(13)))]), ("department_id", "nowhere"), ("specialty_id", "nowhere"),
        ("id_number", None),
    ],
)  # fmt: skip
def test_what_cannot_be_taken_is_refused_at_its_field(people, account, house, field, value):
    refused = people["admin"]("POST", ADMIN, json=ENTRY | {"user_id": account, field: value})
    assert refused.status_code == 422
    assert field in refused.json()["fields"]
    assert len(house.db.read(lambda tx: tx.scalars(select(Doctor)).all())) == 2


@pytest.mark.parametrize("who", ["guest", "li", "eve", "zhang", "zhao"])
def test_files_are_for_admins(people, doctor, house, who):
    expected = 401 if who == "guest" else 403
    id, version = doctor["id"], {"version": doctor["version"]}
    tries = [("GET", ADMIN, None), ("GET", f"{ADMIN}/{id}", None), ("PUT", f"{ADMIN}/{id}", ENTRY),
             ("POST", f"{ADMIN}/{id}/approve", version), ("POST", f"{ADMIN}/{id}/reject", version | {"reason": "no"}),
             ("DELETE", f"{ADMIN}/{id}", None), ("POST", f"{ADMIN}/{id}/restore", None),
             ("POST", ADMIN, ENTRY | {"user_id": "x"})]  # fmt: skip
    for method, path, body in tries:
        assert people[who](method, path, json=body).status_code == expected, (method, path)
    assert people[who].page("/admin/doctors.csv").status_code in (303, 403)
    after = row(house, id)
    assert (after.verification_status, after.is_deleted, after.version) == ("pending", False, doctor["version"])


def test_search_filters_and_pages(people, doctor, ids):
    def names(**params):
        return [one["name"] for one in people["admin"]("GET", ADMIN, params=params).json()["items"]]

    assert names(q="孙思邈") == ["Sun Simiao 孙思邈"]
    assert names(q="l-1") == ["Sun Simiao 孙思邈"]
    assert names(q="%") == []
    assert len(names(department_id=ids.department)) == 3
    assert names(status="pending") == ["Sun Simiao 孙思邈"]
    assert people["admin"]("GET", ADMIN, params={"status": "odd"}).status_code == 422
    first = people["admin"]("GET", ADMIN, params={"limit": 2}).json()
    rest = people["admin"]("GET", ADMIN, params={"limit": 2, "after": first["next"]}).json()
    assert len({one["id"] for one in first["items"] + rest["items"]}) == 3


def test_the_file_for_spreadsheets_runs_no_formula(people, doctor, house, account):
    house.db.write(lambda tx: setattr(tx.get_one(User, account), "name", "=HYPERLINK(1)"))
    answer = people["admin"].page("/admin/doctors.csv?status=pending")
    lines = answer.text.lstrip("\ufeff").splitlines()
    assert answer.headers["content-type"].startswith("text/csv")
    assert (len(lines), lines[0].split(",")[:3]) == (2, ["id", "name", "account"])
    assert ",'=HYPERLINK(1)," in lines[1]
    assert ID_NUMBER not in answer.text


def test_the_list_costs_the_same_however_long_it_is(people, statements, house):
    def more(tx):
        for n in range(12):
            user = User(id=new_id(), account=f"d{n}", name=f"D {n}", password_hash="!", role="doctor")
            tx.add(user)
            tx.flush()
            tx.add(Doctor(user_id=user.id, certificate_type="x", id_number="", hospital="h", title="t"))

    few = len(statements(lambda: people["admin"].page("/admin/doctors")))
    house.db.write(more)
    assert len(statements(lambda: people["admin"].page("/admin/doctors"))) == few


@pytest.mark.parametrize(("language", "words"), [("en", "This is too short."), ("zh-CN", "太短了。")])
def test_a_reason_of_one_letter_is_refused_in_both_languages(people, ids, language, words):
    people["admin"].cookies["lang"] = language
    typed = {"reason": "x", "version": "1"}
    refused = people["admin"].form(f"/admin/doctors/{ids.doctors['chen']}/reject", typed)
    assert refused.status_code == 422
    assert words in refused.text
