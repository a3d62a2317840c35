"""The prescription in the form of the norm, for programs that print it."""

from datetime import datetime

from sqlalchemy.orm import Session

from suwen.core.actor import Actor
from suwen.core.house import House
from suwen.core.web.routes import get, routes_of
from suwen.prescribing import service
from suwen.prescribing.schemas.sheet import SheetView
from suwen.prescribing.service import papers


@get("/api/v1/prescriptions/{id:str}/sheet", who=("patient", "doctor", "pharmacist"), tags=["Prescriptions"],
     audited="prescription")  # fmt: skip
def sheet(tx: Session, house: House, me: Actor, now: datetime, id: str) -> SheetView:
    """Its parts and the whole as text, herbs aligned in rows; how one dose is cooked; what the person should know. In
    the reader's language."""
    one = service.prescription(tx, me, id, now, action="export")
    return papers.shown(papers.paper(tx, one, me.locale, house.settings.zone))


ROUTES = routes_of(sheet)
