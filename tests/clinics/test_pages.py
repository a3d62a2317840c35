import pytest
from sqlalchemy import select

from suwen.clinics.models import ClinicLocation, Department, Doctor
from suwen.core.db import new_id
from tests.clinics.test_verification import ENTRY, account, doctor  # noqa: F401

FORM = {
    "certificate_type": "id_card", "id_number": "110101199003078515", "hospital": "Suwen Clinic", "title": "Attending",
    "specialties": "失眠, 久咳", "languages": ["zh", "yue"], "consultation_fee": "88.50",
}  # fmt: skip


def test_an_admin_makes_a_page_through_the_form(people, account, house):  # noqa: F811
    assert "Sun Simiao" in people["admin"].page("/admin/doctors/new").text
    refused = people["admin"].form("/admin/doctors/new", FORM | {"user_id": account, "consultation_fee": "lots"})
    assert refused.status_code == 422
    assert "失眠, 久咳" in refused.text  # what was typed comes back
    made = people["admin"].form("/admin/doctors/new", FORM | {"user_id": account})
    assert made.status_code == 303
    row = house.db.read(lambda tx: tx.scalars(select(Doctor).where(Doctor.user_id == account)).one())
    assert (row.specialties, row.languages, row.consultation_fee) == (["失眠", "久咳"], ["zh", "yue"], 8850)
    assert made.headers["location"] == f"/admin/doctors/{row.id}"
    assert "Every doctor's account has its page" in people["admin"].page("/admin/doctors/new").text


def test_the_queue_is_worked_through(people, doctor):  # noqa: F811
    queue = people["admin"].page("/admin/doctors?status=pending").text
    assert f"/admin/doctors/{doctor['id']}" in queue
    file = people["admin"].page(f"/admin/doctors/{doctor['id']}").text
    assert "L-1" in file
    assert "https://pictures.example/licence.jpg" in file
    done = people["admin"].form(f"/admin/doctors/{doctor['id']}/approve", {"version": doctor["version"]})
    assert done.headers["location"] == "/admin/doctors?status=pending"
    assert "Nothing to check" in people["admin"].page("/admin/doctors?status=pending").text


def test_somebody_was_quicker_and_the_page_says_so(people, doctor, house):  # noqa: F811
    house.db.write(lambda tx: setattr(tx.get_one(Doctor, doctor["id"]), "version", 9))
    people["admin"].page("/admin/doctors")
    late = people["admin"].form(f"/admin/doctors/{doctor['id']}/approve", {"version": doctor["version"]})
    assert late.status_code == 409
    assert "Somebody has decided this meanwhile" in late.text
    assert 'name="version" value="9"' in late.text


def test_a_doctor_writes_the_own_page(people, house, ids):
    page = people["zhang"].page("/doctor/profile")
    assert "Cold damage" in page.text
    fields = {"introduction": "Fevers & coughs <b>", "specialties": "fever", "languages": "zh", "version": "1"}
    assert people["zhang"].form("/doctor/profile", fields).status_code == 303
    row = house.db.read(lambda tx: tx.get_one(Doctor, ids.doctors["zhang"]))
    assert (row.introduction, row.specialties, row.languages, row.version) == (
        "Fevers & coughs <b>",
        ["fever"],
        ["zh"],
        2,
    )
    assert "Fevers &amp; coughs &lt;b&gt;" in people["zhang"].page("/doctor/profile").text
    late = people["zhang"].form("/doctor/profile", fields | {"introduction": "Old"})
    assert late.status_code == 409
    assert house.db.read(lambda tx: tx.get_one(Doctor, ids.doctors["zhang"])).introduction == "Fevers & coughs <b>"


def test_a_doctors_page_is_the_own_one_only(people, ids, house):
    people["chen"]("PUT", "/api/v1/me/doctor", json={"introduction": "Mine"})
    assert house.db.read(lambda tx: tx.get_one(Doctor, ids.doctors["zhang"])).introduction.startswith("Cold damage")
    for who in ("li", "zhao", "admin"):
        assert people[who]("GET", "/api/v1/me/doctor").status_code == 403


