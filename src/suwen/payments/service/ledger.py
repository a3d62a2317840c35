"""The double-entry ledger: every movement of money is a journal whose postings add up to nought.

Debit is positive. Journals and postings are only ever added (the database refuses anything else); an account's
`balance_minor` is kept with its postings. An account's id follows from its code and currency, so that a movement
need not look accounts up; they are written in the order of their ids, so that two movements cannot wait for each other.
"""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import bindparam, insert, or_, select, update
from sqlalchemy.orm import Session

from suwen.core.db import new_id
from suwen.payments.errors import BalanceTooLow, JournalDiffers
from suwen.payments.models import Journal, LedgerAccount, Posting
from suwen.payments.rules import balanced

CASH = "asset:cash"
REVENUE = "revenue:services"
OWED_BACK = "liability:refund_pending"
KINDS = {"asset": "debit", "liability": "credit", "revenue": "credit", "expense": "debit", "suspense": "debit"}
SPACE = UUID("6f6f0f0e-7c1d-5d0f-9a53-0d7b1c0a5b11")
Lines = Sequence[tuple[str, str, int]]
accounts, journals, postings = LedgerAccount.__table__, Journal.__table__, Posting.__table__

FIND = select(journals.c.id, journals.c.body_hash).where(journals.c.idempotency_key == bindparam("key"))
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


def wallet_account(user_id: str) -> str:
    return f"liability:user:{user_id}:available"


def account_id(code: str, currency: str) -> str:
    return str(uuid5(SPACE, f"{code}/{currency}"))


def book(
    tx: Session, key: str, kind: str, lines: Lines, now: datetime, *, ref: tuple[str, str], meta: Any = None
) -> str:
    """Write one movement, return its journal's id. The same key returns the first; with other lines it is refused."""
    if not balanced(lines):
        raise AssertionError(f"not a movement of money: {kind} {lines}")
    body = _hash(kind, lines)
    found = tx.execute(FIND, {"key": key}).first()
    if found:
        if found.body_hash != body:
            raise JournalDiffers()
        return str(found.id)
    journal = new_id()
    tx.execute(INSERT_JOURNAL, {
        "id": journal, "created_at": now, "idempotency_key": key, "body_hash": body, "kind": kind,
        "occurred_at": now, "ref_type": ref[0], "ref_id": ref[1], "meta": meta,
    })  # fmt: skip
    for code, currency, amount in sorted(lines, key=lambda line: account_id(line[0], line[1])):
        _add(tx, code, currency, amount, now)
    tx.execute(INSERT_POSTINGS, [
        {"id": new_id(), "created_at": now, "journal_id": journal, "account_id": account_id(code, currency),
         "amount_minor": amount, "currency": currency}
        for code, currency, amount in lines
    ])  # fmt: skip
    return journal


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
    parts = code.split(":")
    owner = parts[2] if parts[1] == "user" else None
    return {
        "id": account_id(code, currency), "created_at": now, "updated_at": now, "code": code, "currency": currency,
        "owner_type": "user" if owner else None, "owner_id": owner, "normal_side": KINDS[parts[0]],
        # what belongs to a person never goes below nought; the house's own accounts may
        "allow_negative": owner is None, "balance_minor": 0,
    }  # fmt: skip


def _met(tx: Session, statement: Any, values: dict[str, Any]) -> bool:
    """Whether a guarded write with these values met its row."""
    done: Any = tx.execute(statement, values, execution_options={"synchronize_session": False})
    return int(done.rowcount) == 1


def _hash(kind: str, lines: Lines) -> str:
    return hashlib.sha256(json.dumps([kind, sorted(lines)]).encode()).hexdigest()
