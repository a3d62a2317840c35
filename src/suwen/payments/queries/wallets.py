"""Lines of wallets' statements."""

from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from suwen.accounts.models import User
from suwen.payments.models import BalanceEntry, Journal
from suwen.payments.schemas import EntryFilters, EntryView

ENTRY_NAMES = EntryView.__struct_fields__
ENTRIES = select(*(getattr(BalanceEntry, name) for name in ENTRY_NAMES))


def entries(filters: EntryFilters, owner_id: str) -> Select[Any]:
    found = ENTRIES.where(BalanceEntry.user_id == owner_id)
    if filters.kind:
        found = found.where(BalanceEntry.transaction_type == filters.kind)
    if filters.since:
        found = found.where(BalanceEntry.created_at >= filters.since)
    if filters.until:
        found = found.where(BalanceEntry.created_at < filters.until)
    return found


def receipt(tx: Session, entry_id: str) -> Any:
    found = (
        select(
            BalanceEntry.id, BalanceEntry.created_at, BalanceEntry.user_id, BalanceEntry.amount,
            BalanceEntry.balance_after, BalanceEntry.currency, User.name, User.account, Journal.meta,
        )
        .join(User, User.id == BalanceEntry.user_id)
        .join(Journal, Journal.id == BalanceEntry.journal_id)
        .where(BalanceEntry.id == entry_id, BalanceEntry.related_type == "top_up")
    )  # fmt: skip
    return tx.execute(found).first()
