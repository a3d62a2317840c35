"""What several packages say together, as JSON."""

from datetime import date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from suwen.core.actor import Actor
from suwen.core.house import House
from suwen.core.web.routes import get, routes_of
from suwen.payments.schemas.claims import ClaimForm
from suwen.payments.service import claims
from suwen.portal.schemas import RevenueView
from suwen.portal.service import insurance
from suwen.portal.service import revenue as figures


@get("/api/v1/claims/{id:str}/form", who=("admin",), tags=["Payments"], audited=claims.KIND)
def claim_form(tx: Session, me: Actor, now: datetime, id: str) -> ClaimForm:
    """What is handed to the insurer: who, what service, when, where and how much. No diagnosis."""
    return insurance.form(tx, me, id, now)


@get("/api/v1/revenue", who=("admin",), slow=True, tags=["Payments"])
def revenue(
    tx: Session, now: datetime, house: House, period: Literal["today", "week", "month", "free"] | None = None,
    since: date | None = None, until: date | None = None,
) -> RevenueView:  # fmt: skip
    """Income by day, department, doctor, method and place, as the ledger has it. Amounts are in minor units.

    Days are the clinic's, both included: a year at most. Without `period`, `since` and `until` say which; without
    those it is this month.
    """
    zone = ZoneInfo(house.settings.zone)
    name = period or ("free" if since or until else None)
    return figures.revenue_view(tx, figures.period(name, since, until, now.astimezone(zone).date()), zone)


ROUTES = routes_of(claim_form, revenue)
