"""What was said to the gateways and by them, for an administrator to read; redacted when it was written."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from suwen.core.errors import NotFound
from suwen.core.paging import keyset
from suwen.core.schemas import Slice
from suwen.payments.models import GatewayExchange, GatewayReport
from suwen.payments.queries import channels as statements
from suwen.payments.schemas.channels import ExchangeRow, ExchangeView, ReportRow, ReportView, TalkFilters

__all__ = ["exchange", "exchanges", "purge_exchanges", "report", "reports"]
EXCHANGES_BY = ((GatewayExchange.created_at, "desc"), (GatewayExchange.id, "desc"))
REPORTS_BY = ((GatewayReport.created_at, "desc"), (GatewayReport.id, "desc"))


def exchanges(
    tx: Session, filters: TalkFilters, *, after: str | None = None, limit: int | None = None
) -> Slice[ExchangeRow]:
    """Newest first."""
    found, following = keyset(tx, statements.exchanges(filters), EXCHANGES_BY, after, limit)
    names = [name for name in ExchangeRow.__struct_fields__ if name != "failed"]
    shown = [ExchangeRow(**{name: getattr(row, name) for name in names}, failed=bool(row.failed)) for row in found]
    return Slice(shown, following)


def exchange(tx: Session, id: str) -> ExchangeView:
    found = statements.exchange(tx, id)
    if found is None:
        raise NotFound()
    return found


def purge_exchanges(tx: Session, now: datetime) -> int:
    """Remove what is older than SUWEN_EXCHANGES_DAYS, a part at a time."""
    return statements.purge_exchanges(tx, now - timedelta(days=tx.info["settings"].exchanges_days))


def reports(
    tx: Session, filters: TalkFilters, *, after: str | None = None, limit: int | None = None
) -> Slice[ReportRow]:
    """The inbox, newest first."""
    found, following = keyset(tx, statements.reports(filters), REPORTS_BY, after, limit)
    names = ReportRow.__struct_fields__
    return Slice([ReportRow(**{name: getattr(row, name) for name in names}) for row in found], following)


def report(tx: Session, id: str) -> ReportView:
    found = statements.report(tx, id)
    if found is None:
        raise NotFound()
    return found
