"""The form that goes to an insurer, to be printed."""

from datetime import datetime

from sqlalchemy.orm import Session

from suwen.core.actor import Actor
from suwen.core.web.answers import Page
from suwen.core.web.routes import page, routes_of
from suwen.payments.service import claims
from suwen.portal.service import insurance


@page("/admin/claims/{id:str}/form", who=("admin",), audited=claims.KIND)
def claim_form(tx: Session, me: Actor, now: datetime, id: str) -> Page:
    return Page("portal/claim_form.html", {"form": insurance.form(tx, me, id, now), "id": id})


ROUTES = routes_of(claim_form)
