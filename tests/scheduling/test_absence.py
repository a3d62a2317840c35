"""A doctor whose account is closed, or whose page is put away: what becomes of the visits that are booked."""

from datetime import UTC, date, datetime

import pytest

from suwen.clinics.models import Doctor
from suwen.core.outbox import run_timed
from tests.support.racing import race

CANNOT = "The doctor cannot hold your appointment"
AGAIN = "Your appointment takes place after all"


@pytest.fixture
def suspend(people, settle):
    def change(status="suspended"):
        answer = people["admin"]("PUT", f"/api/v1/users/{people['zhang'].id}/status", json={"status": status})
        assert answer.status_code == 200, answer.text
        settle()

    return change


@pytest.fixture
def visit(people, book, slot, rich, settle):
    """Li's mother, tomorrow at nine in Shanghai, paid."""
    rich("li")
    made = book("li", slot, person="mother")
    paid = people["li"]("POST", f"/api/v1/appointments/{made['id']}/pay", json={"method": "balance"})
    assert paid.status_code == 200, paid.text
    settle()
    return made


def told(person, title):
    return [m["title"] for m in person("GET", "/api/v1/notifications").json()["items"]].count(title)


def marked(people, visit, who="li"):
    seen = people[who]("GET", f"/api/v1/appointments/{visit['id']}").json()
    return seen["is_orphan"], seen["doctor_away"]


def test_visits_of_a_suspended_doctor_need_a_decision_until_the_doctor_is_back(people, visit, suspend):
    admin, li = people["admin"], people["li"]
    assert marked(people, visit) == (False, False)
    assert "needs another time or doctor" not in admin.page("/admin").text
    suspend()
    assert marked(people, visit) == marked(people, visit, "admin") == (True, True)
    assert "1 visit needs another time or doctor" in admin.page("/admin").text
    listed = admin.page("/admin/appointments?orphans=yes").text
    assert visit["id"] in listed
    assert "doctor not at work any more" in listed
    assert "outside the hours" not in listed
    assert told(admin, "Visits of a doctor who is not at work any more") == 1
    for page in ("/appointments", f"/appointments/{visit['id']}"):
        assert "the doctor cannot hold it: the clinic will call you" in li.page(page).text
        assert f"/appointments/{visit['id']}/reschedule" not in li.page(page).text
    assert told(li, CANNOT) == 1
    assert told(people["wang"], CANNOT) == 0
    suspend("inactive")  # as closed as before: nobody is told anew
    assert (told(li, CANNOT), told(admin, "Visits of a doctor who is not at work any more")) == (1, 1)
    suspend("active")
    assert marked(people, visit) == (False, False)
    assert "needs another time or doctor" not in admin.page("/admin").text
    assert visit["id"] not in admin.page("/admin/appointments?orphans=yes").text
    assert "cannot hold it" not in li.page("/appointments").text
    assert told(li, AGAIN) == 1


def test_so_do_those_of_a_deleted_account_and_of_a_page_put_away(people, visit, settle, ids):
    admin, user, doctor = people["admin"], people["zhang"].id, ids.doctors["zhang"]
    assert admin("DELETE", f"/api/v1/users/{user}").status_code == 204
    settle()
    assert (marked(people, visit), told(people["li"], CANNOT)) == ((True, True), 1)
    assert admin("DELETE", f"/api/v1/admin/doctors/{doctor}").status_code == 204
    settle()
    assert told(people["li"], CANNOT) == 1
    assert admin("POST", f"/api/v1/users/{user}/restoration").status_code == 200
    settle()
    assert (marked(people, visit), told(people["li"], AGAIN)) == ((True, True), 0)  # still put away
    assert admin("POST", f"/api/v1/admin/doctors/{doctor}/restore").status_code == 200
    settle()
    assert (marked(people, visit), told(people["li"], AGAIN)) == ((False, False), 1)


def test_a_doctor_put_away_is_signed_out_at_once(people, ids, visit):
    doctor = people["zhang"]
    assert doctor("GET", f"/api/v1/appointments/{visit['id']}").status_code == 200
    assert people["admin"]("DELETE", f"/api/v1/admin/doctors/{ids.doctors['zhang']}").status_code == 204
    assert doctor("GET", f"/api/v1/appointments/{visit['id']}").status_code == 401


def test_times_of_a_suspended_doctor_are_not_shown_nor_booked(people, slot, book, suspend, free, state, ids):
    doctor = ids.doctors["zhang"]
    assert free()
    suspend()
    before = state()
    assert people["guest"]("GET", f"/api/v1/doctors/{doctor}/free-slots?day=2030-01-02").status_code == 404
    assert people["guest"]("GET", f"/api/v1/doctors/{doctor}").status_code == 404
    assert book("li", slot, refused=True).status_code == 404
    at_desk = {"patient_profile_id": people["li"].profiles["self"]}
    for how in ({"slot_id": slot["id"]}, {"doctor_id": doctor, "visit_type": "online_video"}):
        assert people["admin"]("POST", "/api/v1/walk-ins", json=at_desk | how).status_code == 404
    assert state() == before
    suspend("active")
    assert slot in free()
    assert book("li", slot)["status"] == "pending"


