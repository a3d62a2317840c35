"""Many at once, on real threads: exactly one gets through, and the money adds up."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from suwen.core.errors import DomainError
from suwen.payments import service

MANY = 12


def at_once(work, count=MANY):
    """Run `work(n)` in as many threads; return what each brought: a value, or the code of its refusal."""

    def attempt(n):
        try:
            return work(n) or "done"
        except DomainError as refusal:
            return refusal.code

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(attempt, range(count)))


def test_one_order_is_paid_once(desk):
    desk.top_up("li", 100_000)
    order = desk.order("li", 100)
    people = desk.people
    assert people["li"].actor  # signed in before the race
    assert people["admin"].actor

    def pay(n):
        if n % 2:
            return desk.do(service.settle_cash, people["admin"].actor, order.id)
        return desk.pay("li", order)

    assert sorted(at_once(pay)) == ["done"] + ["order_paid"] * (MANY - 1)
    assert desk.balance("li") in (100_000, 99_900)


def test_the_last_coin_is_spent_once(desk):
    desk.top_up("li", 100)
    orders = [desk.order("li", 100) for _ in range(MANY)]
    assert desk.people["li"].actor
    assert sorted(at_once(lambda n: desk.pay("li", orders[n]))) == ["balance_too_low"] * (MANY - 1) + ["done"]
    assert desk.balance("li") == 0


def test_refunds_never_exceed_what_was_paid(desk):
    order = desk.paid("li", 1000)
    assert desk.people["li"].actor
    brought = at_once(lambda n: desk.refund("li", order, 300) and None)
    assert sorted(brought) == ["done"] * 3 + ["refund_too_large"] * (MANY - 3)
    assert desk.balance("li") == 900


def test_owed_cash_is_handed_out_once(desk):
    order = desk.paid_in_cash("li", 1000)
    refund, admin = desk.refund("li", order), desk.people["admin"].actor
    brought = at_once(lambda n: desk.do(service.hand_out, admin, refund) and None)
    assert sorted(brought) == ["done"] + ["refund_decided"] * (MANY - 1)


def test_first_top_ups_at_once_all_arrive(desk):
    assert desk.people["admin"].actor
    assert at_once(lambda n: desk.top_up("wang", 100) and None) == ["done"] * MANY
    assert desk.balance("wang") == 100 * MANY


def test_paying_against_expiry(desk, clock):
    """Both look at the same moment's order: it is paid or expired, never both."""
    desk.top_up("li", 100_000)
    orders = [desk.order("li", 100) for _ in range(MANY)]
    late = clock() + timedelta(hours=1)
    assert desk.people["li"].actor

    def work(n):
        if n % 2:
            return desk.house.db.write(lambda tx: service.expire_due(tx, late)) and None
        return desk.pay("li", orders[n])

    at_once(work)
    desk.house.db.write(lambda tx: service.expire_due(tx, late))
    shown = desk.people["li"]("GET", "/api/v1/orders?limit=100").json()["items"]
    paid = [one for one in shown if one["status"] == "paid"]
    assert {one["status"] for one in shown} <= {"paid", "expired"}
    assert desk.balance("li") == 100_000 - 100 * len(paid)


def test_an_order_expires_once(desk, clock):
    for _ in range(3):
        desk.order("li", 100)
    late = clock() + timedelta(hours=1)
    counts = at_once(lambda n: desk.house.db.write(lambda tx: service.expire_due(tx, late)) or 0)
    assert sum(count for count in counts if isinstance(count, int)) == 3


def test_two_orders_for_one_subject(desk):
    brought = at_once(lambda n: desk.order("li", 100, subject="visit:1") and None)
    assert sorted(brought) == ["done"] + ["subject_has_order"] * (MANY - 1)


def test_two_prices_for_the_same_days(desk):
    from suwen.payments.schemas import PriceInput

    entry, admin = PriceInput(service_type="video", service_name="Video", price=100), desk.people["admin"].actor
    desk.do(service.add_price, admin, PriceInput(service_type="video", service_name="V", price=1, is_active=False))
    brought = at_once(lambda n: desk.do(service.add_price, admin, entry) and None)
    assert sorted(brought) == ["done"] + ["price_overlaps"] * (MANY - 1)
