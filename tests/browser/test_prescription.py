"""A prescription written with the keyboard alone, in the browser, and signed."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from suwen.core.db import new_id
from suwen.scheduling.models import Appointment
from tests.support.browser import PHONE, axe, complaints, visitor
from tests.support.cast import settle_in
from tests.support.crawl import sign_in, speak
from tests.support.server import serving


@pytest.fixture(scope="module")
def clinic():
    """(server, appointment): a visit of Li Na with the doctor, just over."""
    with serving() as server:
        start = datetime.now(UTC) - timedelta(hours=1)

        def fill(tx):
            ids = settle_in(tx)
            visit = Appointment(
                id=new_id(), patient_id=ids.users["li"], patient_profile_id=ids.profiles["li"]["self"],
                doctor_id=ids.doctors["zhang"], appointment_start=start, appointment_end=start, appointment_date=start,
                time_slot="09:00-09:30", zone="Asia/Shanghai", visit_type="offline", symptoms="", status="completed",
            )  # fmt: skip
            tx.add(visit)
            return visit.id

        with server.house() as house:
            appointment = house.db.write(fill)
        yield server, appointment


@pytest.fixture
def editor(browser, clinic) -> Page:
    server, appointment = clinic
    context = visitor(browser, server.url)
    sign_in(context, server, "doctor")
    speak(context, server, "en")
    page = context.new_page()
    page.goto(f"/prescriptions/new?appointment={appointment}")
    yield page
    context.close()


def line(page: Page, place: int, key: str) -> str:
    return page.input_value(f"input[name='medicines.{place}.{key}']")


def focused(page: Page) -> str:
    return page.evaluate("document.activeElement.name")


def test_lines_under_the_keyboard(editor):
    problems = complaints(editor)
    lines = editor.locator("[data-line]")
    expect(lines).to_have_count(1)  # the empty ones are for those without the script
    editor.focus("input[name='medicines.0.name']")
    editor.keyboard.type("Gui zhi")
    editor.keyboard.press("Enter")
    assert focused(editor) == "medicines.1.name"
    editor.keyboard.type("Bai shao")
    editor.keyboard.press("Alt+ArrowUp")
    assert focused(editor) == "medicines.0.name"
    assert [line(editor, 0, "name"), line(editor, 1, "name")] == ["Bai shao", "Gui zhi"]
    assert editor.get_by_label("Medicine", exact=True).nth(1).input_value() == "Gui zhi"  # labels moved with them
    editor.keyboard.press("Alt+ArrowDown")
    editor.keyboard.press("Enter")
    expect(lines).to_have_count(3)
    editor.keyboard.press("Alt+Delete")
    expect(lines).to_have_count(2)
    editor.keyboard.press("Alt+Delete")
    editor.keyboard.press("Alt+Delete")
    expect(lines).to_have_count(1)
    assert line(editor, 0, "name") == ""
    assert problems == []


def test_written_refused_read_through_and_signed(editor):
    problems = complaints(editor)
    editor.fill("input[name='medicines.0.name']", "Gui zhi")
    editor.fill("input[name='medicines.0.duration_days']", "700")
    editor.get_by_role("button", name="Save and read through").click()
    expect(editor.get_by_role("alert")).to_be_visible()
    assert [line(editor, 0, "name"), line(editor, 0, "duration_days")] == ["Gui zhi", "700"]
    editor.fill("input[name='medicines.0.duration_days']", "7")
    editor.fill("input[name='medicines.0.dosage']", "9 g")
    editor.fill("input[name='medicines.0.frequency']", "twice a day")
    editor.fill("input[name='diagnosis']", "Wind-cold")
    editor.get_by_role("button", name="Save and read through").click()
    sign = editor.get_by_role("button", name="Sign", exact=True)
    expect(sign).to_be_visible()
    expect(editor.locator("#prescription_desk")).to_contain_text("7 days")
    assert axe(editor) == []
    editor.get_by_label("I have checked it myself").check()
    sign.click()
    expect(editor.get_by_text("Signed. The patient can read it now.")).to_be_visible()
    expect(editor.get_by_text("Not safety-checked")).to_be_visible()
    editor.set_viewport_size(PHONE)
    assert axe(editor) == []
    assert editor.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    refused = [text for text in problems if "422" not in text]  # the one that was meant
    assert refused == []
