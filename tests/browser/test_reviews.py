"""From the stars to the answer, in two browsers: what one does shows in the other without a reload."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from suwen.accounts.models import PatientProfile, User
from suwen.accounts.service import sessions
from suwen.clinics.models import Doctor
from suwen.core.db import new_id
from suwen.scheduling.models import Appointment
from tests.support.browser import PHONE, complaints
from tests.support.server import serving


@pytest.fixture(scope="module")
def server():
    with serving(cast=True) as made:
        yield made


@pytest.fixture
def signed_in(server, arrive):
    """signed_in("li") -> a browser in which she is signed in."""

    def sign_in(login, **options):
        with server.house() as house:

            def start(tx):
                user = tx.scalars(select(User).where(User.account == login)).one()
                doctor = tx.scalar(select(Doctor.id).where(Doctor.user_id == user.id))
                place = {"doctor_id": doctor, "ip": "", "agent": "tests"}
                return sessions.start(tx, user, house.clock(), kind="web", strong=user.role != "patient", **place)

            actor, expires = house.db.write(start)
            token = house.signer.issue(actor, expires)
        context = arrive(**options)
        cookies = {"session": token, "lang": "en"}
        context.add_cookies([{"name": name, "value": value, "url": server.url} for name, value in cookies.items()])
        return context

    return sign_in


@pytest.fixture
def visit(server):
    """A visit of Li's to Zhang that is over: (its id, the doctor's)."""
    with server.house() as house:

        def hold(tx):
            li = tx.scalars(select(User).where(User.account == "li")).one()
            zhang = tx.scalars(
                select(Doctor).join(User, User.id == Doctor.user_id).where(User.account == "zhang")
            ).one()
            profile = tx.scalars(select(PatientProfile.id).where(PatientProfile.user_id == li.id)).first()
            start = house.clock() - timedelta(hours=2)
            row = Appointment(
                id=new_id(), patient_id=li.id, patient_profile_id=profile, doctor_id=zhang.id, appointment_start=start,
                appointment_end=start + timedelta(minutes=30), appointment_date=start, time_slot="07:00-07:30",
                zone="Asia/Shanghai", visit_type="online_video", symptoms="", status="completed",
            )  # fmt: skip
            tx.add(row)
            return row.id, zhang.id

        return house.db.write(hold)


def test_a_review_is_answered_and_its_author_sees_it_come(signed_in, arrive, visit):
    appointment, doctor = visit
    li = signed_in("li", size=PHONE).new_page()
    found = complaints(li)
    li.goto(f"/appointments/{appointment}/review")
    li.get_by_role("group", name="All in all").get_by_text("Very good").click()
    li.get_by_label("What would you tell a friend?").fill("Listens, and explains every herb.")
    li.get_by_label("Other words that fit").fill("patient, on time")
    li.get_by_role("button", name="Send").click()
    li.get_by_text("Your review").first.wait_for()
    assert li.get_by_text("on time", exact=True).is_visible()

    li.goto("/inbox")
    li.get_by_text("No messages yet").wait_for()
    assert li.locator("#inbox-count").first.is_hidden()

    zhang = signed_in("zhang").new_page()
    zhang.goto("/doctor/reviews?open=true")
    zhang.get_by_role("link", name="Reply", exact=True).first.click()
    zhang.get_by_label("Your answer").fill("Thank you, see you in two weeks.")
    zhang.get_by_role("button", name="Publish the answer").click()
    zhang.wait_for_url("**/doctor/reviews")

    li.get_by_text("Your review was answered").first.wait_for()  # nobody has reloaded the page
    assert li.locator("#inbox-count").first.inner_text() == "1"
    li.locator(".rows").get_by_role("button", name="Open").click()
    li.wait_for_url(f"**/appointments/{appointment}/review")
    assert li.get_by_text("see you in two weeks").is_visible()
    li.goto("/inbox")
    li.get_by_text("Everything is read.").wait_for()

    guest = arrive(locale="en").new_page()
    guest.goto(f"/doctors/{doctor}")
    guest.locator("#reviews").get_by_text("explains every herb").wait_for()
    assert guest.locator("#reviews").get_by_text("see you in two weeks").is_visible()
    assert found == []
