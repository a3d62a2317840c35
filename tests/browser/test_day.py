"""The clinic's day, from the empty database to the audit: everybody in a browser of their own, nothing made before."""

import io
import re
from collections.abc import Iterator
from datetime import datetime
from urllib.parse import unquote_plus
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Locator, Page, expect
from pypdf import PdfReader
from sqlalchemy import func, select

from suwen.core.audit import AuditSeal
from suwen.payments import service as payments
from tests.browser.test_call import frames_flow, sees, until
from tests.support.browser import PHONE, complaints
from tests.support.opening import DEPARTMENT, DOCTOR, PASSWORD, PATIENCE, PLACE, TAG, Clinic, clinic_zone, fill
from tests.support.server import serving, suwen

MOTHER, MOTHERS_ID = "苏桂兰", "310104195804120427"
PATIENT, PHONE_NUMBER = "苏晓梅", "13916880042"
SYMPTOMS = "入睡难，夜里醒两三次，已有三个月。Bad sleep for three months."
DIAGNOSIS, PLAN = "不寐，心脾两虚", "归脾汤加减，七剂；两周后复诊。"
MEDICINES = [("炒酸枣仁", "15"), ("远志", "6")]
LONDON = "Europe/London"


@pytest.fixture
def clinic(browser, request) -> Iterator[Clinic]:
    zone = clinic_zone()
    with serving(SUWEN_ZONE=zone) as server:
        made = Clinic(server, browser, zone, java_script=request.param)
        expect.set_options(timeout=PATIENCE)
        try:
            yield made
        finally:
            expect.set_options(timeout=5000)
            made.close()


@pytest.mark.parametrize("clinic", [True], indirect=True, ids=["video"])
def test_a_visit_by_video_from_the_registration_to_the_audit(clinic):
    admin, doctor = clinic.open()
    start = clinic.extra_hours(doctor)
    patient, stranger = clinic.somebody(timezone_id=LONDON, size=PHONE), clinic.somebody()
    found = [complaints(page) for page in (patient, doctor, admin)]
    register(patient)
    add_mother(patient)
    find_the_doctor(clinic, patient)
    both_clocks(patient, start, clinic.zone)
    stranger.goto(clinic.doctor_page)
    expect(stranger.locator("#week .chip")).to_have_count(1)
    hold(patient)
    assert re.fullmatch(r"1[0-5]:\d\d", patient.locator("[data-countdown]").first.inner_text())
    stranger.reload()
    expect(stranger.locator("#week .chip")).to_have_count(0)

    inbox = patient.context.new_page()
    inbox.goto("/inbox")
    inbox.get_by_text("No messages yet").wait_for()
    doctor.goto("/doctor/today")
    doctor.get_by_text("No visits today").wait_for()
    top_up(admin, "100")
    appointment = pay_from_the_balance(patient)
    inbox.get_by_text("Your appointment is booked").first.wait_for()  # nobody has reloaded it
    assert MOTHER in inbox.locator(".rows").inner_text()
    inbox.close()
    queue = doctor.locator("#queue")
    queue.get_by_text(MOTHER).wait_for()  # nor this
    assert "入睡难" not in queue.inner_text()  # what ails her stands there once she waits

    call(patient, doctor, appointment)
    write_notes_beside_the_call(doctor)
    prescribe(doctor, doctor.locator("#prescription_desk"))
    frames_flow(doctor, patient, seconds=60)
    doctor.locator("#notes").get_by_role("button", name="End the visit").click()
    doctor.locator("dialog button[value=yes]").click()
    doctor.wait_for_url("**/doctor/today")
    patient.get_by_text("Thank you for coming").wait_for()

    read_what_was_written(patient, appointment)
    review(patient, doctor, stranger, appointment, clinic)
    money_and_trail(clinic, admin, "80.00")
    meant = "422"  # of the number with a wrong digit
    assert [line for page in found for line in page if meant not in line] == []


@pytest.mark.parametrize("clinic", [False], indirect=True, ids=["at the clinic"])
def test_the_same_at_the_clinic_without_any_javascript(clinic):
    admin, doctor = clinic.open()
    clinic.extra_hours(doctor, PLACE)
    patient, stranger = clinic.somebody(size=PHONE), clinic.somebody()
    register(patient)
    add_mother(patient)
    find_the_doctor(clinic, patient)
    hold(patient)
    stranger.goto(clinic.doctor_page)
    expect(stranger.locator("#week .chip")).to_have_count(0)
    top_up(admin, "100")
    appointment = pay_from_the_balance(patient)
    patient.get_by_role("button", name="I am here").click()
    patient.goto("/inbox")
    patient.get_by_text("Your appointment is booked").first.wait_for()

    doctor.goto("/doctor/today")
    row = doctor.locator("#queue li", has_text=MOTHER)
    row.get_by_role("button", name=re.compile("Begin the visit|Admit")).click()
    doctor.wait_for_url("**/desk/**")
    notes = doctor.locator("#notes")
    fill(notes, chief_complaint="失眠三月", diagnosis=DIAGNOSIS, treatment_plan=PLAN)
    notes.get_by_role("button", name="Save notes").click()
    doctor.goto(f"/desk/{appointment}")
    doctor.get_by_role("link", name="Write a prescription").click()
    prescribe(doctor, doctor.locator("main"))
    doctor.goto(f"/desk/{appointment}")
    expect(notes.locator("[name=diagnosis]")).to_have_value(DIAGNOSIS)
    notes.get_by_role("button", name="End the visit").click()
    doctor.wait_for_url("**/doctor/today")

    read_what_was_written(patient, appointment)
    review(patient, doctor, stranger, appointment, clinic)
    money_and_trail(clinic, admin, "60.00")


