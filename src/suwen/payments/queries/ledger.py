"""The ledger and deposits as they are read."""

from typing import Any

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import aliased

from suwen.accounts.models import User
from suwen.payments.models import Hold, Journal, LedgerAccount, LedgerCheck, Posting

HOUSE = (
    select(LedgerAccount.code, LedgerAccount.currency, LedgerAccount.balance_minor, LedgerAccount.normal_side)
    .where(LedgerAccount.owner_id.is_(None))
    .order_by(LedgerAccount.currency, LedgerAccount.code)
)
_frozen = LedgerAccount.code.endswith(":frozen")
PEOPLES = (
    select(
        LedgerAccount.currency, case((_frozen, "frozen"), else_="available").label("part"),
        func.sum(LedgerAccount.balance_minor).label("balance_minor"), func.count().label("people"),
    )
    .where(LedgerAccount.owner_id.is_not(None))
    .group_by(LedgerAccount.currency, case((_frozen, "frozen"), else_="available"))
)  # fmt: skip
_debits = (
    select(func.sum(Posting.amount_minor))
    .where(Posting.journal_id == Journal.id, Posting.amount_minor > 0)
    .scalar_subquery()
)
_currency = select(func.min(Posting.currency)).where(Posting.journal_id == Journal.id).scalar_subquery()
JOURNALS = select(
    Journal.id, Journal.occurred_at, Journal.kind, Journal.ref_type, Journal.ref_id, Journal.idempotency_key,
    Journal.reversed_by, Journal.meta, _debits.label("amount"), _currency.label("currency"),
)  # fmt: skip
POSTINGS = (
    select(LedgerAccount.code, Posting.currency, Posting.amount_minor.label("amount"))
    .join(LedgerAccount, LedgerAccount.id == Posting.account_id)
    .order_by(Posting.amount_minor.desc(), LedgerAccount.code)
)
CHECKS = (
    select(
        LedgerCheck.id, LedgerCheck.created_at, LedgerCheck.took_ms, LedgerCheck.journals, LedgerCheck.postings,
        LedgerCheck.faults, User.name.label("asked_by"),
    )
    .outerjoin(User, User.id == LedgerCheck.asked_by)
    .order_by(LedgerCheck.created_at.desc(), LedgerCheck.id.desc())
)  # fmt: skip
_payer = aliased(User)
HOLDS = select(
    Hold.id, Hold.user_id, _payer.name.label("name"), Hold.amount, Hold.captured, Hold.currency, Hold.reason,
    Hold.status, Hold.created_at, Hold.ended_at, Hold.order_id, Hold.note,
).join(_payer, _payer.id == Hold.user_id)  # fmt: skip


def journals(kind: str | None, account: str | None, ref: str | None) -> Select[Any]:
    """Of a kind, touching an account of the house, belonging to a thing."""
    found = JOURNALS
    if kind:
        found = found.where(Journal.kind == kind)
    if ref:
        found = found.where(Journal.ref_id == ref)
    if account:
        touching = (
            select(Posting.journal_id)
            .join(LedgerAccount, LedgerAccount.id == Posting.account_id)
            .where(LedgerAccount.code == account)
        )
        found = found.where(Journal.id.in_(touching))
    return found
