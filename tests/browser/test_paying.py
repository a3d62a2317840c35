"""Paying in a browser: the clinic on one port, the gateways' simulator on another, and a person between them.

What a person does at the gateway is done on the simulator's own page: for a code in a second browser, as on a phone.
"""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from suwen.accounts.models import PatientProfile, User
from suwen.accounts.service import sessions
from suwen.clinics.models import Doctor
from suwen.core.actor import Actor
from suwen.payments import service as payments
from suwen.payments.models import Order
from suwen.payments.schemas import PriceInput
from suwen.scheduling.schemas import HoursInput
from suwen.scheduling.service import availability
from tests.support.browser import DESKTOP, PHONE, axe, complaints, visitor
from tests.support.opening import PATIENCE
from tests.support.paysim import Paysim, simulator
from tests.support.server import Server, serving

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def sim(tmp_path_factory) -> Iterator[Paysim]:
    with simulator(tmp_path_factory.mktemp("paysim")) as found:
        yield found


@pytest.fixture(scope="module")
def shop(sim) -> Iterator[Server]:
    """The cast, a price and a doctor with hours all around the clock; reports of payments come by themselves."""
    with serving(cast=True, **sim.environment) as server:
        sim.settings(card_url=f"{server.url}/api/v1/payments/card/notifications")
        sim.automatic()
        with server.house() as house:
            house.db.write(lambda tx: _opened(tx, house.clock()))
        expect.set_options(timeout=PATIENCE)
        yield server
        expect.set_options(timeout=5000)


def _opened(tx: Session, now: Any) -> None:
    admin = _actor(tx, "admin")
    payments.add_price(
        tx, admin, PriceInput(service_type="appointment_online", service_name="视频 Video", price=8000), now
    )
    hours = HoursInput(
        first_day=now.date(), opens="00:00", closes="23:40", recurrence="DAILY", slot_minutes=20, zone="UTC",
        visit_type="online_video",
    )  # fmt: skip
    zhang = _actor(tx, "zhang")
    availability.add_hours(tx, zhang, zhang.doctor_id or "", hours, now)


def _actor(tx: Session, account: str) -> Actor:
    user = tx.scalars(select(User).where(User.account == account)).one()
    doctor = tx.scalar(select(Doctor.id).where(Doctor.user_id == user.id))
    return Actor(user.id, user.role, doctor_id=doctor, strong=True, name=user.name)


@pytest.fixture
def come(browser, shop) -> Iterator[Any]:
    """`come("li", size=PHONE)`: a page of a fresh browser in which somebody is signed in."""
    contexts: list[BrowserContext] = []

    def make(account: str = "li", **options: Any) -> Page:
        context = visitor(browser, shop.url, **options)
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        with shop.house() as house:

            def start(tx: Session) -> tuple[Actor, Any]:
                user = tx.scalars(select(User).where(User.account == account)).one()
                place = {"doctor_id": None, "ip": "", "agent": "tests"}
                return sessions.start(tx, user, house.clock(), kind="web", strong=False, **place)

            actor, expires = house.db.write(start)
            token = house.signer.issue(actor, expires)
        cookies = {"session": token, "lang": options.get("locale", "en")}
        context.add_cookies([{"name": name, "value": value, "url": shop.url} for name, value in cookies.items()])
        return context.new_page()

    yield make
    for context in contexts:
        context.close()


def book(page: Page, shop: Server) -> str:
    """Hold a time of the doctor's for oneself; the page then asks for the money. The slot's page is returned."""
    with shop.house() as house:
        doctor = house.db.read(lambda tx: _actor(tx, "zhang").doctor_id)
        people = house.db.read(lambda tx: len(tx.scalars(select(PatientProfile)).all()))
    assert people
    page.goto(f"/doctors/{doctor}")
    page.locator("#week a.chip").last.click()
    page.wait_for_url("**/book/**")
    page.get_by_role("button", name=re.compile("Hold this time")).click()
    page.locator("#pay .ways").wait_for()
    return page.url


def as_a_phone(browser: Any, shop: Server, text: str) -> Page:
    """What the code says, opened on another device."""
    context = visitor(browser, shop.url, size=PHONE)
    page = context.new_page()
    page.goto(text)
    return page


def cashier(page: Page, words: str) -> None:
    page.locator("button", has_text=words).first.click()


def confirmed(page: Page) -> None:
    """The page went on by itself to a visit that is certain."""
    page.wait_for_url("**/appointments/*")
    page.locator("main").get_by_text("confirmed", exact=True).first.wait_for()


def of_page(page: Page, shop: Server) -> Order:
    id = page.url.split("?")[0].rsplit("/", 1)[1]
    with shop.house() as house:
        return house.db.read(lambda tx: tx.get_one(Order, id))


def test_a_visit_is_paid_with_a_code_of_wechat(come, browser, shop):
    page = come()
    found = complaints(page)
    book(page, shop)
    page.locator(".way-wechat").click()
    code = page.locator(".pay-code img")
    code.wait_for()
    assert "CN¥80.00" in (code.get_attribute("alt") or "")
    assert code.evaluate("one => one.complete && one.naturalWidth > 100")
    assert axe(page) == []
    phone = as_a_phone(browser, shop, page.locator(".pay-code a").get_attribute("href") or "")
    expect(phone.locator("h1")).to_have_text("¥80.00")
    cashier(phone, "Pay now")
    expect(phone.locator(".good")).to_be_visible()
    phone.context.close()
    expect(page.locator(".page-head")).to_contain_text(
        "paid"
    )  # the page says one thing, not "to pay" above and "paid" below
    confirmed(page)
    assert found == []


