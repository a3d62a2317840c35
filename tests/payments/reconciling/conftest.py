"""Days of payments through gateways, booked as they are booked, and the bills to hold against them."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from suwen.core.db import new_id
from suwen.payments import matching
from suwen.payments.gateways import Line
from suwen.payments.models import LedgerAccount, Order, Reconciliation, ReconciliationLine, Refund, Transaction
from suwen.payments.service import ledger, reconciling
from suwen.payments.service.channels import METHOD_OF, Channels
from tests.payments.gateways.conftest import (  # noqa: F401
    _http,
    around,
    begin,
    exchanges,
    gateways,
    shop,
)

DAY = date(2030, 1, 1)
NOON = matching.bounds(DAY)[0] + timedelta(hours=12)
MORNING = matching.bounds(DAY)[1] + timedelta(hours=10)  # when the bill is there


class Books:
    """Payments and refunds as the rest of payments leaves them, and the bill that says the same."""

    def __init__(self, house: Any, ids: Any) -> None:
        self.house, self.ids, self.count = house, ids, 0
        self.bill: list[Line] = []
        self.by_hand = ""  # the method, where a refund does not go back the way it came

    def pay(
        self, amount: int, at: datetime = NOON, *, gateway: str = "wechat", number: str = "", currency: str = "CNY",
        external: str = "", billed: bool = True, status: str = "success", bill_at: datetime | None = None, fee: int = 6,
        phase: str | None = None,
    ) -> str:  # fmt: skip
        """An order that was paid, with its row on the bill; the attempt's number."""
        self.count += 1
        number = number or f"TXN2030{self.count:05d}"
        external = external or f"EXT{self.count:05d}"
        self.house.db.write(lambda tx: self._pay(tx, gateway, number, external, amount, currency, at, status, phase))
        if billed:
            self.bill.append(Line("payment", number, external, amount, currency, bill_at or at, "SUCCESS", fee))
        return number

    def _pay(self, tx, gateway, number, external, amount, currency, at, status, phase):
        order, paid = new_id(), status == "success"
        tx.execute(insert(Order.__table__), {
            "id": order, "order_no": f"ORD{number}", "user_id": self.ids.users["li"], "order_type": "appointment",
            "amount": amount, "currency": currency, "status": "paid" if paid else "pending", "expire_time": at,
            "payment_method": METHOD_OF[gateway], "payment_time": at if paid else None, "created_at": at,
        })  # fmt: skip
        tx.execute(insert(Transaction.__table__), {
            "id": new_id(), "transaction_no": number, "order_id": order, "payment_method": METHOD_OF[gateway],
            "transaction_type": "payment", "amount": amount, "currency": currency, "status": status,
            "external_transaction_id": external if paid else None, "initiated_at": at - timedelta(minutes=1),
            "completed_at": at if paid else None, "phase": phase,
        })  # fmt: skip
        if paid:
            self._book_payment(tx, gateway, external, order, amount, currency, at)

    def _book_payment(self, tx, gateway, external, order, amount, currency, at):
        lines = [(f"asset:{gateway}_clearing", currency, amount), (ledger.REVENUE, currency, -amount)]
        ledger.book(tx, f"pay:{gateway}:{external}", "payment", lines, at, ref=("order", order))

    def learn(self, number: str, at: datetime) -> None:
        """An attempt that was not known to be paid is."""
        self.house.db.write(lambda tx: self._learn(tx, number, at))

    def _learn(self, tx, number, at):
        found = tx.execute(select(Transaction).where(Transaction.transaction_no == number)).scalar_one()
        found.status, found.completed_at, found.external_transaction_id = "success", at, f"EXT{number}"
        tx.execute(update(Order).where(Order.id == found.order_id).values(status="paid", payment_time=at))
        gateway = {method: name for name, method in METHOD_OF.items()}[found.payment_method]
        self._book_payment(tx, gateway, f"EXT{number}", found.order_id, found.amount, found.currency, at)

    def refund(
        self, number: str, amount: int, at: datetime = NOON, *, refund_no: str = "", billed: bool = True,
        status: str = "success", bill_state: str = "SUCCESS", fee: int = 0,
    ) -> str:  # fmt: skip
        self.count += 1
        refund_no = refund_no or f"RFD2030{self.count:05d}"
        of = self.house.db.write(lambda tx: self._refund(tx, number, refund_no, amount, at, status))
        if billed:
            line = Line("refund", number, of.external_transaction_id or "", amount, of.currency, at, bill_state, fee)
            self.bill.append(replace(line, out_refund_no=refund_no, external_refund_id=f"EXT{refund_no}"))
        return refund_no

    def _refund(self, tx, number, refund_no, amount, at, status):
        of = tx.execute(select(Transaction).where(Transaction.transaction_no == number)).scalar_one()
        id, ref = new_id(), ("order", of.order_id)
        tx.execute(insert(Refund.__table__), {
            "id": id, "refund_no": refund_no, "order_id": of.order_id, "transaction_id": of.id,
            "user_id": self.ids.users["li"], "refund_amount": amount, "currency": of.currency, "refund_reason": "r",
            "status": status, "completed_at": at if status == "success" else None, "created_at": at,
        })  # fmt: skip
        method = self.by_hand or of.payment_method
        if status == "success":
            tx.execute(insert(Transaction.__table__), {
                "id": new_id(), "transaction_no": refund_no, "order_id": of.order_id, "payment_method": method,
                "transaction_type": "refund", "amount": amount, "currency": of.currency, "status": "success",
                "external_transaction_id": f"EXT{refund_no}", "initiated_at": at, "completed_at": at,
            })  # fmt: skip
        back = {"status": "partial_refunded", "refunded_amount": Order.refunded_amount + amount}
        if status != "success":
            back = {"refunding_amount": Order.refunding_amount + amount}
        tx.execute(update(Order).where(Order.id == of.order_id).values(**back))
        owed = [(ledger.REVENUE, of.currency, amount), (ledger.OWED_BACK, of.currency, -amount)]
        ledger.book(tx, f"refund:{id}", "refund", owed, at, ref=ref)
        gateway = {method: name for name, method in METHOD_OF.items()}[of.payment_method]
        if status == "success":
            done = [
                (ledger.OWED_BACK, of.currency, amount),
                (f"asset:{gateway}_clearing" if not self.by_hand else "asset:cash", of.currency, -amount),
            ]
            ledger.book(tx, f"refund-done:{id}", "refund_done", done, at, ref=ref)
        tx.flush()
        return of

    def run(self, gateway: str = "wechat", day: date = DAY, bill: Any = None, now: datetime = MORNING) -> str | None:
        lines = self.bill if bill is None else bill
        return reconciling.reconcile(self.house.db, gateway, day, lines, now)

    def day(self, id: str) -> Any:
        return self.house.db.read(lambda tx: tx.get(Reconciliation, id))

    def rows(self, id: str) -> list[Any]:
        found = select(ReconciliationLine).where(ReconciliationLine.reconciliation_id == id)
        ordered = found.order_by(ReconciliationLine.line_key)
        return self.house.db.read(lambda tx: list(tx.scalars(ordered)))

    def results(self, id: str) -> dict[str, str]:
        return {row.line_key: row.result for row in self.rows(id)}

    def balance(self, code: str, currency: str = "CNY") -> int:
        found = select(LedgerAccount.balance_minor).where(
            LedgerAccount.code == code, LedgerAccount.currency == currency
        )
        return self.house.db.read(lambda tx: tx.scalar(found)) or 0

    def faults(self) -> list[str]:
        return self.house.db.read(lambda tx: list(reconciling.settlement_faults(tx)))


@pytest.fixture
def books(house, ids):
    """Whatever a test does, at its end the clearing accounts hold what is not settled."""
    made = Books(house, ids)
    yield made
    assert made.faults() == []


@pytest.fixture
def at_the_gateways(house, clock, sim):
    """The house's gateways are those of the simulator."""
    return house.db.beside("gateways", lambda: Channels(house.db, clock=clock, environment=sim.environment)).gateways
