"""The wallet of an account: topped up, spent on orders, refilled by refunds; a part of it can be set aside."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from suwen.accounts.models import User
from suwen.core.actor import Actor
from suwen.core.db import changed, new_id, rows
from suwen.core.i18n import N_
from suwen.core.money import ensure_currency
from suwen.payments import rules
from suwen.payments.errors import BadSum, BalanceTooLow, FrozenTooLow, NoSuchPerson, OtherCurrency
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
    """Why a wallet moves: the key that lets it happen once, the account on the other side, what it belongs to.

    `related` is what the line of the statement names, where that is not `ref`.
    """

    key: str
    kind: str
    against: str
    ref: tuple[str, str]
    words: str
    cashier_id: str | None = None
    related: tuple[str, str] | None = None


def move(
    tx: Session, user_id: str, amount: int, currency: str, why: Movement, now: datetime, *, entry: str | None = None
) -> int:
    """Raise (amount > 0) or lower the balance, with its postings and its line; return the balance after.

    A key that was booked before moves nothing. Of many who spend the last coin one gets through.
    """
    lines = [(ledger.wallet_account(user_id), currency, -amount), (why.against, currency, amount)]
    return _moved(tx, user_id, lines, why, now, entry)


def freeze(tx: Session, user_id: str, amount: int, currency: str, why: Movement, now: datetime) -> int:
    """Set an amount of the balance aside; return the balance after. Refused: more than is there."""
    return _moved(tx, user_id, _within(user_id, amount, currency), why, now)


def unfreeze(tx: Session, user_id: str, amount: int, currency: str, why: Movement, now: datetime) -> int:
    """Give back to the balance what was set aside. Refused: more than that."""
    return _moved(tx, user_id, _within(user_id, -amount, currency), why, now)


def capture(tx: Session, user_id: str, amount: int, currency: str, why: Movement, now: datetime) -> int:
    """Spend what was set aside, to `why.against`. Refused: more than that."""
    lines = [(ledger.frozen_account(user_id), currency, amount), (why.against, currency, -amount)]
    return _moved(tx, user_id, lines, why, now)


def credit_top_up(tx: Session, order: Any, clearing_code: str, key: str, now: datetime) -> int:
    """A gateway took `order.amount` for a top-up: into the payer's wallet, once per key. The balance after.

    Refused: a wallet in another currency (which is looked at before such an order is opened, too).
    """
    why = Movement(key, "top_up", clearing_code, ("order", order.id), N_("Top-up online"), related=("top_up", order.id))
    return move(tx, order.user_id, order.amount, order.currency, why, now)


def reverse(tx: Session, journal_id: str, why: str, now: datetime) -> str:
    """As `ledger.reverse`, for journals that touch wallets too. Refused: what the wallet does not hold any more."""
    entry = ledger.opposite(tx, journal_id, why)
    booked = book(tx, entry, N_("Taken back"), now)
    ledger.mark_reversed(tx, journal_id, booked.id)
    return booked.id


def _within(user_id: str, amount: int, currency: str) -> ledger.Lines:
    return [
        (ledger.wallet_account(user_id), currency, amount),
        (ledger.frozen_account(user_id), currency, -amount),
    ]


def _moved(
    tx: Session, user_id: str, lines: ledger.Lines, why: Movement, now: datetime, entry: str | None = None
) -> int:
    meta = {"cashier_id": why.cashier_id} if why.cashier_id else None
    wanted = ledger.Entry(why.key, why.kind, lines, why.ref, meta)
    book(tx, wanted, why.words, now, related=why.related or why.ref, line_id=entry)
    after: int = tx.scalars(select(Balance.balance).where(Balance.user_id == user_id)).one()
    return after


def book(
    tx: Session, entry: ledger.Entry, words: str, now: datetime, *, related: tuple[str, str] | None = None,
    line_id: str | None = None,
) -> ledger.Booked:  # fmt: skip
    """Book a movement that touches wallets: postings, balances and lines of statements in one go, or nothing.

    The journal goes first: its key lets it happen once. Accounts, then wallets are written in sorted order.
    """
    moves: dict[tuple[str, str], list[int]] = {}
    for code, currency, amount in entry.lines:
        if owner := ledger.owner_of(code):
            sums = moves.setdefault((owner, currency), [0, 0])
            sums[code == ledger.frozen_account(owner)] -= amount
    try:
        with_wallets = ledger.enter(tx, [entry], now)[0]
    except BalanceTooLow:
        raise _why_not(tx, moves) from None
    if with_wallets.fresh:
        for (user_id, currency), (available, frozen) in sorted(moves.items()):
            before = _change(tx, user_id, currency, available, frozen, now)
            steps = rules.steps(available, frozen)
            ids = [line_id] if line_id and len(steps) == 1 else sorted(new_id() for _ in steps)
            for id, (kind, amount, by) in zip(ids, steps, strict=True):
                tx.execute(INSERT_ENTRY, {
                    "id": id, "created_at": now, "user_id": user_id, "amount": amount, "transaction_type": kind,
                    "balance_before": before, "balance_after": before + by, "currency": currency,
                    "related_type": (related or entry.ref)[0], "related_id": (related or entry.ref)[1],
                    "journal_id": with_wallets.id, "description": words[:200],
                })  # fmt: skip
                before += by
            changed(tx, f"wallet:{user_id}")
    return with_wallets


def _change(tx: Session, user_id: str, currency: str, available: int, frozen: int, now: datetime) -> int:
    """Write the wallet under its guards; return the balance before, which is read under the lock this took."""
    net = available + frozen
    guarded = (
        update(Balance)
        .where(
            Balance.user_id == user_id,
            Balance.currency == currency,
            Balance.balance + available >= 0,
            Balance.frozen_balance + frozen >= 0,
            Balance.balance + available <= rules.LARGEST_SUM,
            Balance.total_income + max(net, 0) <= rules.LARGEST_SUM,
        )
        .values(
            balance=Balance.balance + available, frozen_balance=Balance.frozen_balance + frozen,
            total_income=Balance.total_income + max(net, 0), total_expense=Balance.total_expense + max(-net, 0),
            version=Balance.version + 1, updated_at=now,
        )
    )  # fmt: skip
    if not rows(tx, guarded):
        _make(tx, user_id, currency, now)
        if not rows(tx, guarded):
            raise _why_not(tx, {(user_id, currency): [available, frozen]})
    after: int = tx.scalars(select(Balance.balance).where(Balance.user_id == user_id)).one()
    return after - available


def _make(tx: Session, user_id: str, currency: str, now: datetime) -> None:
    """An empty wallet, unless another request has just made it."""
    tx.execute(INSERT_WALLET, {
        "id": new_id(), "created_at": now, "updated_at": now, "version": 1, "user_id": user_id, "balance": 0,
        "frozen_balance": 0, "total_income": 0, "total_expense": 0, "currency": currency,
    })  # fmt: skip


def _why_not(tx: Session, moves: dict[tuple[str, str], list[int]]) -> Exception:
    for (user_id, currency), (available, frozen) in moves.items():
        there = wallet_of(tx, user_id, currency)
        if there.currency != currency:
            return OtherCurrency(wallet=there.currency, order=currency)
        if there.balance + available < 0:
            return BalanceTooLow(balance=there.balance, missing=-available - there.balance, currency=currency)
        if there.frozen_balance + frozen < 0:
            return FrozenTooLow(frozen=there.frozen_balance, currency=currency)
    taken = any(min(both) < 0 for both in moves.values())
    return BalanceTooLow() if taken else BadSum()
