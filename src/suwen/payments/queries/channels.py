"""Statements about gateways: what was said, what was reported, what did not fit."""

from datetime import datetime
from typing import Any

from sqlalchemy import Select, String, and_, case, cast, delete, func, or_, select
from sqlalchemy.orm import Session

from suwen.accounts.models import User
from suwen.core.db import rows
from suwen.payments.models import Anomaly, GatewayExchange, GatewayReport, Order
from suwen.payments.schemas.channels import (
    AnomalyFilters,
    AnomalyRow,
    AnomalyView,
    ExchangeRow,
    ExchangeView,
    ReportRow,
    ReportView,
    TalkFilters,
)

REPORT_NAMES, ANOMALY_NAMES = (kind.__struct_fields__ for kind in (ReportRow, AnomalyRow))
PURGED_AT_ONCE = 1000


def exchanges(filters: TalkFilters) -> Select[Any]:
    found = select(*_columns(ExchangeRow))
    if filters.number:
        found = found.where(GatewayExchange.out_no == filters.number.strip()[:64])
    if filters.gateway:
        found = found.where(GatewayExchange.gateway == filters.gateway)
    return found.where(failed()) if filters.failed else found


def failed() -> Any:
    """No answer, a refusal, or Alipay's refusals, which it sends with status 200."""
    said = cast(GatewayExchange.received, String(4000))
    return or_(
        GatewayExchange.http_status >= 400,
        and_(GatewayExchange.http_status == 0, GatewayExchange.method != "SIGN"),
        and_(GatewayExchange.gateway == "alipay", GatewayExchange.method == "POST", said.not_like('%"10000"%')),
    )


def exchange(tx: Session, id: str) -> ExchangeView | None:
    row = tx.execute(select(*_columns(ExchangeView)).where(GatewayExchange.id == id)).first()
    return ExchangeView(**dict(row._mapping) | {"failed": bool(row.failed)}) if row else None


def _columns(view: type[ExchangeRow]) -> list[Any]:
    plain = [getattr(GatewayExchange, name) for name in view.__struct_fields__ if name != "failed"]
    return [*plain, case((failed(), 1), else_=0).label("failed")]


def purge_exchanges(tx: Session, before: datetime) -> int:
    """A part of what is older; the next round takes more. By id, for no two databases limit a DELETE alike."""
    old = select(GatewayExchange.id).where(GatewayExchange.created_at < before).limit(PURGED_AT_ONCE)
    ids = list(tx.scalars(old.order_by(GatewayExchange.created_at)))
    return rows(tx, delete(GatewayExchange).where(GatewayExchange.id.in_(ids))) if ids else 0


def reports(filters: TalkFilters) -> Select[Any]:
    found = select(*(getattr(GatewayReport, name) for name in REPORT_NAMES))
    if filters.number:
        found = found.where(GatewayReport.out_no == filters.number.strip()[:64])
    if filters.gateway:
        found = found.where(GatewayReport.gateway == filters.gateway)
    if filters.outcome:
        found = found.where(GatewayReport.outcome == filters.outcome)
    return found


def report(tx: Session, id: str) -> ReportView | None:
    asked = select(*(getattr(GatewayReport, name) for name in ReportView.__struct_fields__))
    row = tx.execute(asked.where(GatewayReport.id == id)).first()
    return ReportView(**row._mapping) if row else None


def anomalies(filters: AnomalyFilters) -> Select[Any]:
    found = select(*(getattr(Anomaly, name) for name in ANOMALY_NAMES))
    for name in ("status", "kind", "gateway"):
        if value := getattr(filters, name):
            found = found.where(getattr(Anomaly, name) == value)
    return found


def anomaly(tx: Session, id: str) -> AnomalyView | None:
    names = [name for name in AnomalyView.__struct_fields__ if name not in ("order_no", "resolver")]
    asked = (
        select(*(getattr(Anomaly, name) for name in names), Order.order_no, User.name.label("resolver"))
        .outerjoin(Order, Order.id == Anomaly.order_id)
        .outerjoin(User, User.id == Anomaly.resolved_by)
        .where(Anomaly.id == id)
    )
    row = tx.execute(asked).first()
    return AnomalyView(**row._mapping) if row else None


def open_anomalies(tx: Session) -> int:
    return tx.scalar(select(func.count()).select_from(Anomaly).where(Anomaly.status == "open")) or 0


def kinds_of_anomalies(tx: Session) -> list[str]:
    return list(tx.scalars(select(Anomaly.kind).distinct().order_by(Anomaly.kind)))
