"""The simulator's cashier, as a person meets it: by a scanned code, by a redirect, on a phone and on a desktop."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from suwen.payments.gateways import Attempt, Gateway
from suwen.payments.gateways.configuration import opened
from suwen.payments.gateways.wire import Surroundings
from tests.support.browser import DESKTOP, PHONE, axe, visitor
from tests.support.paysim import Paysim, simulator

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def sim(tmp_path_factory) -> Iterator[Paysim]:
    with simulator(tmp_path_factory.mktemp("paysim")) as found:
        found.reset()
        yield found


@pytest.fixture(scope="module")
def gateways(sim) -> Iterator[dict[str, Gateway]]:
    with httpx.Client(timeout=20, trust_env=False) as client:
        around = Surroundings(client, lambda: datetime.now(UTC), lambda size: b"n" * size, b"pepper")
        yield opened(sim.environment, around, production=False)


@pytest.fixture(params=[("zh-CN", PHONE), ("en", DESKTOP)], ids=["zh-phone", "en-desktop"])
def page(request, browser, sim) -> Iterator[Page]:
    locale, size = request.param
    context = visitor(browser, sim.url, size=size, locale=locale)
    made = context.new_page()
    yield made
    assert axe(made) == []
    context.close()


NUMBERS = iter(range(10_000_000, 99_999_999))


@pytest.fixture
def attempt(sim) -> Attempt:
    return _attempt(sim, "qr")


def _attempt(sim: Paysim, scene: Any) -> Attempt:
    now = datetime.now(UTC)
    back = f"{sim.url}/_sim/clock"  # a page that is there; what it says does not matter
    return Attempt(
        f"ORD{next(NUMBERS)}", 8000, "CNY", "appointment", scene, now + timedelta(minutes=15),
        "http://127.0.0.1:9/notify", back, payer_ip="10.0.0.7",
    )  # fmt: skip


def _button(page: Page, zh: str, en: str) -> Any:
    return page.locator("button", has_text=zh).or_(page.locator("button", has_text=en)).first


def test_a_scanned_code_of_wechat_is_refused_once_then_paid(page, sim, gateways, attempt):
    page.goto(gateways["wechat"].create(attempt).text)
    expect(page.locator("h1")).to_have_text("¥80.00")
    assert attempt.out_no in page.content()
    _button(page, "模拟银行拒绝", "Let the bank refuse").click()
    expect(page.get_by_role("status")).to_be_visible()
    assert gateways["wechat"].query(attempt.out_no).state == "pending"
    assert axe(page) == []
    _button(page, "确认支付", "Pay now").click()
    expect(page.locator(".good")).to_be_visible()
    assert gateways["wechat"].query(attempt.out_no).state == "paid"


def test_a_scanned_code_of_wechat_is_left_alone(page, sim, gateways, attempt):
    page.goto(gateways["wechat"].create(attempt).text)
    _button(page, "取消支付", "Cancel").click()
    expect(page.get_by_role("status")).to_be_visible()
    assert gateways["wechat"].query(attempt.out_no).state == "pending"


def test_a_phone_goes_to_wechat_and_comes_back(page, sim, gateways):
    made = _attempt(sim, "phone")
    page.goto(gateways["wechat"].create(made).url)
    _button(page, "确认支付", "Pay now").click()
    page.wait_for_url(made.return_url)
    assert gateways["wechat"].query(made.out_no).state == "paid"
    page.goto(f"{sim.url}/cashier/wechat?pr=nothing")


def test_alipay_is_paid_on_its_page_and_sends_the_browser_back(page, sim, gateways):
    made = _attempt(sim, "page")
    page.goto(gateways["alipay"].create(made).url)
    expect(page.locator("h1")).to_have_text("¥80.00")
    _button(page, "支付中（稍后到账）", "Still being processed").click()
    expect(page.get_by_role("status").first).to_be_visible()
    assert gateways["alipay"].query(made.out_no).state == "pending"
    _button(page, "完成入账", "Finish the payment").click()
    page.wait_for_url(f"{made.return_url}?**out_trade_no={made.out_no}**")
    assert gateways["alipay"].query(made.out_no).state == "paid"
    page.goto(f"{sim.url}/cashier/alipay?token=nothing")


def test_a_card_is_unknown_then_declined_then_verified_and_paid(page, sim, gateways):
    made = _attempt(sim, "page")
    offer = gateways["card"].create(made)
    page.goto(offer.url)
    for number in ("1", "4000 0000 0000 0002"):
        page.locator("[name=number]").fill(number)
        _button(page, "确认支付", "Pay now").click()
        expect(page.get_by_role("status")).to_be_visible()
        assert gateways["card"].query(made.out_no, offer.external_id).state == "pending"
    assert axe(page) == []
    page.locator("[name=number]").fill("4000 0025 0000 3155")
    _button(page, "确认支付", "Pay now").click()
    _button(page, "通过验证", "It is me").click()
    page.wait_for_url(made.return_url)
    answer = gateways["card"].query(made.out_no, offer.external_id)
    assert (answer.state, answer.amount) == ("paid", 8000)
    page.goto(f"{sim.url}/cashier/card?token=nothing")


def test_what_was_closed_cannot_be_paid(page, sim, gateways, attempt):
    text = gateways["wechat"].create(attempt).text
    gateways["wechat"].close(attempt.out_no)
    page.goto(text)
    expect(page.get_by_role("status")).to_be_visible()
    expect(page.locator("button")).to_have_count(0)


def test_the_language_can_be_changed(page, sim, gateways, attempt):
    page.goto(gateways["wechat"].create(attempt).text)
    before = page.locator("footer").inner_text()
    page.locator("header a").click()
    expect(page.locator("footer")).not_to_have_text(before)
    expect(page.locator("h1")).to_have_text("¥80.00")
