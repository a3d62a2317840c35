"""Does the money add up? Read by the nightly job and after every random sequence of the tests."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import and_, case, func, literal_column, or_, select
from sqlalchemy.orm import Session

from suwen.payments import rules
from suwen.payments.models import Balance, BalanceEntry, Journal, LedgerAccount, Order, Posting, Refund
from suwen.payments.service import ledger

SHOWN = 20
PAID = ("paid", "partial_refunded", "refunded")


def check_ledger(tx: Session) -> list[str]:
    """What does not hold, in words; empty when everything does."""
    return [
        *_journals(tx), *_accounts(tx), *_wallets(tx), *_statements(tx), *_orders(tx), *_refunds(tx),
    ]  # fmt: skip


def _journals(tx: Session) -> Iterator[str]:
    """Every journal has two postings or more, of one currency, adding up to nought."""
    found = (
        select(Journal.id)
        .outerjoin(Posting, Posting.journal_id == Journal.id)
        .group_by(Journal.id)
        .having(
            or_(
                func.count(Posting.id) < 2,
                func.sum(Posting.amount_minor) != 0,
                func.count(Posting.currency.distinct()) != 1,
            )
        )
    )
    for id in _some(tx, found):
        yield f"journal {id} does not add up to nought"


def _accounts(tx: Session) -> Iterator[str]:
    """What is kept on an account is the sum of its postings; all accounts of a currency add up to nought."""
    summed = func.coalesce(func.sum(Posting.amount_minor), 0)
    found = (
        select(LedgerAccount.code)
        .outerjoin(Posting, Posting.account_id == LedgerAccount.id)
        .group_by(LedgerAccount.id, LedgerAccount.code, LedgerAccount.balance_minor)
        .having(summed != LedgerAccount.balance_minor)
    )
    for code in _some(tx, found):
        yield f"account {code} differs from its postings"
    total = func.sum(LedgerAccount.balance_minor)
    for currency in _some(tx, select(LedgerAccount.currency).group_by(LedgerAccount.currency).having(total != 0)):
        yield f"the accounts in {currency} do not add up to nought"
    mixed = (
        select(Posting.id)
        .join(LedgerAccount, LedgerAccount.id == Posting.account_id)
        .where(Posting.currency != LedgerAccount.currency)
    )
    for id in _some(tx, mixed):
        yield f"posting {id} is in another currency than its account"


def _wallets(tx: Session) -> Iterator[str]:
    """A wallet is the ledger's account of its owner, is not below nought, and is income less expense."""
    held = (
        select(
            LedgerAccount.owner_id,
            LedgerAccount.currency,
            func.sum(-LedgerAccount.balance_minor).label("held"),
        )
        .where(LedgerAccount.owner_type == "user")
        .group_by(LedgerAccount.owner_id, LedgerAccount.currency)
        .subquery()
    )
    both = Balance.balance + Balance.frozen_balance
    for row in tx.execute(
        select(Balance.user_id, both.label("both"), held.c.held, Balance.total_income, Balance.total_expense)
        .outerjoin(held, and_(held.c.owner_id == Balance.user_id, held.c.currency == Balance.currency))
        .order_by(Balance.user_id)
    ):  # compared here: one side is in units on MySQL, the other in minor units
        if row.both != int(row.held or 0):
            yield f"the wallet of {row.user_id} differs from the ledger"
        if row.total_income - row.total_expense != row.both:
            yield f"the wallet of {row.user_id} is not its income less its expense"
    below = select(Balance.user_id).where(or_(Balance.balance < 0, Balance.frozen_balance < 0))
    for user_id in _some(tx, below):
        yield f"the wallet of {user_id} is below nought"


def _statements(tx: Session) -> Iterator[str]:
    """The lines of a statement follow from one another and end at the balance."""
    signed = case(
        (BalanceEntry.transaction_type.in_(("income", "unfreeze")), BalanceEntry.amount), else_=-BalanceEntry.amount
    )
    summed = func.coalesce(func.sum(signed), literal_column("0"))
    found = (
        select(Balance.user_id)
        .outerjoin(BalanceEntry, BalanceEntry.user_id == Balance.user_id)
        .group_by(Balance.user_id, Balance.balance)
        .having(summed != Balance.balance)
    )
    for user_id in _some(tx, found):
        yield f"the statement of {user_id} does not end at the balance"
    jumps = select(BalanceEntry.id).where(BalanceEntry.balance_after - BalanceEntry.balance_before != signed)
    for id in _some(tx, jumps):
        yield f"line {id} of a statement does not follow from the one before"


def _orders(tx: Session) -> Iterator[str]:
    """Paid less what goes back is the income that the ledger took for an order; what is not paid has taken nothing.

    Income is given up when a refund is approved, a moment before the money is back. A top-up is no income.
    """
    income = (
        select(Journal.ref_id, func.sum(-Posting.amount_minor).label("income"))
        .join(Posting, Posting.journal_id == Journal.id)
        .join(LedgerAccount, LedgerAccount.id == Posting.account_id)
        .where(Journal.ref_type == "order", LedgerAccount.code == ledger.REVENUE)
        .group_by(Journal.ref_id)
        .subquery()
    )
    leaving = _refunded(tx, ("processing", "success"))
    asked = select(Order.id, Order.order_no, Order.subject, Order.status, Order.amount, income.c.income)
    for row in tx.execute(asked.outerjoin(income, income.c.ref_id == Order.id)):
        earns = row.status in PAID and not str(row.subject or "").startswith(rules.TOP_UP)
        kept = row.amount - leaving.get(row.id, 0) if earns else 0
        if int(row.income or 0) != kept:
            yield f"order {row.order_no} kept {kept}, the ledger says {int(row.income or 0)}"


def _refunds(tx: Session) -> Iterator[str]:
    """What is marked as back, and as on its way, is the sum of the refunds there; together not more than was paid."""
    back, leaving = _refunded(tx, ("success",)), _refunded(tx, ("pending", "processing"))
    for row in tx.execute(
        select(Order.id, Order.order_no, Order.amount, Order.refunded_amount, Order.refunding_amount)
    ):
        marked = (row.refunded_amount, row.refunding_amount)
        if marked != (back.get(row.id, 0), leaving.get(row.id, 0)) or sum(marked) > row.amount:
            yield f"the refunds of order {row.order_no} do not add up"


def _refunded(tx: Session, states: tuple[str, ...]) -> dict[str, int]:
    """Sums by order, without second payments that go back: those are not of the order's price."""
    found = select(Refund.order_id, Refund.refund_amount).where(
        Refund.status.in_(states), Refund.reason_code != "paid_twice"
    )
    sums: dict[str, int] = {}
    for row in tx.execute(found):
        sums[row.order_id] = sums.get(row.order_id, 0) + row.refund_amount
    return sums


def _some(tx: Session, statement: Any) -> list[Any]:
    return list(tx.scalars(statement.limit(SHOWN)))
