"""A prescription comes to the pharmacist's open page by itself, is accepted with the keyboard, read by the family on a
phone, and given out."""

import contextlib
import re
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from playwright.sync_api import Error, Route, expect
from sqlalchemy import select

from suwen.accounts.models import User
from suwen.accounts.service import confirm, sessions
from suwen.core.db import new_id
from suwen.prescribing.schemas.counter import CHECKS
from suwen.scheduling.models import Appointment
from tests.support.browser import PHONE, axe, complaints, visitor
from tests.support.cast import PASSWORD, settle_in
from tests.support.crawl import sign_in, speak
from tests.support.server import serving

FORMULA = {
    "kind": "herbal", "diagnosis": "痞满（脾虚气滞证）", "instructions": "忌生冷",
    "medicines": [
        {"name": "党参", "amount": "12", "unit": "g", "role": "君"},
        {"name": "附子", "amount": "9", "unit": "g", "role": "臣", "method": "先煎"},
        {"name": "砂仁", "amount": "6", "unit": "g", "role": "佐", "method": "后下"},
    ],
    "regimen": {"doses": 7, "doses_per_day": "1", "ml": 400, "times_per_day": 2, "timing": "after_meals"},
    "facts": {"allergies": [], "pregnancy": "no", "lactating": False, "menstruating": False, "weight_kg": "60",
              "follow_up": "门诊病历"},
}  # fmt: skip

OTHERS = [
    {"name": "茯苓", "amount": "12", "unit": "g", "role": "君"},
    {"name": "白术", "amount": "9", "unit": "g", "role": "臣"},
]


@pytest.fixture(scope="module")
def clinic():
    """(server, the doctor's token, appointment): where every prescription waits for a pharmacist."""
    with serving(SUWEN_JURISDICTION="CN") as server, server.house() as house:
        now = datetime.now(UTC)

        def fill(tx):
            ids = settle_in(tx)
            start = now - timedelta(hours=1)
            visit = Appointment(
                id=new_id(), patient_id=ids.users["li"], patient_profile_id=ids.profiles["li"]["self"],
                doctor_id=ids.doctors["zhang"], appointment_start=start, appointment_end=start, appointment_date=start,
                time_slot="09:00-09:30", zone="Asia/Shanghai", visit_type="offline", symptoms="", status="completed",
            )  # fmt: skip
            tx.add(visit)
            user = tx.scalars(select(User).where(User.id == ids.users["zhang"])).one()
            place = {"doctor_id": ids.doctors["zhang"], "ip": "", "agent": "tests"}
            actor, expires = sessions.start(tx, user, now, kind="api", strong=True, **place)
            confirm(tx, actor, now)
            return house.signer.issue(actor, expires), visit.id

        yield server, *house.db.write(fill)


def prescribed(server, token, appointment, medicines=FORMULA["medicines"]):
    address, bearer = f"{server.url}/api/v1", {"authorization": f"Bearer {token}"}
    with httpx.Client(base_url=address, headers=bearer, timeout=30) as api:
        made = api.post("/prescriptions", json=FORMULA | {"appointment_id": appointment, "medicines": medicines})
        assert made.status_code == 201, made.text
        read = {"acknowledged": [one["key"] for one in made.json()["findings"]]}
        signed = api.post(f"/prescriptions/{made.json()['id']}/sign", json=read | {"version": made.json()["version"]})
        assert signed.status_code == 200, signed.text
        return signed.json()


def test_from_the_queue_to_the_family(browser, clinic):
    server, token, appointment = clinic
    desk = visitor(browser, server.url)
    sign_in(desk, server, "pharmacist")
    speak(desk, server, "en")
    page = desk.new_page()
    problems = complaints(page)
    page.goto("/pharmacy")
    expect(page.get_by_text("Nothing waits for a review.")).to_be_visible()
    one = prescribed(server, token, appointment)
    assert one["status"] == "signed"
    expect(page.get_by_role("button", name="Review it")).to_be_visible(timeout=20_000)
    assert axe(page) == []
    page.get_by_role("button", name="Review it").press("Enter")
    page.wait_for_url("**/pharmacy/review/*")
    assert axe(page) == []
    for name in CHECKS:
        page.locator(f"[name={name}][value=fine]").focus()
        page.keyboard.press("Space")
    page.locator("[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Accept and sign").press("Enter")
    expect(page.get_by_text("Accepted. It can be dispensed now.")).to_be_visible()
    page.goto("/pharmacy/dispense")
    page.keyboard.type(f"{server.url}/verify/{one['code']}")  # as a scanner does: into what has the focus, then Enter
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/pharmacy/dispense/{one['id']}")
    assert axe(page) == []
    read_on_a_phone(browser, server, one)
    assert problems == []
    desk.close()


