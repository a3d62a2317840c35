"""A prescription written with the keyboard alone, checked while it is written, and signed."""

from datetime import UTC, date, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from suwen.accounts.models import PatientProfile
from suwen.core.db import new_id
from suwen.scheduling.models import Appointment
from tests.support.browser import DESKTOP, PHONE, axe, complaints, visitor
from tests.support.cast import PASSWORD, settle_in
from tests.support.crawl import sign_in, speak
from tests.support.server import serving

FOUR = (("renshen", "人参", "9"), ("baizhu", "白术", "9"), ("fuling", "茯苓", "10"), ("zgc", "炙甘草", "6"))


@pytest.fixture(scope="module")
def clinic():
    """(server, visit): `visit("female")` is a visit, just over, of somebody nobody has prescribed anything for."""
    with serving() as server:

        def fill(tx, gender):
            ids = settle_in(tx) if not cast else cast[0]
            cast.append(ids)
            person = PatientProfile(
                id=new_id(), user_id=ids.users["li"], name=f"Person {len(cast)}", relationship="family", gender=gender,
                birthday=date(1985, 3, 12),
            )  # fmt: skip
            tx.add(person)
            tx.flush()
            start = datetime.now(UTC) - timedelta(hours=len(cast))
            visit = Appointment(
                id=new_id(), patient_id=ids.users["li"], patient_profile_id=person.id,
                doctor_id=ids.doctors["zhang"], appointment_start=start, appointment_end=start, appointment_date=start,
                time_slot="09:00-09:30", zone="Asia/Shanghai", visit_type="offline", symptoms="", status="completed",
            )  # fmt: skip
            tx.add(visit)
            return visit.id

        cast = []

        def visit(gender="male"):
            with server.house() as house:
                return house.db.write(lambda tx: fill(tx, gender))

        visit()
        yield server, visit


@pytest.fixture
def editor(browser, clinic) -> Page:
    server, visit = clinic
    context = visitor(browser, server.url)
    sign_in(context, server, "doctor")
    speak(context, server, "en")
    page = context.new_page()
    page.goto(f"/prescriptions/new?appointment={visit()}")
    yield page
    context.close()


def line(page: Page, place: int, key: str) -> str:
    return page.input_value(f"[name='medicines.{place}.{key}']")


def focused(page: Page) -> str:
    return page.evaluate("document.activeElement.name")


def tab_to(page: Page, name: str, value: str = "") -> None:
    """With the Tab key, as somebody without a mouse does."""
    for _ in range(120):
        at = page.evaluate("[document.activeElement.name, document.activeElement.value]")
        if at[0] == name and (not value or at[1] == value):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{name} cannot be reached with the Tab key")


def herb(page: Page, typed: str, grams: str) -> None:
    """In the field of a name: letters, Enter for the first that is offered, grams, Enter for the next line."""
    page.keyboard.type(typed)
    offered = page.get_by_role("listbox", name="Suggestions")
    expect(offered).to_be_visible()
    expect(offered).not_to_have_attribute("aria-busy", "true")  # it is the list of all the letters
    page.keyboard.press("Enter")
    page.keyboard.type(grams)
    page.keyboard.press("Enter")


def checked(page: Page, words: str) -> None:
    expect(page.locator("[data-said]")).to_contain_text(words)


def test_a_whole_formula_with_the_keyboard_alone(editor):
    problems = complaints(editor)
    tab_to(editor, "diagnosis")
    editor.keyboard.type("胃痞")
    editor.keyboard.press("Tab")
    editor.keyboard.type("脾胃气虚证")
    tab_to(editor, "medicines.0.name")
    for typed, _, grams in FOUR:
        herb(editor, typed, grams)
    assert [line(editor, place, "name") for place in range(4)] == [name for _, name, _ in FOUR]
    assert [line(editor, place, "amount") for place in range(4)] == [grams for _, _, grams in FOUR]
    assert line(editor, 0, "method") == "另煎"  # as the reference asks
    expect(editor.locator("[data-weight]")).to_have_text("Herbs: 4, each dose 34 g")
    editor.keyboard.press("Alt+Delete")  # the empty line
    tab_to(editor, "doses")
    for _ in range(7):
        editor.keyboard.press("ArrowUp")
    assert editor.input_value("[name=doses]") == "7"
    tab_to(editor, "no_allergies")
    editor.keyboard.press("Space")
    checked(editor, "Nothing was found")
    tab_to(editor, "then", "review")
    editor.keyboard.press("Enter")
    expect(editor.get_by_role("button", name="Sign", exact=True)).to_be_visible()
    expect(editor.locator(".sheet")).to_contain_text("脾胃气虚证")
    tab_to(editor, "password")
    editor.keyboard.type(PASSWORD)
    editor.keyboard.press("Enter")
    expect(editor.get_by_text("Signed. The patient can read it now.")).to_be_visible()
    assert problems == []


