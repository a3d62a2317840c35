"""Papers about money: receipts of paid orders, and what a payer paid, got back and owes in a stretch of time."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from suwen.core import money
from suwen.core.actor import Actor
from suwen.core.export import BOM, csv_line
from suwen.payments import queries, rules
from suwen.payments.errors import LongStatement, NoReceipt, NoSuchOrder, NoSuchPerson
from suwen.payments.queries import papers as found_in
from suwen.payments.rules import TOP_UP
from suwen.payments.schemas.papers import (
    ClinicOnPaper,
    OwedLine,
    PaidBack,
    PaidReceipt,
    Statement,
    StatementLine,
    StatementSum,
    WalletSum,
)
from suwen.payments.service.wallets import wallet_of

EVERYBODYS = ("admin", "system")
HAS_RECEIPT = ("paid", "partial_refunded", "refunded")
LONGEST = timedelta(days=366)


def paid_receipt(tx: Session, actor: Actor, order_id: str) -> PaidReceipt:
    """For the payer and the desk. NoReceipt as long as nothing was paid, NoSuchOrder for everybody else."""
    row = found_in.paid_order(tx, order_id)
    if row is None or row.status not in HAS_RECEIPT or not _may_see(actor, row.user_id):
        raise _why_no_receipt(tx, actor, order_id)
    price = found_in.price_names(tx, _price_ids([row])).get(_price_id(row) or "")
    refunds = [PaidBack(**one._mapping) for one in found_in.refunds_on_paper(tx, order_id)]
    return PaidReceipt(
        order_id=row.id, order_no=row.order_no, order_type=row.order_type, user_id=row.user_id, payer=row.payer,
        zone=row.zone, service=price.service_name if price else None,
        clinic=_clinic(tx, price.location_id if price else None),
        amount=row.amount, refunded_amount=row.refunded_amount, kept=row.amount - row.refunded_amount,
        currency=row.currency, status=row.status, payment_method=row.payment_method, opened_at=row.created_at,
        paid_at=row.payment_time, transaction_no=row.transaction_no, reference=row.external_transaction_id,
        cashier=row.cashier, top_up=_is_top_up(row), refunds=refunds,
    )  # fmt: skip


def statement(
    tx: Session, actor: Actor, user_id: str, since: date | None, until: date | None, zone: str, now: datetime,
    *, currency: str = "CNY",
) -> Statement:  # fmt: skip
    """Of one's own money, or of anybody's at the desk. Without days: this month so far.

    Refused: somebody else's (as if there were no such person), and more than a year at once.
    """
    if not _may_see(actor, user_id):
        raise NoSuchPerson()
    person = queries.person(tx, user_id)
    if person is None:
        raise NoSuchPerson()
    first, last = period(since, until, zone, now)
    begin, end = rules.start_of(first, zone), rules.start_of(last + timedelta(days=1), zone)
    moved, owed = found_in.moved(tx, user_id, begin, end), found_in.owed(tx, user_id, now)
    names = found_in.price_names(tx, _price_ids([*moved, *owed]))
    lines = [_line(row, names) for row in moved]
    lines += [
        StatementLine(
            at=row.created_at, kind="top_up", order_id=None, order_no=None, order_type="other", service=None,
            payment_method="cash", amount=row.amount, currency=row.currency,
        )
        for row in found_in.cash_top_ups(tx, user_id, begin, end)
    ]  # fmt: skip
    # what fills the wallet goes before what is paid from it at the same moment
    lines.sort(key=lambda line: (line.at, line.kind != "top_up"))
    return Statement(
        user_id=user_id, payer=person.name, clinic=_clinic(tx, None), since=first, until=last, zone=zone, lines=lines,
        owed=[_owed(row, names) for row in owed], sums=_sums(lines),
        wallet=_wallet(tx, user_id, begin, end, currency),
    )  # fmt: skip


def statement_csv(one: Statement) -> Iterator[str]:
    """The lines, then what is still owed, as a spreadsheet reads them; the words are those of the API.

    No amount is negative: the kind says which way it went, and no spreadsheet takes it for a formula.
    """
    names = ("at", "kind", "order_no", "service", "payment_method", "amount", "currency")
    yield BOM + csv_line(names)
    zone = ZoneInfo(one.zone)
    for line in one.lines:
        about = (line.kind, line.order_no, line.service, line.payment_method, money.plain(line.amount), line.currency)
        yield csv_line([line.at.astimezone(zone), *about])
    for debt in one.owed:
        owed = ("owed", debt.order_no, debt.service, None, money.plain(debt.amount), debt.currency)
        yield csv_line([debt.opened_at.astimezone(zone), *owed])


def period(since: date | None, until: date | None, zone: str, now: datetime) -> tuple[date, date]:
    """Both days included; this month so far where nothing is said, one month back from the end where one end is."""
    today = now.astimezone(ZoneInfo(zone)).date()
    last = min(until, rules.LAST_DAY) if until else max(today, since or today)
    first = max(since, rules.FIRST_DAY) if since else last.replace(day=1)
    if last < first:
        first, last = last, first
    if last - first > LONGEST:
        raise LongStatement(fields={"since": LongStatement.title})
    return first, last


def spans(zone: str, now: datetime) -> dict[str, tuple[date, date]]:
    """Stretches of time that people ask for."""
    today = now.astimezone(ZoneInfo(zone)).date()
    month = today.replace(day=1)
    before = (month - timedelta(days=1)).replace(day=1)
    return {
        "this_month": (month, today), "last_month": (before, month - timedelta(days=1)),
        "this_year": (today.replace(month=1, day=1), today),
    }  # fmt: skip


def _line(row: Any, names: dict[str, Any]) -> StatementLine:
    kind = "top_up" if _is_top_up(row) and row.transaction_type == "payment" else row.transaction_type
    return StatementLine(
        at=row.completed_at, kind=kind, order_id=row.order_id, order_no=row.order_no, order_type=row.order_type,
        service=_service(row, names), payment_method=row.payment_method, amount=row.amount, currency=row.currency,
    )  # fmt: skip


def _owed(row: Any, names: dict[str, Any]) -> OwedLine:
    return OwedLine(
        order_id=row.id, order_no=row.order_no, order_type=row.order_type, service=_service(row, names),
        opened_at=row.created_at, pay_by=row.expire_time, amount=row.amount, currency=row.currency,
        top_up=_is_top_up(row),
    )  # fmt: skip


def _sums(lines: list[StatementLine]) -> list[StatementSum]:
    found: dict[str, dict[str, int]] = {}
    for line in lines:
        of = found.setdefault(line.currency, {"payment": 0, "refund": 0, "top_up": 0})
        of[line.kind] += line.amount
    return [
        StatementSum(currency=currency, paid=of["payment"], refunded=of["refund"], topped_up=of["top_up"])
        for currency, of in sorted(found.items())
    ]


def _wallet(tx: Session, user_id: str, begin: datetime, end: datetime, currency: str) -> WalletSum:
    own = wallet_of(tx, user_id, currency).currency
    before, after = found_in.balance_at(tx, user_id, begin), found_in.balance_at(tx, user_id, end)
    income, expense = found_in.wallet_moves(tx, user_id, begin, end)
    return WalletSum(currency=own, before=before, income=income, expense=expense, after=after)


def _clinic(tx: Session, location_id: str | None) -> ClinicOnPaper | None:
    row = found_in.clinic(tx, location_id)
    if row is None:
        return None
    return ClinicOnPaper(name=row.name, address=row.address or row.city, phone=row.phone)


def _service(row: Any, names: dict[str, Any]) -> str | None:
    price = names.get(_price_id(row) or "")
    return price.service_name if price else None


def _price_id(row: Any) -> str | None:
    return (row.meta or {}).get("price_config_id")


def _price_ids(rows: list[Any]) -> set[str]:
    return {id for row in rows if (id := _price_id(row))}


def _is_top_up(row: Any) -> bool:
    return (row.subject or "").startswith(TOP_UP)


def _may_see(actor: Actor, user_id: str) -> bool:
    return actor.role in EVERYBODYS or (bool(actor.id) and actor.id == user_id)


def _why_no_receipt(tx: Session, actor: Actor, order_id: str) -> Exception:
    row = tx.execute(queries.ORDERS.where(queries.ORDERS.selected_columns.id == order_id)).first()
    return NoReceipt() if row is not None and _may_see(actor, row.user_id) else NoSuchOrder()
