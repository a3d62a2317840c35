"""The double-entry ledger: every movement of money is a journal whose postings add up to nought.

Debit is positive. Journals and postings are only ever added (the database refuses anything else); an account's
`balance_minor` is kept with its postings. An account's id follows from its code and currency, so that a movement
need not look accounts up; they are written in the order of their ids, so that two movements cannot wait for each other.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import bindparam, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from suwen.core.db import new_id, rows
from suwen.payments.errors import BalanceTooLow, JournalDiffers, NoSuchJournal, ReversedAlready
from suwen.payments.models import GATEWAY_OF, Journal, LedgerAccount, Posting, Transaction
from suwen.payments.rules import balanced

CASH = "asset:cash"
BANK = "asset:bank"
INSURER = "asset:insurance_receivable"
REVENUE = "revenue:services"
OWED_BACK = "liability:refund_pending"
FEES = "expense:gateway_fee"
SUSPENSE = "suspense:unmatched"
GATEWAYS = ("wechat", "alipay", "card")
KINDS = {"asset": "debit", "liability": "credit", "revenue": "credit", "expense": "debit", "suspense": "debit"}
SPACE = UUID("6f6f0f0e-7c1d-5d0f-9a53-0d7b1c0a5b11")
SEVERAL = 500  # keys in one question
Lines = Sequence[tuple[str, str, int]]
accounts, journals, postings = LedgerAccount.__table__, Journal.__table__, Posting.__table__

FIND = select(journals.c.idempotency_key, journals.c.id, journals.c.body_hash).where(
    journals.c.idempotency_key.in_(bindparam("keys", expanding=True))
)
INSERT_JOURNAL, INSERT_POSTINGS = insert(journals), insert(postings)
INSERT_ACCOUNT = insert(accounts).prefix_with("OR IGNORE", dialect="sqlite")
for _name in ("mysql", "mariadb"):
    INSERT_ACCOUNT = INSERT_ACCOUNT.prefix_with("IGNORE", dialect=_name)
_after = accounts.c.balance_minor + bindparam("by")
ADD = (
    update(accounts)
    .where(
        accounts.c.id == bindparam("account"),
        or_(accounts.c.allow_negative, accounts.c.normal_side == "debit", _after <= 0),
        or_(accounts.c.allow_negative, accounts.c.normal_side == "credit", _after >= 0),
    )
    .values(balance_minor=_after)
)


@dataclass(frozen=True)
class Entry:
    """A movement to be booked under a key; `lines` are (account, currency, amount), debit positive."""

    key: str
    kind: str
    lines: Lines
    ref: tuple[str, str]
    meta: Any = None


@dataclass(frozen=True)
class Booked:
    """`fresh` is False when the key had been booked before, with the same lines."""

    id: str
    fresh: bool


def clearing(gateway: str) -> str:
    """What a gateway has taken for us and not paid out yet."""
    if gateway not in GATEWAYS:
        raise AssertionError(f"no gateway: {gateway}")
    return f"asset:{gateway}_clearing"


def wallet_account(user_id: str) -> str:
    return f"liability:user:{user_id}:available"


def frozen_account(user_id: str) -> str:
    return f"liability:user:{user_id}:frozen"


def owner_of(code: str) -> str | None:
    """Whose wallet an account belongs to, if it is a wallet's."""
    parts = code.split(":")
    return parts[2] if parts[1] == "user" else None


def account_id(code: str, currency: str) -> str:
    return str(uuid5(SPACE, f"{code}/{currency}"))


def book(
    tx: Session, key: str, kind: str, lines: Lines, now: datetime, *, ref: tuple[str, str], meta: Any = None
) -> str:
    """Write one movement, return its journal's id. The same key returns the first; with other lines it is refused.

    What touches a person's account is booked by `wallets.book`, which keeps the wallet and its statement with it.
    """
    return book_all(tx, [Entry(key, kind, lines, ref, meta)], now)[0].id


def book_all(tx: Session, entries: Sequence[Entry], now: datetime) -> list[Booked]:
    """Write many movements of the house's own accounts, each as `book` does; every account is written once."""
    for entry in entries:
        if any(owner_of(code) for code, _, _ in entry.lines):
            raise AssertionError("a person's account moves with its wallet: wallets.book")
    return enter(tx, entries, now)


def enter(tx: Session, entries: Sequence[Entry], now: datetime) -> list[Booked]:
    """For `book_all` and for wallets: the journals, their postings, and what they add to the accounts."""
    for entry in entries:
        if not balanced(entry.lines):
            raise AssertionError(f"not a movement of money: {entry.kind} {entry.lines}")
    known = _known(tx, [entry.key for entry in entries])
    fresh: dict[str, str] = {}
    made: list[Entry] = []
    for entry in entries:
        if entry.key not in known:
            fresh[entry.key] = new_id()
            known[entry.key] = (fresh[entry.key], _hash(entry.kind, entry.lines))
            made.append(entry)
        elif known[entry.key][1] != _hash(entry.kind, entry.lines):
            raise JournalDiffers()
    if made and not _insert(tx, made, known, now):
        return enter(tx, entries, now)  # another has just booked one of these keys: look again
    _add_all(tx, made, now)
    _insert_postings(tx, made, known, now)
    answers = []
    for entry in entries:
        answers.append(Booked(known[entry.key][0], fresh.pop(entry.key, None) is not None))
    return answers


