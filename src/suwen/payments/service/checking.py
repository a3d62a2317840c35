"""Does the money add up? Every night, when an admin asks, and after every random sequence of the tests.

Each question is one statement that returns only what is wrong: a hundred thousand journals are looked at in seconds,
and money that moves meanwhile is no fault, because each statement sees one moment. The numbers are those of
`docs/developers/payments-ledger.md`; eleven (of many who spend the last coin one succeeds) is a test, not a state.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Integer, and_, case, func, literal_column, not_, or_, select, type_coerce
from sqlalchemy.orm import Session, aliased

from suwen.core.i18n import N_
from suwen.payments.models import (
    Balance,
    BalanceEntry,
    Claim,
    Hold,
    Journal,
    LedgerAccount,
    Order,
    Posting,
    Refund,
    Transaction,
)
from suwen.payments.service import ledger, sealing

SHOWN = 20  # of each kind: who has more has one cause
PAID = ("paid", "partial_refunded", "refunded")
TWICE = "paid_twice"
TOP_UP = "top_up:"
PLACES = {"cash": ledger.CASH, "wechat": ledger.clearing("wechat"), "alipay": ledger.clearing("alipay"),
          "bank_card": ledger.clearing("card")}  # fmt: skip


@dataclass(frozen=True)
class Fault:
    """What does not hold: the invariant's number, a sentence (a msgid), and what stands in its places."""

    invariant: int
    text: str
    values: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.text % self.values


def check_ledger(tx: Session) -> list[str]:
    """What does not hold, in words; empty when everything does."""
    return [str(fault) for fault in faults(tx)]


def faults(tx: Session) -> Iterator[Fault]:
    for ask in QUESTIONS:
        yield from ask(tx)


def _journals(tx: Session) -> Iterator[Fault]:
    """1 and 12: two postings or more, of one currency, adding up to nought. 10: no posting without its journal."""
    found = (
        select(Journal.id)
        .outerjoin(Posting, Posting.journal_id == Journal.id)
        .group_by(Journal.id)
        .having(or_(func.count(Posting.id) < 2, func.sum(Posting.amount_minor) != 0))
    )
    for id in _some(tx, found):
        yield Fault(1, N_("journal %(id)s does not add up to nought"), {"id": id})
    currencies = func.min(Posting.currency) != func.max(Posting.currency)
    for id in _some(tx, select(Posting.journal_id).group_by(Posting.journal_id).having(currencies)):
        yield Fault(12, N_("journal %(id)s mixes currencies"), {"id": id})
    lost = select(Posting.id).outerjoin(Journal, Journal.id == Posting.journal_id).where(Journal.id.is_(None))
    for id in _some(tx, lost):
        yield Fault(10, N_("posting %(id)s belongs to no journal"), {"id": id})


def _accounts(tx: Session) -> Iterator[Fault]:
    """3: an account is the sum of its postings. 2: all accounts of a currency add up to nought. 12: one currency each.
    4: an account of a person is never below nought."""
    summed = func.coalesce(func.sum(Posting.amount_minor), 0)
    found = (
        select(LedgerAccount.code)
        .outerjoin(Posting, Posting.account_id == LedgerAccount.id)
        .group_by(LedgerAccount.id, LedgerAccount.code, LedgerAccount.balance_minor)
        .having(summed != LedgerAccount.balance_minor)
    )
    for code in _some(tx, found):
        yield Fault(3, N_("account %(code)s differs from its postings"), {"code": code})
    total = func.sum(LedgerAccount.balance_minor)
    for currency in _some(tx, select(LedgerAccount.currency).group_by(LedgerAccount.currency).having(total != 0)):
        yield Fault(2, N_("the accounts in %(currency)s do not add up to nought"), {"currency": currency})
    mixed = (
        select(Posting.id)
        .join(LedgerAccount, LedgerAccount.id == Posting.account_id)
        .where(Posting.currency != LedgerAccount.currency)
    )
    for id in _some(tx, mixed):
        yield Fault(12, N_("posting %(id)s is in another currency than its account"), {"id": id})
    wrong_side = or_(
        and_(LedgerAccount.normal_side == "credit", LedgerAccount.balance_minor > 0),
        and_(LedgerAccount.normal_side == "debit", LedgerAccount.balance_minor < 0),
    )
    for code in _some(tx, select(LedgerAccount.code).where(not_(LedgerAccount.allow_negative), wrong_side)):
        yield Fault(4, N_("account %(code)s is below nought"), {"code": code})


