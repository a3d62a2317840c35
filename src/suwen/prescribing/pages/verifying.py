"""Is this paper genuine? For anybody who holds it."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from suwen.core.actor import Actor
from suwen.core.house import House
from suwen.core.web.answers import Page
from suwen.core.web.reader import reader_of
from suwen.core.web.routes import ANYONE, form, page, routes_of
from suwen.prescribing import service
from suwen.prescribing.reference import reference
from suwen.prescribing.schemas.counter import VerifyForm
from suwen.prescribing.service import papers


@page("/verify", who=ANYONE)
def asking(number: str = "") -> Page:
    return Page("prescribing/verify.html", {"number": number[:60], "found": None, "sheet": None, "reviewed": True})


@page("/verify/{number:str}", who=ANYONE)
def scanned(number: str) -> Page:
    return asking(number)


@form("/verify", again=asking, who=ANYONE)
def answer(tx: Session, me: Actor, house: House, now: datetime, request: Any, data: VerifyForm) -> Page:
    """Counts the tries before it looks: nothing tells a wrong code from a wrong number."""
    service.count(house.limiter, me.ip, data.number)
    found = service.verify(tx, me, data.number, data.holder, now)
    locale = reader_of(request.scope, me, house.settings.zone).locale
    shown = {
        "number": found.code,
        "found": found,
        "sheet": papers.to_compare(found, locale) if found.medicines else None,
        "reviewed": reference().reviewed,
    }
    return Page("prescribing/verify.html", shown)


ROUTES = routes_of(asking, scanned, answer)
