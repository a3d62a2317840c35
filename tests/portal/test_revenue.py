"""The report says what the ledger says, by whatever it is taken apart."""

import csv
import io
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select, update

from suwen.accounts.models import User
from suwen.payments import service
from suwen.payments.models import LedgerAccount, Posting
from suwen.portal.service import revenue as figures
from suwen.portal.service.overview import overview
from tests.payments.conftest import Desk

SHANGHAI = ZoneInfo("Asia/Shanghai")
TODAY = date(2030, 1, 1)


@pytest.fixture
def busy(house, people, ids, clock):
    """Three days of money of all kinds, in two currencies, at the ends of the clinic's days."""
    desk = Desk(house, people, ids)
    for hours in (-9, 1, 15.9, 16, 25, 40):  # 2029-12-31 23:00 ... in Shanghai
        clock.set(clock() + timedelta(hours=hours))
        desk.paid("li", 6000 + int(hours))
        desk.refund("li", desk.paid("wang", 500), 100)
        order = desk.order("wang", 700, currency="USD")
        desk.do(service.settle_cash, people["admin"].actor, order.id)
        clock.set(clock() - timedelta(hours=hours))
    clock.advance(hours=41)
    return desk


def ledger(house, wanted, code):
    start, end = wanted.bounds(SHANGHAI)
    found = (
        select(func.coalesce(func.sum(-Posting.amount_minor), 0))
        .join(LedgerAccount, LedgerAccount.id == Posting.account_id)
        .where(LedgerAccount.code == "revenue:services", Posting.currency == code)
        .where(Posting.created_at >= start, Posting.created_at < end)
    )
    return int(house.db.read(lambda tx: tx.scalar(found)))


PERIODS = [
    figures.period("today", None, None, TODAY), figures.period("week", None, None, TODAY + timedelta(days=2)),
    figures.period("free", TODAY - timedelta(days=1), TODAY, TODAY), figures.period("free", TODAY, TODAY, TODAY),
    figures.period(None, None, None, TODAY + timedelta(days=1)),
]  # fmt: skip


@pytest.mark.parametrize("wanted", PERIODS, ids=lambda one: f"{one.first}-{one.last}")
def test_the_numbers_are_the_ledgers(busy, house, wanted):
    found = house.db.read(lambda tx: figures.revenue(tx, wanted, SHANGHAI))
    assert set(found) == {"CNY", "USD"}
    for code, one in found.items():
        assert one.total.net == ledger(house, wanted, code)
        for parts in (one.days, one.departments, one.doctors, one.methods, one.locations):
            assert sum(part.net for part in parts.values()) == one.total.net
            assert sum(part.taken for part in parts.values()) == one.total.taken
    assert found["CNY"].topped_up > found["CNY"].total.net > 0
    assert found["USD"].topped_up == 0


def filled(desk, login, amount):
    """A wallet that was filled by an order, as through a gateway."""
    order = desk.do(service.open_top_up, desk.people[login].actor, amount)
    desk.do(service.settle_cash, desk.people["admin"].actor, order.id)
    return order


def test_the_overview_counts_no_money_twice(house, people, ids, clock):
    """What fills a wallet is taken when it is spent, as on the page of revenue to which the number leads."""
    desk = Desk(house, people, ids)
    filled(desk, "li", 10000)
    wanted = figures.period("today", None, None, TODAY)
    assert house.db.read(lambda tx: figures.revenue(tx, wanted, SHANGHAI))["CNY"].topped_up == 10000
    of_today = lambda: house.db.read(lambda tx: overview(tx, SHANGHAI, clock())).today.money  # noqa: E731
    assert of_today().get("CNY", 0) == 0
    order = desk.order("li", 10000)
    desk.pay("li", order)
    assert of_today() == {"CNY": 10000}
    desk.refund("li", order, 2500)
    assert of_today() == {"CNY": 7500}
    assert house.db.read(lambda tx: figures.revenue(tx, wanted, SHANGHAI))["CNY"].total.net == 7500
    assert "¥75.00" in people["admin"].page("/admin").text


def test_a_day_by_ways_of_paying(house, people, ids):
    """What goes back is no income from the moment it is owed, handed out or not."""
    desk = Desk(house, people, ids)
    desk.paid("li", 6000)
    order = desk.paid_in_cash("wang", 5000)
    desk.refund("admin", order, 1000)
    desk.refund("wang", order, 500)  # owed, not yet handed out
    one = house.db.read(lambda tx: figures.revenue(tx, figures.period("today", None, None, TODAY), SHANGHAI))["CNY"]
    methods = {name: (part.taken, part.refunded) for name, part in one.methods.items()}
    assert methods == {"balance": (6000, 0), "cash": (5000, 1500)}
    assert (one.total.net, one.topped_up) == (9500, 6000)
    tomorrow = figures.period("free", TODAY + timedelta(days=1), TODAY + timedelta(days=1), TODAY)
    assert house.db.read(lambda tx: figures.revenue(tx, tomorrow, SHANGHAI)) == {}


def test_insurers_paid_what_came_to_the_bank(house, people, ids):
    """What goes back before the insurer has paid is owed no more; it was never paid."""
    desk, wanted = Desk(house, people, ids), figures.period("today", None, None, TODAY)
    order, entry = desk.order("li", 8000), {"insurer": "PICC", "holder": "Li Na", "policy_no": "P-0044-778899"}
    claim = people["admin"]("POST", f"/api/v1/orders/{order.id}/claims", json=entry).json()
    people["admin"]("POST", f"/api/v1/claims/{claim['id']}/approval", json={"insurer_reference": "A-1"})

    def said():
        one = house.db.read(lambda tx: figures.revenue(tx, wanted, SHANGHAI))["CNY"]
        return one.insurers_owe, one.insurers_paid

    assert said() == (8000, 0)
    desk.refund("li", order, 3000)
    assert said() == (5000, 0)
    people["admin"]("POST", f"/api/v1/claims/{claim['id']}/settlement", json={})
    assert said() == (5000, 5000)
    assert desk.account("asset:bank") == 5000


