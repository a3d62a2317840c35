"""Orders and statements as they are shown."""

import csv
import io
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from suwen.accounts.models import User
from suwen.core import money
from suwen.core.actor import Actor
from suwen.core.errors import Forbidden
from suwen.core.paging import keyset
from suwen.core.schemas import Slice
from suwen.payments import queries
from suwen.payments.errors import NoSuchOrder, NoSuchPerson
from suwen.payments.models import BalanceEntry, Order
from suwen.payments.schemas import EntryFilters, EntryView, OrderDetail, OrderFilters, OrderView, Receipt, WalletView
from suwen.payments.service.wallets import wallet_of

EVERYBODYS = ("admin", "system")
NEWEST_ORDERS = [(Order.created_at, "desc"), (Order.id, "desc")]
NEWEST_ENTRIES = [(BalanceEntry.created_at, "desc"), (BalanceEntry.id, "desc")]
EVERYTHING = EntryFilters()
RISKY = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet takes a cell that begins with one for a formula


def orders(
    tx: Session, actor: Actor, filters: OrderFilters, *, after: str | None = None, limit: int | None = None
) -> Slice[OrderView]:
    """Newest first: everybody's for the desk, otherwise the actor's own."""
    payer = None if actor.role in EVERYBODYS else actor.id
    found, following = keyset(tx, queries.orders(filters, payer), NEWEST_ORDERS, after, limit)
    return Slice([queries.order_view(row) for row in found], following)


def order(tx: Session, actor: Actor, id: str) -> OrderDetail:
    """With its transactions and refunds, for the payer and the desk; NoSuchOrder for everybody else."""
    found = tx.execute(queries.ORDERS.where(Order.id == id)).first()
    if found is None or (actor.role not in EVERYBODYS and found.user_id != actor.id):
        raise NoSuchOrder()
    shown = queries.order_view(found)
    values = {name: getattr(shown, name) for name in OrderView.__struct_fields__}
    return OrderDetail(
        **values, transactions=queries.transactions(tx, id), refunds=queries.refunds(tx, id),
        claims=queries.claims_of(tx, id),
    )  # fmt: skip


def orders_csv(tx: Session, actor: Actor, filters: OrderFilters) -> Iterator[str]:
    """Every order that fits, in pieces."""
    if actor.role not in EVERYBODYS:
        raise Forbidden()
    names = ("order_no", "created_at", "payer", "description", "order_type", "amount", "refunded_amount", "currency",
             "status", "payment_method", "payment_time")  # fmt: skip
    yield "\ufeff" + _line(names)
    after: str | None = None
    while True:
        part = orders(tx, actor, filters, after=after, limit=100)
        yield "".join(_line([_cell(getattr(one, name), name) for name in names]) for one in part.items)
        after = part.next
        if after is None:
            return


def wallet_view(tx: Session, actor: Actor, currency: str = "CNY") -> WalletView:
    return WalletView(**wallet_of(tx, actor.id, currency).__dict__)


def entries(
    tx: Session, actor: Actor, filters: EntryFilters = EVERYTHING, *, after: str | None = None, limit: int | None = None
) -> Slice[EntryView]:
    """The actor's own statement, newest first."""
    mine = queries.entries(filters, actor.id)
    found, following = keyset(tx, mine, NEWEST_ENTRIES, after, limit)
    return Slice([EntryView(**{name: getattr(row, name) for name in queries.ENTRY_NAMES}) for row in found], following)


def entries_csv(tx: Session, actor: Actor, filters: EntryFilters, zone: str) -> Iterator[str]:
    """Every line of the actor's statement that fits, in pieces."""
    names = ("created_at", "transaction_type", "amount", "balance_after", "currency", "description")
    yield "\ufeff" + _line(names)
    place = ZoneInfo(zone)
    after: str | None = None
    while True:
        part = entries(tx, actor, filters, after=after, limit=100)
        yield "".join(
            _line([one.created_at.astimezone(place).isoformat(), one.transaction_type, money.plain(one.amount),
                   money.plain(one.balance_after), one.currency, _cell(one.description, "description")])
            for one in part.items
        )  # fmt: skip
        after = part.next
        if after is None:
            return


def payers(tx: Session, actor: Actor, text: str | None) -> list[Any]:
    """Whom the desk may mean: part of the name, the account, the end of the phone; two characters at least."""
    if actor.role not in EVERYBODYS:
        raise Forbidden()
    wanted = (text or "").strip()
    return queries.people(tx, wanted) if len(wanted) >= 2 else []


def payer(tx: Session, actor: Actor, user_id: str) -> Any:
    if actor.role not in EVERYBODYS:
        raise Forbidden()
    found = queries.person(tx, user_id)
    if found is None:
        raise NoSuchPerson()
    return found


def receipt(tx: Session, actor: Actor, entry_id: str) -> Receipt:
    """Of a top-up, for its owner and the desk."""
    found = queries.receipt(tx, entry_id)
    if found is None or (actor.role not in EVERYBODYS and found.user_id != actor.id):
        raise NoSuchOrder()
    cashier = (found.meta or {}).get("cashier_id")
    name = tx.scalar(select(User.name).where(User.id == cashier)) if cashier else None
    return Receipt(
        id=found.id, created_at=found.created_at, user_id=found.user_id, name=found.name, account=found.account,
        amount=found.amount, balance_after=found.balance_after, currency=found.currency, cashier=name,
    )  # fmt: skip


def waiting_refunds(tx: Session, actor: Actor) -> list[Any]:
    if actor.role not in EVERYBODYS:
        raise Forbidden()
    return queries.waiting_refunds(tx)


def _cell(value: Any, name: str) -> str:
    if name in ("amount", "refunded_amount"):
        return money.plain(value)
    text = "" if value is None else value.isoformat() if isinstance(value, datetime) else str(value)
    return f"'{text}" if text.startswith(RISKY) else text


def _line(cells: Any) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue()
