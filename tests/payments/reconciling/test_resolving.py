"""Differences resolved by a person, and days settled: every movement is a journal, and the accounts say so."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from suwen.core.outbox import OutboxMessage
from suwen.payments.events import BillDue, PaymentDoubted, RefundDue
from suwen.payments.gateways import Line
from suwen.payments.models import Journal, LedgerAccount, Posting, ReconciliationLine
from tests.payments.gateways.conftest import later, refund_of
from tests.payments.reconciling.conftest import MORNING, NOON
from tests.payments.reconciling.test_running import due, spoilt_day
from tests.support.racing import race, statuses

CLEARING, BANK, FEES = "asset:wechat_clearing", "asset:bank", "expense:gateway_fee"
ASIDE, LOSS = "suspense:unmatched", "expense:write_off"


def journals(books):
    found = select(Journal.idempotency_key).where(Journal.kind.in_(("reconcile", "fee", "settle")))
    return sorted(books.house.db.read(lambda tx: list(tx.scalars(found))))


def resolve(people, line, kind, note="seen"):
    body = {"kind": kind, "note": note}
    return people["admin"]("POST", f"/api/v1/reconciliation-lines/{line.id}/resolution", json=body)


def settle_day(people, id):
    return people["admin"]("POST", f"/api/v1/reconciliations/{id}/settlement")


@pytest.fixture
def spoilt(books):
    spoilt_day(books)
    id = books.run()
    return id, {row.result: row for row in books.rows(id)}


WAYS = {"amount_mismatch": "write_off", "local_only": "suspense", "gateway_only": "refund",
        "status_mismatch": "suspense", "duplicate": "accepted"}  # fmt: skip


def test_when_all_is_resolved_the_day_is_settled_and_nothing_is_left_in_clearing(books, people, spoilt):
    id, lines = spoilt
    assert books.balance(CLEARING) == 6015 - 300
    for result, kind in WAYS.items():
        assert settle_day(people, id).json()["code"] == "differences_open"
        assert resolve(people, lines[result], kind).status_code == 201
    assert books.faults() == []
    assert settle_day(people, id).json()["status"] == "settled"
    # the bill: 1000 + 999 + 1004 + 1005 + 77 paid, 300 back; its row that is there twice counts once, with its fee
    assert (books.balance(BANK), books.balance(FEES)) == (3785 - 31, 31)
    assert books.balance(CLEARING) == 0
    assert (books.balance(LOSS), books.balance(ASIDE)) == (2, 1002 + 1003 - 77)
    assert len(journals(books)) == 4 + 2
    assert {"fee:wechat:2030-01-01", "settle:wechat:2030-01-01"} <= set(journals(books))


def test_a_settled_day_is_settled_once_and_stays(books, people, spoilt):
    id, lines = spoilt
    for result, kind in WAYS.items():
        resolve(people, lines[result], kind)
    answers = race(*[lambda: settle_day(people, id)] * 4)
    assert statuses(answers) == [201, 409, 409, 409]
    before = (journals(books), [(row.id, row.result) for row in books.rows(id)])
    assert settle_day(people, id).json()["code"] == "day_settled"
    assert resolve(people, lines["duplicate"], "suspense").json()["code"] == "day_settled"
    body = {"gateway": "wechat", "day": "2030-01-01"}
    books.house.clock.set(MORNING)
    assert people["admin"]("POST", "/api/v1/reconciliations", json=body).json()["code"] == "day_settled"
    assert books.run(bill=[]) is None
    assert (journals(books), [(row.id, row.result) for row in books.rows(id)]) == before


def test_a_matched_day_is_settled_by_currency(books, people):
    books.pay(1000, gateway="card")
    books.pay(700, gateway="card", currency="USD", fee=20)
    id = books.run("card")
    assert settle_day(people, id).status_code == 201
    assert (books.balance(BANK), books.balance(BANK, "USD")) == (994, 680)
    assert (books.balance("asset:card_clearing"), books.balance("asset:card_clearing", "USD")) == (0, 0)
    assert "settle:card:2030-01-01:USD" in journals(books)


def test_a_day_of_nothing_but_refunds_takes_from_the_bank(books, people):
    number = books.pay(1000, NOON - timedelta(days=1), billed=False)
    books.refund(number, 400, fee=-2)
    id = books.run()
    assert settle_day(people, id).status_code == 201
    assert (books.balance(BANK), books.balance(FEES), books.balance(CLEARING)) == (-398, -2, 1000)


@pytest.mark.parametrize("way", ["suspense", "write_off"])
def test_a_payment_that_the_bill_has_in_another_currency_is_booked_in_each_of_them(books, people, way):
    number = books.pay(8000, gateway="card", fee=0)
    books.bill[0] = replace(books.bill[0], amount=8700, currency="HKD", fee=100)
    id = books.run("card")
    ours, theirs = books.rows(id)
    assert (ours.currency, theirs.currency, theirs.line_key) == ("CNY", "HKD", f"payment:{number}@HKD")
    for line in (ours, theirs):
        assert settle_day(people, id).json()["code"] == "differences_open"
        assert resolve(people, line, way).status_code == 201
    books.run("card")
    assert settle_day(people, id).status_code == 201
    against = {"suspense": ASIDE, "write_off": LOSS}[way]
    assert [books.balance("asset:card_clearing", code) for code in ("CNY", "HKD")] == [0, 0]
    assert [books.balance(BANK, code) for code in ("CNY", "HKD")] == [0, 8600]
    assert [books.balance(against, code) for code in ("CNY", "HKD")] == [8000, -8700]


def test_a_cards_refund_that_came_back_and_a_dispute_are_on_its_bill(
    books, people, sim, begin, gateways, clock, settle, at_the_gateways
):
    """The refund left the account and came back; a dispute and a fee of the account took from it; a payout is ours."""
    sim.pay(begin("card", "TXN20300101A1", 8000).out_no)
    known = sim.look("state")["payment"][0]
    books.pay(8000, clock(), gateway="card", number="TXN20300101A1", external=known["external_id"], billed=False)
    order = refund_of(known["external_id"], out_no="TXN20300101A1")
    sim.settings(refund_outcome="abnormal")
    gateways["card"].refund(order)
    assert gateways["card"].query_refund(order).state == "abnormal"
    books.refund("TXN20300101A1", 3000, clock(), refund_no=order.out_refund_no, billed=False, status="processing")
    at = NOON.timestamp()
    rows = [("adjustment", -5000, 1500), ("stripe_fee", -70, 0), ("adjustment", 200, 0), ("payout", -900, 0)]
    extra = [{"type": kind, "amount": amount, "fee": fee, "out_no": "", "external_id": "", "at": at + n}
             for n, (kind, amount, fee) in enumerate(rows)]  # fmt: skip
    sim.lever("bill", {"gateway": "card", "extra": extra})
    later(clock, sim, hours=28)
    body = {"gateway": "card", "day": "2030-01-01"}
    id = people["admin"]("POST", "/api/v1/reconciliations", json=body).json()["id"]
    settle()
    lines = books.rows(id)
    assert sorted((one.result, one.kind, one.bill_amount, one.fee) for one in lines) == [
        ("gateway_only", "payment", 200, 0), ("gateway_only", "payment", 3000, 0), ("gateway_only", "refund", 70, 0),
        ("gateway_only", "refund", 5000, 1500), ("match", "payment", 8000, 262), ("status_mismatch", "refund", 3000, 0),
    ]  # fmt: skip
    assert f"payment:{order.out_refund_no}" in {one.line_key for one in lines}
    for one in lines:
        if one.result != "match":
            assert resolve(people, one, "suspense").status_code == 201
    assert settle_day(people, id).status_code == 201
    assert (books.balance(BANK), books.balance(FEES)) == (8000 - 5000 - 70 + 200 - 262 - 1500, 1762)
    assert (books.balance("asset:card_clearing"), books.balance(ASIDE)) == (0, 5000 + 70 - 200)


def test_a_way_that_does_not_fit_is_refused(books, people, spoilt):
    _, lines = spoilt
    for result, kind in (("gateway_only", "accepted"), ("amount_mismatch", "accepted"), ("local_only", "refund"),
                         ("duplicate", "write_off"), ("local_only", "ask_gateway"), ("match", "accepted")):  # fmt: skip
        answer = resolve(people, lines[result], kind)
        assert answer.status_code in (409, 422), result
    assert resolve(people, lines["duplicate"], "accepted", note="").status_code == 422
    assert journals(books) == []
    assert not any(row.resolution for row in lines.values())


def test_resolved_once_whoever_is_first(books, people, spoilt):
    _, lines = spoilt
    answers = race(*[lambda: resolve(people, lines["gateway_only"], "suspense")] * 4)
    assert statuses(answers) == [201, 409, 409, 409]
    assert len(journals(books)) == 1


def test_the_reason_and_who_gave_it_are_kept(books, people, spoilt):
    _, lines = spoilt
    found = resolve(people, lines["duplicate"], "accepted", note="Their mistake, told them").json()
    assert (found["resolution"], found["note"], found["ways"]) == ("accepted", "Their mistake, told them", [])
    assert found["resolved_by"]
    assert found["resolved_at"]


def test_a_resolution_stays_while_the_difference_is_the_same(books, people, spoilt):
    id, lines = spoilt
    resolve(people, lines["gateway_only"], "refund", "not ours")
    books.run()
    row = {row.result: row for row in books.rows(id)}["gateway_only"]
    assert (row.resolution, row.note, row.id) == ("refund", "not ours", lines["gateway_only"].id)
    assert len(journals(books)) == 1


def test_another_difference_is_open_again_and_what_was_booked_counts_as_ours(books, people):
    """We learn of the payment after its money was put aside: now our books have it twice, and say so."""
    number = books.pay(500, status="pending")
    id = books.run()
    [line] = books.rows(id)
    assert resolve(people, line, "suspense").status_code == 201
    books.learn(number, NOON + timedelta(hours=20))
    books.run()
    [line] = books.rows(id)
    assert (line.result, line.local_amount, line.bill_amount, line.resolution) == ("amount_mismatch", 1000, 500, None)
    assert settle_day(people, id).json()["code"] == "differences_open"
    books.run()
    assert len(books.rows(id)) == 1
    assert resolve(people, line, "suspense").status_code == 201
    assert (books.balance(CLEARING), books.balance(ASIDE)) == (500, 0)
    books.run()
    [line] = books.rows(id)
    assert (line.result, line.local_amount) == ("match", 500)
    assert settle_day(people, id).status_code == 201
    assert books.balance(CLEARING) == 0


def test_money_put_aside_for_a_row_that_is_gone_is_taken_back_by_a_person(books, people):
    extra = Line("payment", "ORDOTHER", "EXTOTHER", 77, "CNY", NOON, "SUCCESS", 1)
    id = books.run(bill=[extra])
    resolve(people, books.rows(id)[0], "suspense")
    books.run(bill=[])
    [line] = books.rows(id)
    assert (line.result, line.local_amount, line.bill_amount) == ("local_only", 77, None)
    resolve(people, line, "suspense")
    assert (books.balance(CLEARING), books.balance(ASIDE)) == (0, 0)
    books.run(bill=[])
    assert books.rows(id) == []


def test_asking_the_gateway_leaves_it_open_and_asks_next(books, house, people):
    paid, open_ = books.pay(800), books.pay(500, status="pending")
    books.refund(paid, 300, status="processing")
    id = books.run()
    lines = {row.line_key: row for row in books.rows(id) if row.result != "match"}
    assert len(lines) == 2
    for line in lines.values():
        assert resolve(people, line, "ask_gateway").status_code == 201
    found = select(OutboxMessage.event, OutboxMessage.payload).where(OutboxMessage.event != BillDue.name)
    asked = {row[0]: row[1] for row in house.db.read(lambda tx: tx.execute(found).all())}
    assert asked[PaymentDoubted.name]["out_no"] == open_
    assert RefundDue.name in asked
    shown = people["admin"]("GET", f"/api/v1/reconciliations/{id}").json()
    assert shown["open"] == 2
    assert len(due(house)) == 2  # and the bill is compared again
    assert journals(books) == []


def test_nothing_is_resolved_while_the_bill_is_compared(books, house, people, spoilt):
    from suwen.payments.models import Reconciliation

    id, lines = spoilt
    house.db.write(lambda tx: tx.execute(update(Reconciliation).values(status="running")))
    assert resolve(people, lines["duplicate"], "accepted").json()["code"] == "still_comparing"
    assert settle_day(people, id).json()["code"] == "still_comparing"


def test_resolving_races_with_a_run_and_neither_is_lost(books, people, spoilt):
    id, lines = spoilt
    for _ in range(3):
        answers = race(books.run, lambda: resolve(people, lines["gateway_only"], "refund"))
        assert not [one for one in answers if isinstance(one, Exception)]
    row = {row.result: row for row in books.rows(id)}["gateway_only"]
    done = journals(books)
    assert len(done) == (1 if row.resolution else 0)


def test_only_the_desk(books, people, spoilt):
    id, lines = spoilt
    for login in ("li", "zhang", "zhao"):
        for answer in (
            people[login]("GET", f"/api/v1/reconciliations/{id}"),
            people[login]("POST", f"/api/v1/reconciliations/{id}/settlement"),
            people[login]("POST", f"/api/v1/reconciliation-lines/{lines['duplicate'].id}/resolution",
                          json={"kind": "accepted", "note": "x"}),
        ):  # fmt: skip
            assert answer.status_code == 403
    assert journals(books) == []


@pytest.mark.parametrize("what", ["clearing", "settlement"])
def test_the_check_finds(house, ids, people, what):
    from tests.payments.reconciling.conftest import Books

    books = Books(house, ids)
    books.pay(1000)
    id = books.run()
    assert settle_day(people, id).status_code == 201
    assert books.faults() == []
    if what == "clearing":
        change = update(LedgerAccount).where(LedgerAccount.code == CLEARING)
        house.db.write(lambda tx: tx.execute(change.values(balance_minor=LedgerAccount.balance_minor + 1)))
        assert books.faults() == [f"{CLEARING} in CNY holds 1, 0 is not settled yet"]
    else:
        line = books.rows(id)[0]
        house.db.write(lambda tx: tx.execute(update(ReconciliationLine).where(ReconciliationLine.id == line.id)
                                             .values(bill_amount=999)))  # fmt: skip
        assert books.faults() == ["wechat, 2030-01-01: the settlement in CNY is not what its lines say"]


def test_lists_are_in_parts_and_as_a_file(books, people):
    for number in range(25):
        books.pay(100 + number)
    books.bill[3] = replace(books.bill[3], amount=1)
    id = books.run()
    found, after = [], None
    while True:
        part = people["admin"]("GET", f"/api/v1/reconciliations/{id}/lines", params={"limit": 10} | (
            {"after": after} if after else {})).json()  # fmt: skip
        found += [one["line_key"] for one in part["items"]]
        after = part["next"]
        if after is None:
            break
    assert found == sorted(found)
    assert len(found) == 25
    open_ = people["admin"]("GET", f"/api/v1/reconciliations/{id}/lines", params={"result": "open"}).json()["items"]
    assert [one["result"] for one in open_] == ["amount_mismatch"]
    resolve(people, books.rows(id)[3], "write_off", note="=cmd()")
    text = people["admin"].page(f"/admin/reconciliation/{id}/lines.csv").text
    assert len(text.splitlines()) == 26
    assert "'=cmd()" in text
    assert ",=cmd()" not in text


def test_days_are_in_parts_that_end_with_a_day(books, people):
    from datetime import date

    for n in range(5):
        for gateway in ("wechat", "alipay"):
            books.run(gateway, date(2029, 12, 20 + n), bill=[])
    first = people["admin"]("GET", "/api/v1/reconciliations", params={"limit": 2}).json()
    rest = people["admin"]("GET", "/api/v1/reconciliations", params={"limit": 3, "after": first["next"]}).json()
    assert [one["day"] for one in first["items"]] == ["2029-12-24"] * 2 + ["2029-12-23"] * 2
    assert [one["day"] for one in rest["items"]] == [f"2029-12-{n}" for n in (22, 22, 21, 21, 20, 20)]
    assert rest["next"] is None
    assert people["admin"].page("/admin/reconciliation?after=x&since=9999-12-31").status_code == 200


def test_postings_are_only_ever_added(books, people, spoilt):
    _, lines = spoilt
    count = lambda: books.house.db.read(lambda tx: tx.scalar(select(func.count()).select_from(Posting)))  # noqa: E731
    before = count()
    resolve(people, lines["gateway_only"], "refund")
    assert count() == before + 2


def test_the_gateways_answer_makes_a_doubted_payment_ours(
    books, house, people, ids, sim, begin, clock, settle, at_the_gateways
):
    """Its report was lost, and nobody asked in time: the bill shows it, one question mends it."""
    attempt = begin("wechat", "TXN20300101A1", 800)
    sim.pay(attempt.out_no)
    books.pay(800, clock(), number="TXN20300101A1", status="pending", phase="closed")
    later(clock, sim, hours=28)
    body = {"gateway": "wechat", "day": "2030-01-01"}
    id = people["admin"]("POST", "/api/v1/reconciliations", json=body).json()["id"]
    settle()
    [line] = books.rows(id)
    assert (line.result, line.local_state) == ("status_mismatch", "pending")
    assert resolve(people, line, "ask_gateway").status_code == 201
    settle()
    later(clock, sim, minutes=3)
    settle()
    assert set(books.results(id).values()) == {"match"}
    assert books.balance(CLEARING) == 800