def _wallets(tx: Session) -> Iterator[Fault]:
    """5: a wallet is its owner's two accounts, and income less expense. 4: neither part is below nought."""
    frozen = LedgerAccount.code.endswith(":frozen")
    held = (
        select(
            LedgerAccount.owner_id, LedgerAccount.currency,
            func.sum(case((frozen, 0), else_=-LedgerAccount.balance_minor)).label("available"),
            func.sum(case((frozen, -LedgerAccount.balance_minor), else_=0)).label("frozen"),
        )
        .where(LedgerAccount.owner_type == "user")
        .group_by(LedgerAccount.owner_id, LedgerAccount.currency)
        .subquery()
    )  # fmt: skip
    same = and_(held.c.owner_id == Balance.user_id, held.c.currency == Balance.currency)
    differs = or_(
        _cents(tx, Balance.balance) != func.coalesce(held.c.available, 0),
        _cents(tx, Balance.frozen_balance) != func.coalesce(held.c.frozen, 0),
    )
    found = set(_some(tx, select(Balance.user_id).outerjoin(held, same).where(differs)))
    without = or_(held.c.available != 0, held.c.frozen != 0)
    found |= set(_some(tx, select(held.c.owner_id).outerjoin(Balance, same).where(Balance.id.is_(None), without)))
    for user_id in sorted(found):
        yield Fault(5, N_("the wallet of %(user)s differs from the ledger"), {"user": user_id})
    both = Balance.balance + Balance.frozen_balance
    for user_id in _some(tx, select(Balance.user_id).where(Balance.total_income - Balance.total_expense != both)):
        yield Fault(5, N_("the wallet of %(user)s is not its income less its expense"), {"user": user_id})
    for user_id in _some(tx, select(Balance.user_id).where(or_(Balance.balance < 0, Balance.frozen_balance < 0))):
        yield Fault(4, N_("the wallet of %(user)s is below nought"), {"user": user_id})


def _statements(tx: Session) -> Iterator[Fault]:
    """5: the lines of a statement end at the balance and at what is set aside, and each says what it did. Held deposits
    are what is set aside."""
    nought: Any = literal_column("0")
    kind, amount = BalanceEntry.transaction_type, BalanceEntry.amount
    signed = case((kind.in_(("income", "unfreeze")), amount), else_=-amount)
    aside = case((kind == "freeze", amount), (kind == "unfreeze", -amount), else_=nought)
    found = (
        select(Balance.user_id)
        .outerjoin(BalanceEntry, BalanceEntry.user_id == Balance.user_id)
        .group_by(Balance.user_id, Balance.balance, Balance.frozen_balance)
        .having(
            or_(
                func.coalesce(func.sum(signed), nought) != Balance.balance,
                func.coalesce(func.sum(aside), nought) != Balance.frozen_balance,
            )
        )
    )
    for user_id in _some(tx, found):
        yield Fault(5, N_("the statement of %(user)s does not end at the balance"), {"user": user_id})
    jumps = select(BalanceEntry.id).where(BalanceEntry.balance_after - BalanceEntry.balance_before != signed)
    for id in _some(tx, jumps):
        yield Fault(5, N_("line %(id)s of a statement does not say what it did"), {"id": id})
    deposits = (
        select(Hold.user_id, func.sum(Hold.amount).label("held"))
        .where(Hold.status == "held")
        .group_by(Hold.user_id)
        .subquery()
    )
    loose = (
        select(Balance.user_id)
        .outerjoin(deposits, deposits.c.user_id == Balance.user_id)
        .where(func.coalesce(deposits.c.held, nought) != Balance.frozen_balance)
    )
    for user_id in _some(tx, loose):
        yield Fault(5, N_("what is set aside of %(user)s is not the deposits held"), {"user": user_id})