@pytest.mark.parametrize(("way", "button"), [("alipay", "Pay now"), ("card", "Pay now")])
def test_a_visit_is_paid_on_the_gateways_own_page(come, shop, sim, way, button):
    page = come("wang")
    found = complaints(page)
    book(page, shop)
    page.locator(f".way-{way}").click()
    page.wait_for_url(f"{sim.url}/cashier/{way}**")  # by itself
    expect(page.locator("h1")).to_have_text("¥80.00")
    cashier(page, button)
    confirmed(page)
    assert [line for line in found if "favicon" not in line] == []


def test_somebody_who_changes_their_mind_pays_another_way(come, browser, shop, sim):
    page = come()
    book(page, shop)
    page.locator(".way-card").click()
    page.wait_for_url(f"{sim.url}/cashier/card**")
    page.locator("[name=number]").fill("4000 0000 0000 0002")
    cashier(page, "Pay now")
    expect(page.get_by_role("status")).to_be_visible()
    cashier(page, "Cancel")
    page.wait_for_url("**/orders/**")
    page.get_by_text("knows of no payment yet").wait_for()
    assert axe(page) == []
    assert of_page(page, shop).status == "pending"
    page.get_by_text("Pay another way").click()
    page.locator(".way-wechat").click()
    page.locator(".pay-code img").wait_for()
    with shop.house() as house:
        id = of_page(page, shop).id
        phases = [one.phase for one in house.db.read(lambda tx: payments.attempts_of(tx, Actor("", "system"), id))]
    assert phases == ["offered", "closed"]
    phone = as_a_phone(browser, shop, page.locator(".pay-code a").get_attribute("href") or "")
    cashier(phone, "Let the bank refuse")
    cashier(phone, "Pay now")
    phone.context.close()
    confirmed(page)


def test_back_refresh_and_a_second_tab_pay_nothing_twice(come, shop, sim):
    page = come("wang")
    book(page, shop)
    page.locator(".way-alipay").click()
    page.wait_for_url(f"{sim.url}/cashier/alipay**")
    page.go_back()  # to the order, or past it: a browser leaves out steps that nobody took
    page.wait_for_url(f"{shop.url}/**")
    with shop.house() as house:
        newest = select(Order.id).order_by(Order.created_at.desc(), Order.id.desc()).limit(1)
        id = house.db.read(lambda tx: tx.scalars(newest).one())
    page.goto(f"/orders/{id}")
    page.locator("[data-go]").wait_for()  # and stays there: it went once
    other = page.context.new_page()
    other.goto(f"/orders/{id}")
    other.locator("[data-go]").wait_for()  # no tab but the one in which it was chosen goes there by itself
    page.reload()
    page.locator("[data-go]").click()
    cashier(page, "Pay now")
    confirmed(page)
    confirmed(other)  # it has heard, and has gone on too
    with shop.house() as house:
        one = house.db.read(lambda tx: payments.attempts_of(tx, Actor("", "system"), id))
    assert [attempt.phase for attempt in one] == ["paid"]


def test_the_wallet_is_filled_on_a_phone(come, shop, sim):
    page = come(size=PHONE, user_agent="Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Mobile/15E148")
    page.goto("/wallet")
    page.get_by_role("link", name="Top up").click()
    page.get_by_label("Another amount").fill("12.34")
    page.get_by_role("button", name="Go on to pay").click()
    page.locator(".way-wechat").click()
    page.wait_for_url(f"{sim.url}/cashier/wechat**")
    cashier(page, "Pay now")
    page.wait_for_url("**/wallet")
    page.get_by_text("CN¥12.34").first.wait_for()


def test_time_runs_out_while_somebody_pays(come, browser, shop):
    page = come()
    with shop.house() as house:

        def open_order(tx: Session) -> str:
            now = house.clock()
            me = _actor(tx, "li")
            made = payments.open_order(
                tx, me.id, subject=f"thing:{now:%f}", amount=500, currency="CNY", expires=now + timedelta(seconds=12),
                now=now,
            )  # fmt: skip
            return made.id

        id = house.db.write(open_order)
    page.goto(f"/orders/{id}")
    page.locator(".way-wechat").click()
    expect(page.locator("#pay")).to_have_attribute("data-state", re.compile("expired"), timeout=2 * PATIENCE)
    expect(page.locator("#pay")).to_contain_text("Nothing was taken")
    with shop.house() as house:
        assert house.db.read(lambda tx: tx.get_one(Order, id).status) == "expired"


def test_without_javascript(come, browser, shop):
    page = come("wang", java_script_enabled=False, size=DESKTOP, locale="en")
    book(page, shop)
    page.locator(".way-wechat").click()
    page.wait_for_url("**/orders/**")
    for _ in range(60):
        if page.locator(".pay-code a").count():
            break
        page.get_by_role("link", name="Look again").click()
    phone = as_a_phone(browser, shop, page.locator(".pay-code a").get_attribute("href") or "")
    cashier(phone, "Pay now")
    expect(phone.locator(".good")).to_be_visible()
    phone.context.close()
    for _ in range(60):
        if page.locator("main").get_by_text("Paid: CN¥80.00").count():
            break
        page.get_by_role("button", name="check now").click()
    page.get_by_text("Paid: CN¥80.00", exact=True).wait_for()
