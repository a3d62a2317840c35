"""The front door: find a doctor; signed in, the next visit first."""

from datetime import datetime

from sqlalchemy.orm import Session

from suwen.core.actor import Actor
from suwen.core.web.answers import Page, See
from suwen.core.web.routes import ANYONE, page, routes_of
from suwen.portal.service import home as front

DESKS = {"doctor": "/doctor/today", "admin": "/admin", "pharmacist": "/pharmacy"}


@page("/", who=ANYONE, kept=lambda: ("directory", "home"))
def home(tx: Session, me: Actor, now: datetime) -> Page | See:
    """Everybody's home; staff go to their desks."""
    if me.role in DESKS:
        return See(DESKS[me.role])
    return Page("portal/home.html", {"home": front.home(tx, me, now)})


ROUTES = routes_of(home)
