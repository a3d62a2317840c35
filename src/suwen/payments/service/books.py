"""The ledger read by admins: accounts, journals, looks at it; deposits read by the desk and by whose they are."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from suwen.core import money
from suwen.core.actor import Actor
from suwen.core.errors import Forbidden
from suwen.core.export import BOM, csv_line
from suwen.core.paging import keyset
from suwen.core.schemas import Slice
from suwen.payments.errors import NoSuchJournal
from suwen.payments.models import Hold, Journal, Posting
from suwen.payments.queries import ledger as queries
from suwen.payments.schemas.ledger import (
    AccountView,
    CheckView,
    FaultView,
    HoldView,
    JournalDetail,
    JournalView,
    PostingView,
)

NEWEST = [(Journal.occurred_at, "desc"), (Journal.id, "desc")]
NEWEST_HOLDS = [(Hold.created_at, "desc"), (Hold.id, "desc")]
HEAD = ("journal", "occurred_at", "kind", "ref_type", "ref_id", "account", "currency", "amount")
CHECKS_SHOWN = 10


def accounts(tx: Session, actor: Actor) -> list[AccountView]:
    """The house's accounts, and what people have in their wallets, summed. Admins only."""
    _admin(actor)
    found = [
        AccountView(row.code, row.currency, row.balance_minor * (1 if row.normal_side == "debit" else -1), 0)
        for row in tx.execute(queries.HOUSE)
    ]
    for row in tx.execute(queries.PEOPLES):
        code = f"liability:user:*:{row.part}"
        found.append(AccountView(code, row.currency, -int(row.balance_minor), int(row.people)))
    return found


def journals(
    tx: Session, actor: Actor, *, kind: str | None = None, account: str | None = None, ref: str | None = None,
    after: str | None = None, limit: int | None = None,
) -> Slice[JournalView]:  # fmt: skip
    """Newest first. Admins only."""
    _admin(actor)
    found, following = keyset(tx, queries.journals(kind, account, ref), NEWEST, after, limit)
    return Slice([JournalView(**_values(row)) for row in found], following)


def journal(tx: Session, actor: Actor, id: str) -> JournalDetail:
    """With its postings. Admins only."""
    _admin(actor)
    found = tx.execute(queries.JOURNALS.where(Journal.id == id)).first()
    if found is None:
        raise NoSuchJournal()
    lines = [PostingView(*row) for row in tx.execute(queries.POSTINGS.where(Posting.journal_id == id))]
    return JournalDetail(**_values(found), meta=found.meta, postings=lines)


def journals_csv(
    tx: Session, actor: Actor, *, kind: str | None = None, account: str | None = None, ref: str | None = None
) -> Iterator[str]:
    """Every posting of the journals that fit, in pieces. Admins only."""
    _admin(actor)
    yield BOM + csv_line(HEAD)
    after: str | None = None
    while True:
        part = journals(tx, actor, kind=kind, account=account, ref=ref, after=after, limit=100)
        ids = [one.id for one in part.items]
        lines: dict[str, list[Any]] = {}
        for row in tx.execute(queries.POSTINGS.add_columns(Posting.journal_id).where(Posting.journal_id.in_(ids))):
            lines.setdefault(row.journal_id, []).append(row)
        yield "".join(
            csv_line([one.id, one.occurred_at, one.kind, one.ref_type, one.ref_id, line.code, line.currency,
                      money.plain(line.amount)])
            for one in part.items for line in lines.get(one.id, [])
        )  # fmt: skip
        after = part.next
        if after is None:
            return


def kinds(tx: Session) -> list[str]:
    return list(tx.scalars(select(Journal.kind).distinct().order_by(Journal.kind)))


def checks(tx: Session, actor: Actor) -> list[CheckView]:
    """The last looks at the ledger, newest first. Admins only."""
    _admin(actor)
    found = []
    for row in tx.execute(queries.CHECKS.limit(CHECKS_SHOWN)):
        faults = [FaultView(one["invariant"], one["text"], one["values"]) for one in row.faults]
        found.append(CheckView(**(row._asdict() | {"faults": faults})))
    return found


def holds(
    tx: Session, actor: Actor, user_id: str | None = None, *, open_only: bool = False, after: str | None = None,
    limit: int | None = None,
) -> Slice[HoldView]:  # fmt: skip
    """Deposits, newest first: of one person or of everybody for the desk, otherwise the actor's own."""
    asked: Any = queries.HOLDS
    if actor.role not in ("admin", "system"):
        user_id = actor.id
    if user_id is not None:
        asked = asked.where(Hold.user_id == user_id)
    if open_only:
        asked = asked.where(Hold.status == "held")
    found, following = keyset(tx, asked, NEWEST_HOLDS, after, limit)
    names = HoldView.__struct_fields__
    return Slice([HoldView(**{name: getattr(row, name) for name in names}) for row in found], following)


def _values(row: Any) -> dict[str, Any]:
    values = {name: getattr(row, name) for name in JournalView.__struct_fields__}
    return values | {"amount": int(row.amount or 0), "currency": row.currency or ""}


def _admin(actor: Actor) -> None:
    if actor.role not in ("admin", "system"):
        raise Forbidden()
