"""Our three clients against the simulator, over real HTTP. The clock of both stands at 2030-01-01 08:00 in China."""

import hashlib
import itertools
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from suwen.payments.gateways import Attempt, RefundOrder
from suwen.payments.gateways.alipay import Alipay
from suwen.payments.gateways.card import Card
from suwen.payments.gateways.configuration import MEANINGS, opened
from suwen.payments.gateways.wechat import WeChat
from suwen.payments.gateways.wire import Exchange, Surroundings
from tests.conftest import Clock
from tests.payments.gateways.setting_up import beside
from tests.support.paysim import Merchant, Paysim, merchant

NAMES = ("wechat", "alipay", "card")
SCENES = {"wechat": "qr", "alipay": "page", "card": "client"}


@pytest.fixture
def shop() -> Iterator[Merchant]:
    with merchant() as found:
        yield found


@pytest.fixture
def exchanges() -> list[Exchange]:
    return []


@pytest.fixture(scope="session")
def _http() -> Iterator[httpx.Client]:
    """Patience of two seconds. One for all tests: making it reads every authority's certificate."""
    with httpx.Client(timeout=2, trust_env=False) as client:
        yield client


@pytest.fixture
def around(clock, exchanges, _http) -> Surroundings:
    """Randomness that is none, so that a test can be repeated."""
    numbers = itertools.count()

    def random(size: int) -> bytes:
        return hashlib.sha256(str(next(numbers)).encode()).digest()[:size]

    return Surroundings(_http, clock, random, b"pepper of the tests", exchanges.append)


@pytest.fixture
def gateways(sim, around) -> dict[str, Any]:
    return dict(opened(sim.environment, around, production=False))


@pytest.fixture
def wechat(gateways) -> WeChat:
    return gateways["wechat"]


@pytest.fixture
def alipay(gateways) -> Alipay:
    return gateways["alipay"]


@pytest.fixture
def card(gateways) -> Card:
    return gateways["card"]


@pytest.fixture
def set_up_by_hand(house, clock, monkeypatch):
    """Nothing about gateways in the environment; what is saved on the page opens them, on the test's clock."""
    for name in MEANINGS:
        monkeypatch.delenv(name, raising=False)
    return beside(house, clock)


@pytest.fixture
def begin(sim, clock, shop, gateways) -> Callable[..., Attempt]:
    """An attempt that was created at its gateway and, for Alipay, opened in a browser."""

    def one(name: str, out_no: str = "ORD20300101A1", amount: int = 8000, **more: Any) -> Attempt:
        made = attempt(clock, shop, out_no, amount, **{"scene": SCENES[name], **more})
        offer = gateways[name].create(made)
        if name == "alipay" and offer.url:
            assert sim.http.get(offer.url).status_code == 303
        if name == "card":
            sim.settings(card_url=shop.url)
        return made

    return one


def attempt(clock: Clock, shop: Merchant, out_no: str = "ORD20300101A1", amount: int = 8000, **more: Any) -> Attempt:
    common: dict[str, Any] = {
        "currency": "CNY", "purpose": "appointment", "scene": "qr", "expires_at": clock() + timedelta(minutes=15),
        "notify_url": shop.url, "return_url": "http://127.0.0.1:1/orders/1?x=1", "payer_ref": "oPayer123",
        "payer_ip": "10.0.0.7",
    }  # fmt: skip
    return Attempt(out_no, amount, **common | more)


def refund_of(external_id: str, amount: int = 3000, number: str = "RFD20300101B1", **more: Any) -> RefundOrder:
    common: dict[str, Any] = {"total": 8000, "currency": "CNY", "out_no": "ORD20300101A1", "reason": "cancelled"}
    return RefundOrder(number, amount, external_id=external_id, **common | more)


def later(clock: Clock, sim: Paysim, **by: float) -> datetime:
    moment = clock.advance(**by)
    sim.clock(moment)
    return moment