def register(patient: Page) -> None:
    patient.goto("/register")
    fill(patient, name=PATIENT, phone=PHONE_NUMBER, password=PASSWORD)
    patient.locator("main").get_by_role("button", name="Register").click()
    patient.locator("form[action='/sign-out']").first.wait_for(state="attached")


def add_mother(patient: Page) -> None:
    """A number with a wrong digit is refused at its field, with what was typed still there."""
    patient.goto("/family/new")
    fill(patient, name=MOTHER, relationship="parent", id_number=MOTHERS_ID[:-1] + "8", allergies="青霉素：皮疹")
    save = patient.locator("main form").get_by_role("button", name="Save")
    with patient.expect_response("**/family/new*") as refused:
        save.click()
    assert refused.value.status == 422
    patient.locator("#f-id-number-error").wait_for()
    expect(patient.locator("[name=allergies]")).to_have_value("青霉素：皮疹")
    fill(patient, id_number=MOTHERS_ID)
    save.click()
    patient.wait_for_url("**/family")
    line = patient.locator(".row-item", has_text=MOTHER)
    assert "310***********0427" in line.inner_text()
    assert MOTHERS_ID not in patient.content()


def find_the_doctor(clinic: Clinic, patient: Page) -> None:
    """By department, then by name; a name that nobody has finds nobody."""
    patient.goto("/doctors?q=nobody-of-this-name")
    patient.get_by_text("No doctor fits this search.").wait_for()
    patient.goto("/")
    patient.locator("main").get_by_role("link", name=DEPARTMENT).last.click()
    patient.wait_for_url("**/doctors?department=*")
    patient.locator("#found").get_by_role("link", name=DOCTOR).wait_for()
    patient.goto("/doctors")
    fill(patient, q="怀远")
    patient.locator("main form").get_by_role("button", name="Search").click()
    patient.wait_for_url("**q=*")
    patient.locator("#found").get_by_role("link", name=DOCTOR).click()
    patient.wait_for_url(f"**{clinic.doctor_page}")


def both_clocks(patient: Page, start: datetime, zone: str) -> None:
    """Her own clock on the chip, the clinic's beside it for those who ask."""
    note = patient.locator(".week-zone").inner_text()
    assert "United Kingdom" in note
    assert "the clinic is in" in note
    chip = patient.locator("#week .chip").first
    assert chip.inner_text().strip() == f"{start.astimezone(ZoneInfo(LONDON)):%H:%M}"
    said = chip.get_attribute("aria-label") or ""
    assert f"{start.astimezone(ZoneInfo(zone)):%H:%M} at the clinic" in said, said


def hold(patient: Page) -> None:
    patient.locator("#week .chip").locator("visible=true").first.click()
    patient.wait_for_url("**/book/**")
    patient.get_by_label(MOTHER).check()
    fill(patient, symptoms=SYMPTOMS)
    patient.get_by_role("button", name="Hold this time and go on to pay").click()
    patient.get_by_text("The time is held for you").wait_for()
    patient.get_by_text("Your balance is not enough").wait_for()


def top_up(admin: Page, amount: str) -> None:
    admin.goto("/admin/top-up")
    fill(admin.locator("main"), q=PHONE_NUMBER[-4:])
    admin.get_by_role("button", name="Find").click()
    admin.get_by_role("link", name=PATIENT).click()
    fill(admin.locator("main"), amount=amount)
    admin.locator("main").get_by_role("button", name="Top up").click()
    admin.get_by_text("Cash received").wait_for()


def pay_from_the_balance(patient: Page) -> str:
    """The appointment's id."""
    patient.reload()
    patient.get_by_role("button", name=re.compile("Pay .* from the balance")).click()
    patient.wait_for_url("**/appointments/*")
    badge = patient.locator("main").get_by_text("confirmed", exact=True).first
    badge.wait_for()
    return patient.url.split("?")[0].rsplit("/", 1)[1]


def call(patient: Page, doctor: Page, appointment: str) -> None:
    patient.bring_to_front()
    patient.get_by_role("link", name="Enter the waiting room").click()
    patient.wait_for_url(f"**/visit/{appointment}")
    patient.get_by_role("button", name="Enter the waiting room").click()
    patient.get_by_text("You are in the waiting room.").wait_for()
    waiting = doctor.locator("#queue li", has_text=MOTHER)
    waiting.get_by_text("入睡难").wait_for()  # it came by itself
    waiting.get_by_role("button", name="Admit").click()
    doctor.wait_for_url(f"**/desk/{appointment}")
    for page in (doctor, patient):
        sees(page, seconds=60)
    frames_flow(doctor, patient, more=20, seconds=60)


