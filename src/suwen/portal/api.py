"""What several packages say together, as JSON."""

from datetime import datetime

from sqlalchemy.orm import Session

from suwen.core.actor import Actor
from suwen.core.web.routes import get, routes_of
from suwen.payments.schemas.claims import ClaimForm
from suwen.payments.service import claims
from suwen.portal.service import insurance


@get("/api/v1/claims/{id:str}/form", who=("admin",), tags=["Payments"], audited=claims.KIND)
def claim_form(tx: Session, me: Actor, now: datetime, id: str) -> ClaimForm:
    """What is handed to the insurer: who, what service, when, where and how much. No diagnosis."""
    return insurance.form(tx, me, id, now)


ROUTES = routes_of(claim_form)