def test_a_doctor_without_a_page_is_told_whom_to_ask(people, house, ids):
    house.db.write(lambda tx: setattr(tx.get_one(Doctor, ids.doctors["chen"]), "is_deleted", True))
    answer = people["chen"].page("/doctor/profile")
    assert answer.status_code == 409
    assert "The clinic has not made your page yet" in answer.text


PLACE = {"name": "Lakeside", "city": "杭州", "timezone": "Asia/Shanghai", "phone": "0571-1", "currency": "CNY"}


def places(house):
    return house.db.read(lambda tx: tx.scalars(select(ClinicLocation.name).order_by(ClinicLocation.name)).all())


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../etc/passwd", "UTC+8", "asia/shanghai ", "a" * 51])
def test_a_place_needs_a_zone_that_exists(people, house, zone):
    before = places(house)
    refused = people["admin"]("POST", "/api/v1/locations", json=PLACE | {"timezone": zone})
    assert refused.status_code == 422
    assert "timezone" in refused.text
    assert places(house) == before


def test_places_are_opened_changed_and_closed(people, house):
    assert people["admin"].page("/admin/locations").status_code == 200
    assert people["admin"].form("/admin/locations", PLACE | {"is_active": "on"}).status_code == 303
    [made] = [one for one in people["guest"]("GET", "/api/v1/locations").json() if one["name"] == "Lakeside"]
    entry = PLACE | {"timezone": "America/New_York", "is_active": False, "version": made["version"]}
    path = f"/api/v1/locations/{made['id']}"
    assert people["admin"]("PUT", path, json=entry).json()["timezone"] == "America/New_York"
    late = people["admin"]("PUT", path, json=entry)
    assert late.status_code == 409
    assert "Lakeside" not in people["guest"]("GET", "/api/v1/locations").text  # closed, and nothing old is kept
    assert "Lakeside" in people["admin"].page("/admin/locations").text
    assert people["admin"].page(f"/admin/locations/{made['id']}").status_code == 200


def test_currencies_with_other_units_are_refused(people, house):
    before = places(house)
    for code in ("JPY", "KWD", "Bitcoin", "XXXX"):
        refused = people["admin"]("POST", "/api/v1/locations", json=PLACE | {"currency": code})
        assert (refused.status_code, list(refused.json()["fields"])) == (422, ["currency"])
    assert places(house) == before


@pytest.mark.parametrize("who", ["guest", "eve", "zhang", "zhao"])
def test_places_and_catalogues_are_changed_by_admins_only(people, house, ids, who):
    expected = 401 if who == "guest" else 403
    assert people[who]("POST", "/api/v1/locations", json=PLACE).status_code == expected
    assert people[who]("PUT", f"/api/v1/locations/{ids.location}", json=PLACE).status_code == expected
    assert people[who]("POST", "/api/v1/departments", json={"code": "XX", "name": "XX"}).status_code == expected
    assert people[who]("POST", "/api/v1/specialties", json={"code": "XX", "name": "XX"}).status_code == expected
    assert "Lakeside" not in places(house)


def test_departments_are_kept_apart_by_code(people, house):
    entry = {"code": "ZY001", "name": "针灸科 🌿", "status": "active"}
    assert people["admin"]("POST", "/api/v1/departments", json=entry).status_code == 201
    again = people["admin"]("POST", "/api/v1/departments", json=entry)
    assert (again.status_code, again.json()["code"]) == (409, "already_there")
    assert "针灸科 🌿" in people["guest"]("GET", "/api/v1/departments").text
    for path in ("/admin/departments", "/admin/specialties"):
        assert people["admin"].page(path).status_code == 200


def test_a_new_name_of_a_department_reaches_its_doctors(people, house, ids, settle):
    house.db.write(lambda tx: setattr(tx.get_one(Department, ids.department), "name", "Medicine"))
    assert people["zhang"]("GET", "/api/v1/me/doctor").json()["department"] == "Medicine"
    settle(timed=True)
    names = house.db.read(lambda tx: tx.scalars(select(Doctor.department)).all())
    assert names == ["Medicine", "Medicine"]


def test_an_unknown_doctor_is_not_there(people):
    assert people["admin"].page(f"/admin/doctors/{new_id()}").status_code == 404