def test_a_visit_counts_for_its_doctor_and_department(house, people, ids, clock, settle):
    from tests.access.scene import Scene

    scene = Scene(people, ids, clock).build(settle)
    wanted = figures.period("free", date(2029, 12, 1), date(2030, 2, 1), TODAY)
    one = house.db.read(lambda tx: figures.revenue(tx, wanted, SHANGHAI))["CNY"]
    assert one.total.net == ledger(house, wanted, "CNY") > 0
    assert len([name for name in one.doctors if name]) == 2
    assert len([name for name in one.departments if name]) == 1
    assert set(one.methods) == {"balance", "cash"}
    assert scene.shared
    each = sorted(part.net for name, part in one.doctors.items() if name)
    house.db.write(lambda tx: tx.execute(update(User).where(User.role == "doctor").values(name="王伟")))
    one = house.db.read(lambda tx: figures.revenue(tx, wanted, SHANGHAI))["CNY"]
    namesakes = {name: part.net for name, part in one.doctors.items() if name}
    assert sorted(namesakes.values()) == each  # one name, and still to each their own
    assert all(name.startswith("王伟 (") for name in namesakes)


def test_the_page_and_the_file_say_the_same(busy, people, house):
    page = people["admin"].page("/admin/revenue?since=2029-12-31&until=2030-01-03")
    assert page.status_code == 200
    text = people["admin"].page("/admin/revenue.csv?since=2029-12-31&until=2030-01-03").text
    rows = list(csv.DictReader(io.StringIO(text.lstrip("\ufeff"))))
    wanted = figures.period("free", date(2029, 12, 31), date(2030, 1, 3), TODAY)
    for code in ("CNY", "USD"):
        mine = [row for row in rows if row["currency"] == code]
        net = sum(round(100 * (float(row["taken"]) - float(row["refunded"]))) for row in mine)
        assert net == ledger(house, wanted, code)
    assert rows[0]["booked_at"].startswith("2029-12-31T23:00")


def test_the_api_says_what_the_page_says(busy, people, house):
    """Each currency by itself, and each of its parts adds up to it; nobody but an admin reads it."""
    wanted = figures.period("free", date(2029, 12, 31), date(2030, 1, 3), TODAY)
    said = people["admin"]("GET", "/api/v1/revenue?since=2029-12-31&until=2030-01-03").json()
    assert (said["first"], said["last"]) == ("2029-12-31", "2030-01-03")
    assert [one["currency"] for one in said["currencies"]] == ["CNY", "USD"]
    shown = house.db.read(lambda tx: figures.revenue(tx, wanted, SHANGHAI))
    for one in said["currencies"]:
        assert one["net"] == ledger(house, wanted, one["currency"])
        for name in ("days", "departments", "doctors", "methods", "locations"):
            assert sum(part["taken"] for part in one[name]) == one["taken"]
            assert sum(part["net"] for part in one[name]) == one["net"] == one["taken"] - one["refunded"]
        assert [one["days"][n]["day"] for n in (0, -1)] == ["2029-12-31", "2030-01-03"]
        assert one["topped_up"] == shown[one["currency"]].topped_up


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("", "2030-01-01", "2030-01-03"), ("?period=today", "2030-01-03", "2030-01-03"),
        ("?period=week", "2029-12-31", "2030-01-03"),
        ("?until=2029-12-31&since=2030-01-03", "2029-12-31", "2030-01-03"),
    ],
)  # fmt: skip
def test_the_api_takes_the_pages_periods(busy, people, asked, first, last):
    said = people["admin"]("GET", f"/api/v1/revenue{asked}").json()
    assert (said["first"], said["last"]) == (first, last)


def test_the_api_refuses_what_is_no_day_and_who_is_no_admin(people):
    for asked in ("?since=yesterday", "?period=century"):
        assert people["admin"]("GET", f"/api/v1/revenue{asked}").status_code in (400, 422)
    for login, status in (("li", 403), ("zhang", 403), ("zhao", 403), ("guest", 401)):
        assert people[login]("GET", "/api/v1/revenue").status_code == status


def test_as_many_statements_however_much_there_is(busy, people, statements):
    path = "/admin/revenue?since=2029-12-01&until=2030-01-31"
    before = len(statements(lambda: people["admin"].page(path)))
    for _ in range(5):
        busy.paid("li", 100)
    assert len(statements(lambda: people["admin"].page(path))) == before


@pytest.mark.parametrize(
    ("name", "first", "last", "expected"),
    [
        ("today", None, None, (TODAY, TODAY)), ("week", None, None, (date(2029, 12, 31), TODAY)),
        ("month", None, None, (TODAY, TODAY)), ("nonsense", None, None, (TODAY, TODAY)),
        ("free", date(2029, 5, 2), date(2029, 5, 1), (date(2029, 5, 1), date(2029, 5, 2))),
        ("free", date(1, 1, 1), date(9999, 12, 31), (date(2030, 1, 2), date(2031, 1, 2))),
        ("free", date(2029, 12, 1), None, (date(2029, 12, 1), TODAY)),
    ],
)  # fmt: skip
def test_periods(name, first, last, expected):
    found = figures.period(name, first, last, TODAY)
    assert (found.first, found.last) == expected