def _orders(tx: Session) -> Iterator[Fault]:
    """6: paid less paid back is what the ledger recognised for an order (a top-up: in the wallet), and what is
    owed back is on its way. An order that is not paid has taken nothing. 8: not more is paid back than was paid."""
    booked, back = _booked_by_order(), _refunds_by_order(tx)
    paid, left = Order.status.in_(PAID), _cents(tx, Order.amount - Order.refunded_amount)
    processing, pending, success = (func.coalesce(back.c[name], 0) for name in ("processing", "pending", "success"))
    place = case((Order.subject.startswith(TOP_UP, autoescape=True), booked.c.wallet), else_=booked.c.revenue)
    kept, expected = func.coalesce(place, 0), case((paid, left - processing), else_=0)
    owed = func.coalesce(booked.c.owed, 0)
    on_its_way = processing + func.coalesce(booked.c.twice, 0) - func.coalesce(back.c.twice, 0)
    asked = (
        select(Order.order_no, kept.label("kept"), expected.label("expected"), owed.label("owed"),
               on_its_way.label("on_its_way"))
        .outerjoin(booked, booked.c.ref_id == Order.id)
        .outerjoin(back, back.c.order_id == Order.id)
    )  # fmt: skip
    for row in tx.execute(asked.where(kept != expected).limit(SHOWN)):
        values = {"order": row.order_no, "kept": int(row.expected), "booked": int(row.kept)}
        yield Fault(6, N_("order %(order)s kept %(kept)s, the ledger says %(booked)s"), values)
    for row in tx.execute(asked.where(owed != on_its_way).limit(SHOWN)):
        values = {"order": row.order_no, "owed": int(row.on_its_way), "booked": int(row.owed)}
        yield Fault(6, N_("order %(order)s owes %(owed)s back, the ledger says %(booked)s"), values)
    wrong = or_(
        _cents(tx, Order.refunded_amount) != success,
        _cents(tx, Order.refunding_amount) != pending + processing,
        Order.refunded_amount + Order.refunding_amount > Order.amount,
    )
    for order_no in _some(tx, select(Order.order_no).outerjoin(back, back.c.order_id == Order.id).where(wrong)):
        yield Fault(8, N_("the refunds of order %(order)s do not add up"), {"order": order_no})


def _payments(tx: Session) -> Iterator[Fault]:
    """7: an order was paid by one journal. 8: of one payment no more goes back than it brought."""
    paid = (
        select(Journal.ref_id)
        .where(Journal.ref_type == "order", Journal.kind == "payment", Journal.reversed_by.is_(None))
        .group_by(Journal.ref_id)
        .having(func.count() > 1)
    )
    for id in _some(tx, paid):
        yield Fault(7, N_("order %(id)s was paid by two journals"), {"id": id})
    for key in _some(tx, select(Journal.idempotency_key).where(Journal.body_hash.is_(None))):
        yield Fault(7, N_("journal %(key)s does not say what was booked"), {"key": key})
    payment, alive = aliased(Transaction), Refund.status.in_(("pending", "processing", "success"))
    more = (
        select(payment.transaction_no)
        .join(Refund, and_(Refund.transaction_id == payment.id, alive))
        .group_by(payment.id, payment.transaction_no, payment.amount)
        .having(func.sum(Refund.refund_amount) > payment.amount)
    )
    for number in _some(tx, more):
        yield Fault(8, N_("more than payment %(number)s brought goes back"), {"number": number})


def _channels(tx: Session) -> Iterator[Fault]:
    """9: what orders brought to the till and to each gateway is what the payments there say. What is settled with a
    gateway afterwards belongs to no order."""
    said: dict[tuple[str, str], int] = {}
    sign = case((Transaction.transaction_type == "payment", Transaction.amount), else_=-Transaction.amount)
    asked = (
        select(Transaction.payment_method, Transaction.currency, func.sum(_cents(tx, sign)).label("amount"))
        .where(Transaction.status == "success", Transaction.payment_method.in_(PLACES))
        .group_by(Transaction.payment_method, Transaction.currency)
    )
    booked = (
        select(LedgerAccount.code, LedgerAccount.currency, func.sum(Posting.amount_minor).label("amount"))
        .join(Posting, Posting.account_id == LedgerAccount.id)
        .join(Journal, Journal.id == Posting.journal_id)
        .where(LedgerAccount.code.in_(PLACES.values()), Journal.ref_type == "order")
        .group_by(LedgerAccount.code, LedgerAccount.currency)
    )
    both = _twice(tx, asked, booked)
    for row in both[0]:
        said[PLACES[row.payment_method], row.currency] = int(row.amount)
    there = {(row.code, row.currency): int(row.amount) for row in both[1]}
    for place in sorted(said.keys() | there.keys()):
        if said.get(place, 0) != there.get(place, 0):
            values = {"code": place[0], "said": said.get(place, 0), "booked": there.get(place, 0)}
            yield Fault(9, N_("the payments at %(code)s are %(said)s, the ledger says %(booked)s"), values)