def test_news_that_come_while_the_queue_is_fetched_are_not_lost(browser, clinic):
    """The doctor's draft and the signature are told one after the other: what the first one fetches may be old."""
    server, token, appointment = clinic
    desk = visitor(browser, server.url)
    sign_in(desk, server, "pharmacist")
    speak(desk, server, "en")
    page = desk.new_page()
    page.goto("/pharmacy")
    held: list[Route] = []

    def old_news(route):
        if held:
            return route.continue_()
        held.append(route)
        return None

    page.route("**/pharmacy?step=review", old_news)
    page.evaluate("document.body.dispatchEvent(new CustomEvent('live:prescriptions:waiting'))")
    while not held:
        page.wait_for_timeout(20)
    before = page.request.get("/pharmacy?step=review", headers={"hx-request": "true", "hx-target": "pharmacy_queue"})
    prescribed(server, token, appointment, OTHERS)
    page.wait_for_timeout(300)  # for the news: they come while the old answer is still on its way
    with contextlib.suppress(Error):  # given up by the page
        held[0].fulfill(response=before)
    expect(page.get_by_role("button", name="Review it")).to_be_visible(timeout=20_000)
    desk.close()


def read_on_a_phone(browser, server, one):
    home = visitor(browser, server.url, size=PHONE)
    sign_in(home, server, "patient")
    speak(home, server, "zh-CN", "dark")
    page = home.new_page()
    page.goto(f"/prescriptions/{one['id']}")
    expect(page.get_by_text("可以取药").first).to_be_visible()
    expect(page.locator(".rx-step-grave")).to_contain_text("60 分钟")
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    holder = page.locator(".rx-holder").inner_text()
    assert re.fullmatch(r"[2-9A-Z]{4}-[2-9A-Z]{4}", holder)
    page.goto(f"/verify/{one['code']}")
    page.fill("[name=holder]", holder)
    page.keyboard.press("Enter")
    expect(page.get_by_text("真实有效，可以调配")).to_be_visible()
    assert axe(page) == []
    home.close()


def test_what_the_queue_asks_by_itself_says_so_and_what_a_person_does_does_not(browser, clinic):
    """A screen that is left must end in the sign-in page; the server goes by this header and by `here`."""
    server, _, _ = clinic
    desk = visitor(browser, server.url)
    sign_in(desk, server, "pharmacist")
    page = desk.new_page()
    told: list[str] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: told.append(str(frame))))
    page.goto("/pharmacy")
    probe = '<div hx-get="/pharmacy?polled=1" hx-trigger="every 300ms" hx-swap="none"></div>'
    button = '<button id="ask" hx-get="/pharmacy?pressed=1" hx-swap="none">Ask</button>'
    for address, deed in (
        ("polled=1", lambda: page.evaluate(
            "text => { document.body.insertAdjacentHTML('beforeend', text); htmx.process(document.body); }",
            probe + button)),
        ("step=review", lambda: page.evaluate(
            "document.body.dispatchEvent(new CustomEvent('live:prescriptions:waiting'))")),
    ):  # fmt: skip
        with page.expect_request(lambda request, address=address: address in request.url) as asked:
            deed()
        assert asked.value.headers.get("x-by-itself") == "1", asked.value.url
    assert '{"type":"here"}' not in told
    with page.expect_request(lambda request: "pressed=1" in request.url) as asked:
        page.locator("#ask").click()
    assert "x-by-itself" not in asked.value.headers
    page.keyboard.press("Shift")
    page.wait_for_timeout(100)
    assert told.count('{"type":"here"}') == 1
    desk.close()