def test_lines_under_the_keyboard(editor):
    problems = complaints(editor)
    lines = editor.locator("[data-line]")
    expect(lines).to_have_count(1)  # the empty ones are for those without the script
    editor.focus("input[name='medicines.0.name']")
    herb(editor, "guizhi", "9")
    assert focused(editor) == "medicines.1.name"
    herb(editor, "baishao", "6")
    editor.focus("input[name='medicines.1.name']")
    editor.keyboard.press("Alt+ArrowUp")
    assert focused(editor) == "medicines.0.name"
    assert [line(editor, 0, "name"), line(editor, 1, "name")] == ["白芍", "桂枝"]
    assert editor.get_by_label("Herb", exact=True).nth(1).input_value() == "桂枝"  # labels moved with them
    editor.focus("input[name='medicines.0.amount']")
    for key in ("ArrowUp", "ArrowUp", "Shift+ArrowDown"):
        editor.keyboard.press(key)
    assert line(editor, 0, "amount") == "7.5"
    editor.keyboard.press("Alt+Delete")
    expect(lines).to_have_count(2)
    editor.keyboard.press("Alt+Delete")
    editor.keyboard.press("Alt+Delete")
    expect(lines).to_have_count(1)
    assert line(editor, 0, "name") == ""
    assert problems == []


def test_names_for_those_who_hear_the_page(editor):
    name = editor.get_by_role("combobox", name="Herb", exact=True)
    name.focus()
    expect(name).to_have_attribute("aria-expanded", "false")
    editor.keyboard.type("fz")
    expect(name).to_have_attribute("aria-expanded", "true")
    options = editor.get_by_role("listbox", name="Suggestions").get_by_role("option")
    first = options.first
    expect(first).to_contain_text("附子")
    expect(first).to_have_attribute("aria-selected", "true")
    assert name.get_attribute("aria-activedescendant") == first.get_attribute("id")
    editor.keyboard.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    editor.keyboard.press("Escape")
    expect(editor.get_by_role("listbox", name="Suggestions")).to_be_hidden()
    assert name.input_value() == "fz"
    expect(editor.get_by_role("spinbutton", name="Grams")).to_be_visible()
    expect(editor.get_by_role("combobox", name="Decoction")).to_be_visible()
    expect(editor.get_by_role("group", name="Herb 1")).to_be_visible()


def test_a_rule_that_wants_a_reason(editor):
    editor.fill("[name=diagnosis]", "痹证")
    editor.focus("input[name='medicines.0.name']")
    herb(editor, "fuzi", "9")
    herb(editor, "fabanxia", "9")
    checked(editor, "Line 2, needs a reason")
    second = editor.get_by_role("group", name="Herb 2")
    expect(second).to_contain_text("eighteen incompatibilities")
    expect(editor.get_by_role("group", name="Herb 1")).to_contain_text("with line 2")
    second.get_by_label("Why all the same").fill("寒饮，先煎一小时，小量试服")
    editor.check("[name=no_allergies]")
    editor.fill("[name=doses]", "3")
    editor.get_by_role("button", name="Save and read through").click()
    expect(editor.get_by_role("button", name="Sign", exact=True)).to_be_visible()
    reason = editor.get_by_label("Why all the same")
    expect(reason).to_have_value("寒饮，先煎一小时，小量试服")  # it came along
    reason.fill("")
    editor.get_by_label("Your password").fill(PASSWORD)
    editor.get_by_role("button", name="Sign", exact=True).click()
    expect(editor.get_by_role("alert")).to_contain_text("Rules speak against this")
    editor.get_by_label("Why all the same").fill("寒饮，先煎一小时，小量试服")
    for box in editor.get_by_label("I have seen this").all():
        box.check()
    editor.get_by_role("button", name="Sign", exact=True).click()  # the password of a minute ago still counts
    expect(editor.get_by_text("Signed. The patient can read it now.")).to_be_visible()


