from datetime import datetime

from sqlalchemy.orm import Session

from suwen.core.actor import Actor
from suwen.core.web.answers import Page, See
from suwen.core.web.routes import page, routes_of
from suwen.portal.service import visit as visits


@page("/appointments/{id:str}", who=("patient", "doctor", "admin"), audited="appointment")
def appointment(tx: Session, me: Actor, now: datetime, id: str) -> Page | See:
    """One visit with all that belongs to it; doctors have their desk."""
    shown = visits.whole(tx, me, id, now)
    return See(f"/desk/{id}") if me.role == "doctor" else Page("portal/visit.html", {"whole": shown})


ROUTES = routes_of(appointment)