def reverse(tx: Session, journal_id: str, why: str, now: datetime) -> str:
    """Book the opposite of a journal and mark it, once; the id of the reversing journal. Asked again: the same.

    Refused: a journal that is not there, and one that touches a wallet, which is paid back instead (`wallets.book`).
    """
    entry = opposite(tx, journal_id, why)
    booked = book_all(tx, [entry], now)[0]
    mark_reversed(tx, journal_id, booked.id)
    return booked.id


def opposite(tx: Session, journal_id: str, why: str) -> Entry:
    """The movement that takes a journal back."""
    found = tx.execute(select(journals).where(journals.c.id == journal_id)).first()
    if found is None:
        raise NoSuchJournal()
    asked = (
        select(accounts.c.code, postings.c.currency, postings.c.amount_minor)
        .join(accounts, accounts.c.id == postings.c.account_id)
        .where(postings.c.journal_id == journal_id)
    )
    lines = [(row.code, row.currency, -row.amount_minor) for row in tx.execute(asked)]
    meta = {"reverses": journal_id, "why": why[:500]}
    ref = (found.ref_type or "journal", found.ref_id or journal_id)
    return Entry(f"reverse:{journal_id}", "reversal", lines, ref, meta)


def mark_reversed(tx: Session, journal_id: str, by: str) -> None:
    """Once. Refused: what another journal has reversed."""
    mine = update(journals).where(journals.c.id == journal_id, journals.c.reversed_by.is_(None))
    if not rows(tx, mine.values(reversed_by=by)):
        there = tx.scalar(select(journals.c.reversed_by).where(journals.c.id == journal_id))
        if there != by:
            raise ReversedAlready()


def _known(tx: Session, keys: Sequence[str]) -> dict[str, tuple[str, str | None]]:
    found: dict[str, tuple[str, str | None]] = {}
    for start in range(0, len(keys), SEVERAL):
        for key, id, body in tx.execute(FIND, {"keys": keys[start : start + SEVERAL]}):
            found[key] = (id, body)
    return found


def _insert(tx: Session, made: Sequence[Entry], known: dict[str, tuple[str, str | None]], now: datetime) -> bool:
    """False when one of the keys was taken in between; then none is written."""
    values = [
        {"id": known[entry.key][0], "created_at": now, "idempotency_key": entry.key, "body_hash": known[entry.key][1],
         "kind": entry.kind, "occurred_at": now, "ref_type": entry.ref[0], "ref_id": entry.ref[1], "meta": entry.meta}
        for entry in made
    ]  # fmt: skip
    try:
        if len(values) == 1:  # a failed statement leaves nothing; of several it may leave some
            tx.connection().execute(INSERT_JOURNAL, values[0])
        else:
            with tx.begin_nested():
                tx.connection().execute(INSERT_JOURNAL, values)
    except IntegrityError as error:
        if "idempotency_key" not in str(error.orig):
            raise
        return False
    return True


def _insert_postings(tx: Session, made: Iterable[Entry], known: Any, now: datetime) -> None:
    lines = [
        {"id": new_id(), "created_at": now, "journal_id": known[entry.key][0], "account_id": account_id(code, currency),
         "amount_minor": amount, "currency": currency}
        for entry in made for code, currency, amount in entry.lines
    ]  # fmt: skip
    if lines:
        tx.connection().execute(INSERT_POSTINGS, lines)


def _add_all(tx: Session, made: Iterable[Entry], now: datetime) -> None:
    """Each account once, in the order of their ids."""
    sums: dict[tuple[str, str, str], int] = {}
    for entry in made:
        for code, currency, amount in entry.lines:
            place = (account_id(code, currency), code, currency)
            sums[place] = sums.get(place, 0) + amount
    for (_, code, currency), amount in sorted(sums.items()):
        _add(tx, code, currency, amount, now)


def _add(tx: Session, code: str, currency: str, amount: int, now: datetime) -> None:
    values = {"account": account_id(code, currency), "by": amount}
    if _met(tx, ADD, values):
        return
    if tx.scalar(select(accounts.c.id).where(accounts.c.id == values["account"])) is None:
        tx.execute(INSERT_ACCOUNT, _account(code, currency, now))
        if _met(tx, ADD, values):
            return
    raise BalanceTooLow()


def _account(code: str, currency: str, now: datetime) -> dict[str, Any]:
    owner = owner_of(code)
    return {
        "id": account_id(code, currency), "created_at": now, "updated_at": now, "code": code, "currency": currency,
        "owner_type": "user" if owner else None, "owner_id": owner, "normal_side": KINDS[code.split(":")[0]],
        # what belongs to a person never goes below nought; the house's own accounts may
        "allow_negative": owner is None, "balance_minor": 0,
    }  # fmt: skip


def _met(tx: Session, statement: Any, values: dict[str, Any]) -> bool:
    """Whether a guarded write with these values met its row."""
    done: Any = tx.execute(statement, values, execution_options={"synchronize_session": False})
    return int(done.rowcount) == 1


def owed_back(tx: Session, paid_by: Transaction) -> bool:
    """Whether a payment was a second one for its order, booked as a debt from the beginning."""
    key = f"pay:{GATEWAY_OF.get(paid_by.payment_method)}:{paid_by.external_transaction_id}"
    return tx.scalar(select(journals.c.kind).where(journals.c.idempotency_key == key)) == "paid_twice"


def _hash(kind: str, lines: Lines) -> str:
    return hashlib.sha256(json.dumps([kind, sorted(lines)]).encode()).hexdigest()
