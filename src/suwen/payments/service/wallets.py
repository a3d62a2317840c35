"""The wallet of an account: topped up in cash at the desk, spent on orders, refilled by refunds."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from suwen.accounts.models import User
from suwen.core.actor import Actor
from suwen.core.db import changed, new_id, rows
from suwen.core.i18n import N_
from suwen.core.money import ensure_currency
from suwen.payments import rules
from suwen.payments.errors import BadSum, BalanceTooLow, NoSuchPerson, OtherCurrency
from suwen.payments.models import Balance, BalanceEntry
from suwen.payments.service import ledger

balances = Balance.__table__
INSERT_ENTRY = insert(BalanceEntry.__table__)
INSERT_WALLET = insert(balances).prefix_with("OR IGNORE", dialect="sqlite")
for _name in ("mysql", "mariadb"):
    INSERT_WALLET = INSERT_WALLET.prefix_with("IGNORE", dialect=_name)


@dataclass(frozen=True)
class Wallet:
    balance: int
    frozen_balance: int
    total_income: int
    total_expense: int
    currency: str


@dataclass(frozen=True)
class TopUp:
    """What was taken at the desk; `entry_id` is the number on the receipt."""

    entry_id: str
    user_id: str
    amount: int
    currency: str
    balance: int


def wallet(tx: Session, actor: Actor, currency: str = "CNY") -> Wallet:
    """The actor's own wallet; an empty one in `currency` before the first top-up."""
    return wallet_of(tx, actor.id, currency)


def wallet_of(tx: Session, user_id: str, currency: str = "CNY") -> Wallet:
    names = (Balance.balance, Balance.frozen_balance, Balance.total_income, Balance.total_expense, Balance.currency)
    row = tx.execute(select(*names).where(Balance.user_id == user_id)).first()
    return Wallet(*row) if row else Wallet(0, 0, 0, 0, currency)


def top_up(tx: Session, actor: Actor, user_id: str, amount: int, now: datetime, *, currency: str = "CNY") -> TopUp:
    """Take cash at the desk into a wallet. Refused: odd amounts, unknown or deleted accounts, another currency."""
    if not 0 < amount <= rules.LARGEST_TOP_UP:
        raise BadSum(fields={"amount": BadSum.title})
    known = select(User.id).where(User.id == user_id, User.is_deleted.is_(False), User.status == "active")
    if tx.scalar(known) is None:
        raise NoSuchPerson()
    entry, code = new_id(), ensure_currency(currency)
    movement = Movement(f"top-up:{entry}", "top_up", ledger.CASH, ("top_up", entry), N_("Top-up at the desk"), actor.id)
    after = move(tx, user_id, amount, code, movement, now, entry=entry)
    return TopUp(entry, user_id, amount, code, after)


@dataclass(frozen=True)
class Movement:
    """Why a wallet moves: the key that lets it happen once, the account on the other side, what it belongs to."""

    key: str
    kind: str
    against: str
    ref: tuple[str, str]
    words: str
    cashier_id: str | None = None


def move(
    tx: Session, user_id: str, amount: int, currency: str, why: Movement, now: datetime, *, entry: str | None = None
) -> int:
    """Raise (amount > 0) or lower the balance, with its postings and its line; return the balance after.

    The guarded update goes first: of many who spend the last coin one gets through.
    """
    if amount > 0:
        _put_in(tx, user_id, amount, currency, now)
    else:
        _take_out(tx, user_id, -amount, currency, now)
    lines = [(ledger.wallet_account(user_id), currency, -amount), (why.against, currency, amount)]
    meta = {"cashier_id": why.cashier_id} if why.cashier_id else None
    journal = ledger.book(tx, why.key, why.kind, lines, now, ref=why.ref, meta=meta)
    # Before and after are read under the row lock that the update took.
    after: int = tx.scalars(select(Balance.balance).where(Balance.user_id == user_id)).one()
    tx.execute(INSERT_ENTRY, {
        "id": entry or new_id(), "created_at": now, "user_id": user_id, "amount": abs(amount),
        "transaction_type": "income" if amount > 0 else "expense", "balance_before": after - amount,
        "balance_after": after, "currency": currency, "related_type": why.ref[0], "related_id": why.ref[1],
        "journal_id": journal, "description": why.words[:200],
    })  # fmt: skip
    changed(tx, f"wallet:{user_id}")
    return after


def _put_in(tx: Session, user_id: str, amount: int, currency: str, now: datetime) -> None:
    raised = (
        update(Balance)
        .where(
            Balance.user_id == user_id,
            Balance.currency == currency,
            Balance.balance + amount <= rules.LARGEST_SUM,
            Balance.total_income + amount <= rules.LARGEST_SUM,
        )
        .values(
            balance=Balance.balance + amount, total_income=Balance.total_income + amount,
            version=Balance.version + 1, updated_at=now,
        )
    )  # fmt: skip
    if not rows(tx, raised):
        _make(tx, user_id, currency, now)
        if not rows(tx, raised):
            raise _why_not_in(tx, user_id, currency)


def _take_out(tx: Session, user_id: str, amount: int, currency: str, now: datetime) -> None:
    lowered = (
        update(Balance)
        .where(Balance.user_id == user_id, Balance.currency == currency, Balance.balance >= amount)
        .values(
            balance=Balance.balance - amount, total_expense=Balance.total_expense + amount,
            version=Balance.version + 1, updated_at=now,
        )
    )  # fmt: skip
    if not rows(tx, lowered):
        raise _why_not_out(tx, user_id, currency, amount)


def _make(tx: Session, user_id: str, currency: str, now: datetime) -> None:
    """An empty wallet, unless another request has just made it."""
    tx.execute(INSERT_WALLET, {
        "id": new_id(), "created_at": now, "updated_at": now, "version": 1, "user_id": user_id, "balance": 0,
        "frozen_balance": 0, "total_income": 0, "total_expense": 0, "currency": currency,
    })  # fmt: skip


def _why_not_out(tx: Session, user_id: str, currency: str, amount: int) -> Exception:
    there = wallet_of(tx, user_id, currency)
    if there.currency != currency:
        return OtherCurrency(wallet=there.currency, order=currency)
    return BalanceTooLow(balance=there.balance, missing=amount - there.balance, currency=currency)


def _why_not_in(tx: Session, user_id: str, currency: str) -> Exception:
    there = wallet_of(tx, user_id, currency)
    return OtherCurrency(wallet=there.currency, order=currency) if there.currency != currency else BadSum()