def _insurers(tx: Session) -> Iterator[Fault]:
    """9: insurers owe what was approved and not settled, less what was paid back of it."""
    back = (
        select(Transaction.order_id, func.sum(Transaction.amount).label("amount"))
        .where(Transaction.transaction_type == "refund", Transaction.payment_method == "insurance")
        .group_by(Transaction.order_id)
        .subquery()
    )
    owing = func.sum(_cents(tx, Claim.amount) - func.coalesce(_cents(tx, back.c.amount), 0))
    asked = (
        select(Claim.currency, owing.label("amount"))
        .outerjoin(back, back.c.order_id == Claim.order_id)
        .where(Claim.status == "approved")
        .group_by(Claim.currency)
    )
    booked = select(LedgerAccount.currency, LedgerAccount.balance_minor.label("amount"))
    both = _twice(tx, asked, booked.where(LedgerAccount.code == ledger.INSURER))
    said, there = ({row.currency: int(row.amount) for row in part} for part in both)
    for currency in sorted(said.keys() | there.keys()):
        if said.get(currency, 0) != there.get(currency, 0):
            values = {"said": said.get(currency, 0), "booked": there.get(currency, 0)}
            yield Fault(9, N_("insurers owe %(said)s, the ledger says %(booked)s"), values)


def _seals(tx: Session) -> Iterator[Fault]:
    """10: what was booked in the newest sealed days is what is there; `suwen ledger verify` looks at all of them."""
    for fault in sealing.broken(tx, newest=3):
        yield Fault(10, fault.text, fault.values)


def _booked_by_order() -> Any:
    """Of each order what the ledger says: income, in the wallet, owed back, and of that by a second payment."""
    code, amount = LedgerAccount.code, -Posting.amount_minor
    owed = code == ledger.OWED_BACK
    return (
        select(
            Journal.ref_id,
            func.sum(case((code == ledger.REVENUE, amount), else_=0)).label("revenue"),
            func.sum(case((LedgerAccount.owner_type == "user", amount), else_=0)).label("wallet"),
            func.sum(case((owed, amount), else_=0)).label("owed"),
            func.sum(case((and_(owed, Journal.kind == TWICE), amount), else_=0)).label("twice"),
        )
        .join(Posting, Posting.journal_id == Journal.id)
        .join(LedgerAccount, LedgerAccount.id == Posting.account_id)
        .where(Journal.ref_type == "order")
        .group_by(Journal.ref_id)
        .subquery()
    )


def _refunds_by_order(tx: Session) -> Any:
    """Sums by state, without those of second payments, which are not of the order's price: `twice` of these is back."""
    ours, amount = Refund.reason_code != TWICE, _cents(tx, Refund.refund_amount)
    sums = [
        func.sum(case((and_(ours, Refund.status == name), amount), else_=0)).label(name)
        for name in ("pending", "processing", "success")
    ]
    twice = case((and_(not_(ours), Refund.status == "success"), amount), else_=0)
    return select(Refund.order_id, *sums, func.sum(twice).label("twice")).group_by(Refund.order_id).subquery()


def _twice(tx: Session, one: Any, other: Any) -> tuple[list[Any], list[Any]]:
    """Two statements that see one moment: the first is asked again until money stood still between them."""
    for _ in range(5):
        before = tx.execute(one).all()
        there = tx.execute(other).all()
        if tx.execute(one).all() == before:
            break
    return list(before), list(there)


def _cents(tx: Session, column: Any) -> Any:
    """Minor units, as the ledger counts: MySQL keeps amounts of money in units, with two decimals."""
    return type_coerce(column, Integer) * literal_column("1" if tx.get_bind().dialect.name == "sqlite" else "100")


def _some(tx: Session, statement: Any) -> list[Any]:
    return list(tx.scalars(statement.limit(SHOWN)))


QUESTIONS: tuple[Callable[[Session], Iterator[Fault]], ...] = (
    _journals, _accounts, _wallets, _statements, _orders, _payments, _channels, _insurers, _seals,
)  # fmt: skip
INVARIANTS: Mapping[int, str] = {
    1: N_("Every journal adds up to nought"), 2: N_("All accounts of a currency add up to nought"),
    3: N_("Every account is the sum of its postings"), 4: N_("Nobody's wallet is below nought"),
    5: N_("Wallets, statements and deposits agree with the ledger"),
    6: N_("What is kept of an order is what was paid less what was paid back"),
    7: N_("Nothing was booked twice"), 8: N_("No more is paid back than was paid"),
    9: N_("Till, gateways and insurers agree with payments and claims"), 10: N_("What was booked has not changed"),
    12: N_("No movement mixes currencies"),
}  # fmt: skip
