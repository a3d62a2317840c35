from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from suwen.core.house import House
from suwen.core.web.answers import Download, Page
from suwen.core.web.routes import page, routes_of
from suwen.payments.rules import day_of
from suwen.portal.service import revenue as figures


@page("/admin/revenue", who="admin", slow=True)
def revenue(
    tx: Session, now: datetime, house: House, period: str | None = None, since: str | None = None,
    until: str | None = None,
) -> Page:  # fmt: skip
    """Income by day, department, doctor, method and place, as the ledger has it."""
    wanted, zone = _asked(now, house, period, since, until)
    shown = {"wanted": wanted, "money_by_currency": figures.revenue(tx, wanted, zone), "asked": _query(wanted)}
    return Page("portal/revenue.html", shown)


@page("/admin/revenue.csv", who="admin")
def revenue_csv(
    now: datetime, house: House, period: str | None = None, since: str | None = None, until: str | None = None
) -> Download:
    wanted, zone = _asked(now, house, period, since, until)
    name = f"revenue-{wanted.first}-{wanted.last}.csv"
    return Download(partial(figures.revenue_csv, wanted=wanted, zone=zone), "text/csv", name)


def _asked(
    now: datetime, house: House, period: str | None, since: str | None, until: str | None
) -> tuple[figures.Period, ZoneInfo]:  # fmt: skip
    zone = ZoneInfo(house.settings.zone)
    today = now.astimezone(zone).date()
    name = period or ("free" if since or until else None)
    return figures.period(name, day_of(since), day_of(until), today), zone


def _query(wanted: figures.Period) -> dict[str, str]:
    return {"period": "free", "since": wanted.first.isoformat(), "until": wanted.last.isoformat()}


ROUTES = routes_of(revenue, revenue_csv)