def write_notes_beside_the_call(doctor: Page) -> None:
    notes = doctor.locator("#notes")
    with doctor.expect_event("requestfinished", lambda sent: PLAN in unquote_plus(sent.post_data or "")):
        fill(notes, chief_complaint="失眠三月", diagnosis=DIAGNOSIS, treatment_plan=PLAN)
    notes.get_by_text("Saved at").wait_for()
    other_tab = doctor.context.new_page()
    other_tab.goto(notes.get_attribute("action") or "")
    expect(other_tab.locator("[name=treatment_plan]")).to_have_value(PLAN)
    other_tab.close()
    doctor.bring_to_front()


def prescribe(doctor: Page, place: Locator) -> None:
    for number, (name, grams) in enumerate(MEDICINES):
        line = place.locator("[data-line]").nth(number)
        if not line.count():
            place.get_by_role("button", name="More lines").click()
        line.locator("[name$='.name']").fill(name)
        line.locator("[name$='.amount']").fill(grams)
    fill(place, doses="7", times_per_day="2", ml="400")
    place.locator("[name=temperature]").select_option("warm")
    expect(place.locator(".rx-editor [name=diagnosis]")).to_have_value(re.compile("不寐"))
    place.get_by_role("button", name="Save and read through").click()
    sign = place.get_by_role("button", name="Sign", exact=True)
    expect(sign).to_be_visible()
    for box in place.get_by_label("I have seen this").all():
        box.check()
    place.locator("[name=password]").fill(PASSWORD)
    sign.click()
    place.get_by_text("Signed. The patient can read it now.").wait_for()


def read_what_was_written(patient: Page, appointment: str) -> None:
    """The record, the prescription, and the prescription on paper."""
    patient.goto(f"/appointments/{appointment}")
    for text in (DIAGNOSIS, PLAN):
        patient.locator("main").get_by_text(text).first.wait_for()
    patient.locator("main a[href^='/prescriptions/']").first.click()
    patient.wait_for_url("**/prescriptions/*")
    for name, grams in MEDICINES:
        patient.locator("main").get_by_text(f"{name}").first.wait_for()
        assert f"{grams}g" in patient.locator("main").inner_text().replace(" ", "")
    address = patient.get_by_role("link", name="Print (PDF)").get_attribute("href")
    paper = patient.request.get(address, timeout=PATIENCE)
    assert paper.headers["content-type"] == "application/pdf"
    written = "".join(page.extract_text() for page in PdfReader(io.BytesIO(paper.body())).pages)
    for text in (MOTHER, DOCTOR, "不寐", "decocted in water to 400 ml", *(name for name, _ in MEDICINES)):
        assert text in written.replace("\n", ""), f"{text} is not in {written}"


def review(patient: Page, doctor: Page, stranger: Page, appointment: str, clinic: Clinic) -> None:
    patient.goto(f"/appointments/{appointment}/review")
    patient.get_by_role("group", name="All in all").get_by_text("Excellent").click()
    patient.get_by_label(TAG).check()
    fill(patient, comment="讲解清楚，母亲睡得好多了。")
    patient.locator("main form").get_by_role("button", name="Send").click()
    patient.get_by_text("Your review").first.wait_for()
    doctor.goto("/doctor/reviews?open=true")
    doctor.get_by_role("link", name="Reply", exact=True).click()
    doctor.get_by_label("Your answer").fill("谢谢，请按时复诊。")
    doctor.get_by_role("button", name="Publish the answer").click()
    doctor.wait_for_url("**/doctor/reviews")
    stranger.goto(clinic.doctor_page)
    if not clinic.java_script:
        stranger.get_by_role("link", name="Read the reviews").click()
    said = stranger.locator("#reviews")
    for text in ("母亲睡得好多了", "请按时复诊", TAG):
        said.get_by_text(text).first.wait_for()


def money_and_trail(clinic: Clinic, admin: Page, price: str) -> None:
    """What the administrator sees at the end, and what the machine can prove of it."""
    admin.goto("/admin")
    for name, figure in {"Visits": "1", "Completed": "1", "Money taken": price, "New patients": "1"}.items():
        expect(admin.locator(".stat", has_text=name).locator(".stat-value")).to_contain_text(figure)
    admin.goto("/admin/audit?actor=chen.huaiyuan&action=read")
    rows = " ".join(admin.locator("#trail tbody tr", has_text=MOTHER).all_inner_texts())
    assert DOCTOR in rows
    assert "notes of a visit · read" in rows
    with clinic.server.house() as house:
        until(lambda: house.db.read(lambda tx: tx.scalar(select(func.count()).select_from(AuditSeal))), "no seal", 60)
        assert house.db.read(payments.check_ledger) == []
    assert "unbroken" in suwen("audit", "verify", env=clinic.server.env)