def test_what_cannot_be_signed(editor):
    editor.fill("[name=diagnosis]", "痹证")
    editor.focus("input[name='medicines.0.name']")
    herb(editor, "shengchuanwu", "3")
    checked(editor, "cannot be signed")
    editor.fill("[name=doses]", "3")
    editor.get_by_role("button", name="Save and read through").click()
    expect(editor.get_by_text("This cannot be signed")).to_be_visible()
    expect(editor.get_by_role("button", name="Sign", exact=True)).to_have_count(0)


def test_a_classic_formula_is_looked_at_before_it_is_signed(editor):
    editor.fill("[name=diagnosis]", "胃痞")
    editor.get_by_label("Put in a template").focus()
    editor.keyboard.type("ljz")
    expect(editor.get_by_role("option").first).to_contain_text("六君子汤")
    editor.keyboard.press("Enter")
    expect(editor.locator("[data-line]")).to_have_count(7)
    expect(editor.locator("input[name='medicines.0.name']")).to_be_focused()  # once what was fetched has settled
    assert editor.input_value("[name=doses]") == "7"
    editor.check("[name=no_allergies]")
    editor.get_by_role("button", name="Save and read through").click()
    editor.get_by_label("Your password").fill(PASSWORD)
    editor.get_by_role("button", name="Sign", exact=True).click()
    expect(editor.get_by_role("alert")).to_contain_text("each line")
    editor.get_by_label("I have looked at each line").check()
    editor.get_by_role("button", name="Sign", exact=True).click()
    expect(editor.get_by_text("Signed. The patient can read it now.")).to_be_visible()


@pytest.mark.parametrize(
    ("kind", "typed", "name", "each", "often", "days", "in_all"),
    [
        ("Compound products", "gpw", "归脾丸", "1", "bid", "7", "14"),
        ("General medicines", "amxl", "阿莫西林胶囊 0.5 g", "1", "tid", "5", "15"),
    ],
)
def test_a_packed_medicine_up_to_its_signature(editor, kind, typed, name, each, often, days, in_all):
    """Offered by its initials; how much that is in all is computed while the doctor writes, and stands on the paper."""
    problems = complaints(editor)
    editor.get_by_text(kind, exact=True).click()
    expect(editor.get_by_role("combobox", name="Medicine", exact=True)).to_be_visible()
    editor.fill("[name=diagnosis]", "不寐" if kind == "Compound products" else "Acute sinusitis")
    editor.focus("input[name='medicines.0.name']")
    editor.keyboard.type(typed)
    expect(editor.get_by_role("option").first).to_contain_text(name)
    editor.keyboard.press("Enter")
    assert line(editor, 0, "name") == name
    assert line(editor, 0, "specification") != ""
    assert focused(editor) == "medicines.0.amount"
    editor.keyboard.type(each)
    editor.select_option("[name='medicines.0.frequency_code']", often)
    editor.fill("[name='medicines.0.duration_days']", days)
    editor.check("[name=no_allergies]")
    expect(editor.locator("[data-quantity]")).to_have_attribute("placeholder", in_all)
    editor.get_by_role("button", name="Save and read through").click()
    expect(editor.locator(".sheet .rx-name")).to_contain_text(name)
    for box in editor.get_by_label("I have seen this").all():
        box.check()
    for reason in editor.get_by_label("Why all the same").all():
        reason.fill("weighed against the diagnosis")
    editor.get_by_label("Your password").fill(PASSWORD)
    editor.get_by_role("button", name="Sign", exact=True).click()
    expect(editor.get_by_text("Signed. The patient can read it now.")).to_be_visible()
    expect(editor.locator(".sheet")).to_contain_text(in_all)
    assert problems == []


@pytest.mark.parametrize("locale", ["en", "zh-CN"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["1280", "390"])
def test_nothing_is_wrong_for_axe(browser, clinic, locale, size):
    server, visit = clinic
    context = visitor(browser, server.url, size=size)
    sign_in(context, server, "doctor")
    speak(context, server, locale)
    page = context.new_page()
    at = visit()
    for kind in ("herbal", "general"):
        page.goto(f"/prescriptions/new?appointment={at}&kind={kind}")
        assert axe(page) == []
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    page.goto(f"/prescriptions/new?appointment={at}")
    page.focus("input[name='medicines.0.name']")
    for typed in ("fuzi", "fabanxia"):
        page.keyboard.type(typed)
        expect(page.locator("#rx-names")).to_be_visible()
        assert axe(page) == []
        page.keyboard.press("Enter")
        page.keyboard.type("20")
        page.keyboard.press("Enter")
    expect(page.locator(".rx-line .rx-finding").first).to_be_visible()
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    context.close()