@pytest.mark.parametrize("method", ["balance", "desk"])
def test_what_was_only_held_cannot_be_paid_any_more(people, slot, book, rich, suspend, state, method):
    rich("li")
    held = book("li", slot)
    suspend()
    before = state()
    paid = people["li"]("POST", f"/api/v1/appointments/{held['id']}/pay", json={"method": method})
    assert (paid.status_code, paid.json()["code"]) == (409, "doctor_away")
    assert state() == before
    assert people["li"]("GET", "/api/v1/wallet").json()["balance"] == 10_000
    assert f"/book/{slot['id']}" not in people["li"].page("/appointments").text
    assert told(people["li"], CANNOT) == 0


def test_all_of_it_goes_back_however_late_the_patient_cancels(people, visit, suspend, clock):
    clock.advance(hours=24)  # an hour before, when half of it would
    suspend()
    gone = people["li"]("POST", f"/api/v1/appointments/{visit['id']}/cancel", json={"reason": "no doctor"})
    assert (gone.status_code, gone.json()["refunded"]) == (200, visit["amount"])
    assert marked(people, visit) == (False, False)


def test_nobody_is_reminded_of_a_visit_that_will_not_be(people, visit, suspend, clock, settle):
    suspend()
    clock.advance(hours=24, minutes=30)
    settle(timed=True)
    assert not [m for m in people["li"]("GET", "/api/v1/notifications").json()["items"] if "in an hour" in m["title"]]


def test_who_pays_while_the_doctor_is_suspended_is_told_or_refused(people, slot, book, rich, suspend, settle):
    rich("li")
    held = book("li", slot)
    pay, close = f"/api/v1/appointments/{held['id']}/pay", f"/api/v1/users/{people['zhang'].id}/status"
    assert people["admin"].token  # begins a session: a write of its own
    answers = race(
        lambda: people["li"]("POST", pay, json={"method": "balance"}),
        lambda: people["admin"]("PUT", close, json={"status": "suspended"}),
    )
    settle()
    seen = people["li"]("GET", f"/api/v1/appointments/{held['id']}").json()
    paid = answers[0].status_code == 200
    assert (seen["status"], told(people["li"], CANNOT)) == (("confirmed", 1) if paid else ("pending", 0))
    assert seen["doctor_away"]


ENDS = "A licence ends before visits that are booked"


@pytest.fixture
def licence(house, ids, settle):
    """`licence(date(2030, 1, 1))`: the last day of Dr Zhang's licence. The timed work has been done after it."""

    def write(last):
        house.db.write(lambda tx: setattr(tx.get(Doctor, ids.doctors["zhang"]), "license_valid_until", last))
        settle(timed=True)

    return write


def overdue(people, visit, who="admin"):
    return people[who]("GET", f"/api/v1/appointments/{visit['id']}").json()["licence_over"]


def test_visits_after_the_last_day_of_a_licence_are_marked_for_staff_until_it_is_renewed(people, visit, licence):
    admin, badge = people["admin"], "no valid licence on that day"
    licence(date(2030, 1, 2))  # good through its last day
    assert (overdue(people, visit), told(admin, ENDS), told(people["zhang"], ENDS)) == (False, 0, 0)
    licence(date(2030, 1, 1))  # today; the visit is tomorrow
    assert (overdue(people, visit), overdue(people, visit, "zhang")) == (True, True)
    assert "1 visit needs another time or doctor" in admin.page("/admin").text
    page = admin.page("/admin/appointments?orphans=yes").text
    assert visit["id"] in page
    assert badge in page
    assert (told(admin, ENDS), told(people["zhang"], ENDS)) == (1, 1)
    licence(date(2030, 1, 1))
    assert (told(admin, ENDS), told(people["zhang"], ENDS)) == (1, 1)  # once for each licence
    licence(date(2032, 1, 1))
    assert overdue(people, visit) is False
    assert "needs another time or doctor" not in admin.page("/admin").text
    assert visit["id"] not in admin.page("/admin/appointments?orphans=yes").text


def test_a_patient_hears_nothing_of_a_licence_that_may_still_be_renewed(people, visit, licence):
    licence(date(2030, 1, 1))
    assert (overdue(people, visit, "li"), marked(people, visit)) == (False, (False, False))
    assert people["li"]("GET", "/api/v1/appointments?orphans=true").json()["items"] == []
    assert [one["licence_over"] for one in people["li"]("GET", "/api/v1/appointments").json()["items"]] == [False]
    for page in ("/appointments", f"/appointments/{visit['id']}"):
        assert "licence on that day" not in people["li"].page(page).text
    assert (told(people["li"], CANNOT), told(people["li"], ENDS)) == (0, 0)


def test_new_papers_take_the_mark_away_when_they_have_been_checked(people, visit, licence, clock, ids):
    licence(date(2030, 1, 1))
    clock.set(datetime(2030, 1, 2, 0, 30, tzinfo=UTC))
    papers = {"license_number": "L-3", "license_authority": "Shanghai", "license_valid_until": "2032-05-01"}
    sent = people["zhang"]("PUT", "/api/v1/me/doctor/papers", json=papers)
    assert sent.status_code == 200, sent.text
    assert overdue(people, visit) is True
    path = f"/api/v1/admin/doctors/{ids.doctors['zhang']}/approve"
    assert people["admin"]("POST", path, json={"version": sent.json()["version"]}).status_code == 200
    assert overdue(people, visit) is False


def test_two_workers_tell_of_a_licence_once(people, visit, licence, house, clock, ids):
    def look():
        run_timed(house.db, clock())

    house.db.write(lambda tx: setattr(tx.get(Doctor, ids.doctors["zhang"]), "license_valid_until", date(2030, 1, 1)))
    race(look, look)
    assert (told(people["admin"], ENDS), told(people["zhang"], ENDS)) == (1, 1)
