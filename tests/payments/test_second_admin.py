"""Money that no gateway watches: paid out by hand, or given up. One pair of hands is not enough for a large sum."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from suwen.accounts.models import User
from suwen.core.audit import AuditEvent
from suwen.core.db import new_id
from suwen.payments.models import Anomaly, Journal, Refund
from suwen.payments.schemas.claims import ClaimInput
from suwen.payments.service import anomalies, claims, refunds
from tests.payments.reconciling.conftest import books  # noqa: F401
from tests.support.cast import PASSWORD

POLICY = ClaimInput(insurer="PICC", holder="Li Na", policy_no="P-0044-778899")
NEEDED = (422, "second_admin_needed")


@pytest.fixture
def colleague(house, clock, people):
    """Another administrator, with the password that all the cast has."""
    id = new_id()

    def make(tx):
        known = tx.get_one(User, people["admin"].id)
        tx.add(
            User(id=id, account="admin2", name="Second admin", password_hash=known.password_hash, role="admin",
                 created_at=clock(), updated_at=clock())
        )  # fmt: skip

    house.db.write(make)
    return id


@pytest.fixture
def owed(desk, people):
    """`owed(30000, 25000)`: so much of an order that an insurer has paid is to go back to the insurer, by hand."""

    def make(amount, back, order=None):
        admin = people["admin"].actor
        if order is None:
            order = desk.order("li", amount)
            claim = desk.do(claims.submit, admin, order.id, POLICY)
            desk.do(claims.approve, admin, claim, None)
            desk.do(claims.settle, admin, claim)
        return order, desk.do(refunds.refund, admin, order.id, back, "too much")

    return make


def pay_out(people, refund, **more):
    body = {"how": "bank", "note": "transfer 7"} | more
    answer = people["admin"]("POST", f"/api/v1/refunds/{refund}/by-hand", json=body)
    return answer.status_code, answer.json().get("code") or answer.json()["place"]


def at_rest(house, desk, refund):
    """What a refusal must leave as it is."""
    kept = house.db.read(lambda tx: tx.get(Refund, refund))
    return kept.status, kept.version, desk.postings(), desk.account("asset:bank")


def test_a_large_sum_is_paid_out_by_two(desk, people, house, owed, colleague):
    _, refund = owed(30_000, 25_000)
    before = at_rest(house, desk, refund)
    assert pay_out(people, refund) == NEEDED
    own = {"confirmed_by": people["admin"].id, "password": PASSWORD}
    assert pay_out(people, refund, **own) == NEEDED
    assert pay_out(people, refund, confirmed_by=people["zhang"].id, password=PASSWORD) == NEEDED
    assert pay_out(people, refund, confirmed_by=colleague)[0] == 422  # named, and not there
    assert pay_out(people, refund, confirmed_by=colleague, password="wrong wrong")[0] in (401, 403, 422)
    assert at_rest(house, desk, refund) == before
    assert pay_out(people, refund, confirmed_by=colleague, password=PASSWORD) == (201, "success")
    assert desk.account("asset:bank") == 30_000 - 25_000
    kept = house.db.read(lambda tx: tx.get(Refund, refund)).refund_response
    assert (kept["by"], kept["confirmed_by"]) == (people["admin"].id, colleague)
    mine = select(AuditEvent.actor_id, AuditEvent.action).where(AuditEvent.object_id == refund)
    trail = {tuple(row) for row in house.db.read(lambda tx: tx.execute(mine).all())}
    assert trail == {(people["admin"].id, "write"), (colleague, "sign")}


def test_many_small_sums_by_hand_are_a_large_one(people, owed, colleague):
    order, first = owed(30_000, 15_000)
    assert pay_out(people, first) == (201, "success")
    _, second = owed(30_000, 10_000, order)
    assert pay_out(people, second) == NEEDED
    assert pay_out(people, second, confirmed_by=colleague, password=PASSWORD) == (201, "success")


def test_the_page_asks_for_the_second_one(people, owed, colleague):
    _, small = owed(30_000, 20_000)
    _, large = owed(30_000, 20_001)
    admin = people["admin"]
    assert "confirmed_by" not in admin.page(f"/admin/refunds/{small}").text
    assert "Second admin" in admin.page(f"/admin/refunds/{large}").text
    typed = {"how": "bank", "note": "transfer 7"}
    refused = admin.form(f"/admin/refunds/{large}/by-hand", typed)
    assert (refused.status_code, "another administrator" in refused.text) == (422, True)
    done = admin.form(f"/admin/refunds/{large}/by-hand", typed | {"confirmed_by": colleague, "password": PASSWORD})
    assert done.status_code == 303
    assert admin.form(f"/admin/refunds/{small}/by-hand", typed).status_code == 303


@pytest.mark.parametrize("kind", ["write_off", "suspense", "refund"])
def test_a_large_difference_is_booked_by_two(books, people, house, clock, colleague, kind):  # noqa: F811
    books.pay(25_000)
    line = books.bill.pop()
    id = books.run(bill=[_stranger(line)])
    found = next(row for row in books.rows(id) if row.result == "gateway_only")
    path = f"/api/v1/reconciliation-lines/{found.id}/resolution"
    body = {"kind": kind, "note": "seen"}
    answer = people["admin"]("POST", path, json=body)
    assert (answer.status_code, answer.json()["code"]) == NEEDED
    assert next(row for row in books.rows(id) if row.id == found.id).resolution is None
    assert journals(house) == []
    assert "Second admin" in people["admin"].page(f"/admin/reconciliation/lines/{found.id}").text
    done = people["admin"]("POST", path, json=body | {"confirmed_by": colleague, "password": PASSWORD})
    assert done.status_code == 201, done.text
    assert journals(house) == [{"confirmed_by": colleague}]


def _stranger(line):
    return replace(line, out_no="NOBODY0001", external_id="EXTNOBODY1")


def journals(house):
    found = select(Journal.meta).where(Journal.kind == "reconcile")
    return house.db.read(lambda tx: list(tx.scalars(found)))


@pytest.mark.parametrize(("kind", "amount", "two"), [
    ("mismatch", 25_000, True), ("unknown_payment", 20_001, True), ("mismatch", 20_000, False), ("late", 25_000, False),
    ("refund_unknown", None, True), ("refund_too_many", 20_001, True), ("forged", None, False),
])  # fmt: skip
def test_much_money_in_no_book_is_settled_by_two(house, people, clock, colleague, kind, amount, two):
    facts = {"said": {"amount": amount, "state": "paid"}, "report_id": None}
    if amount is None:
        facts = {"refund_no": "RFD1", "out_no": "TXN1", "amount": None}
    house.db.write(lambda tx: anomalies.note(tx, kind, "one", clock(), gateway="card", facts=facts))
    id = house.db.read(lambda tx: tx.scalar(select(Anomaly.id)))
    admin, path = (
        people["admin"],
        f"/admin/payments/anomalies/{house.db.read(lambda tx: tx.scalar(select(Anomaly.id)))}",
    )
    assert ("Second admin" in admin.page(path).text) is two
    answer = admin("POST", f"/api/v1/payment-anomalies/{id}/resolution", json={"resolution": "nothing_to_do"})
    if not two:
        assert answer.status_code == 201
        return
    assert (answer.status_code, answer.json()["code"]) == NEEDED
    assert house.db.read(lambda tx: tx.get(Anomaly, id)).status == "open"
    typed = {"resolution": "nothing_to_do", "confirmed_by": colleague, "password": PASSWORD}
    assert admin.form(path, typed).status_code == 303
    assert house.db.read(lambda tx: tx.get(Anomaly, id)).status == "resolved"
