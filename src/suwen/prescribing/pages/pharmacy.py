"""The pharmacist's desk: what waits, seven checks, the hand-over."""

from datetime import datetime
from typing import Any, Literal

from sqlalchemy.orm import Session

from suwen.accounts.service import Witness, confirmed_until, reauthenticate
from suwen.core.actor import Actor
from suwen.core.errors import Invalid
from suwen.core.house import House
from suwen.core.i18n import N_
from suwen.core.web.answers import Page, See
from suwen.core.web.reader import reader_of
from suwen.core.web.routes import form, page, routes_of
from suwen.prescribing import service
from suwen.prescribing.schemas.counter import CHECKS, DispenseForm, FindForm, ReviewForm
from suwen.prescribing.service import papers, pharmacy

WHO = ("pharmacist",)


@page("/pharmacy", who=WHO, audited="prescription")
def queue(
    tx: Session, me: Actor, now: datetime, step: Literal["review", "dispense"] = "review", after: str | None = None
) -> Page:
    part = service.waiting(tx, me, now, step=step, after=after)
    return Page("prescribing/queue.html", {"part": part, "step": step, "after": after})


@form("/pharmacy/take/{id:str}", again=queue, who=WHO, audited="prescription")
def take(tx: Session, me: Actor, now: datetime, id: str) -> See:
    return _taken(tx, me, now, id)


@page("/pharmacy/review/{id:str}", who=WHO, audited="prescription")
def reviewing(tx: Session, me: Actor, house: House, now: datetime, request: Any, id: str) -> Page:
    shown = _desk(tx, me, house, now, request, id)
    shown |= {"checks": CHECKS, "confirmed": confirmed_until(tx, me, now)}
    return Page("prescribing/review.html", shown)


def prove(house: House, me: Actor, now: datetime, data: ReviewForm) -> None:
    """Outside the transaction: a wrong password is counted even though nothing else is stored."""
    if data.verdict == "accepted" and (data.password or data.code):
        reauthenticate(house, me, data.password, data.code, now)


@form("/pharmacy/review/{id:str}", again=reviewing, who=WHO, audited="prescription", before=prove)
def review(tx: Session, me: Actor, now: datetime, id: str, data: ReviewForm) -> See:
    if data.verdict == "accepted" and data.open:
        raise Invalid(fields={name: N_("Please answer this check.") for name in data.open})
    service.prescription(tx, me, id, now)  # only what was taken up; a refused look is noted
    service.review(tx, me, id, data.review(), now)
    if data.verdict == "accepted":
        return See("/pharmacy", toast=N_("Accepted. It can be dispensed now."))
    return See("/pharmacy", toast=N_("Returned. The doctor reads your reason."))


@page("/pharmacy/dispense", who=WHO)
def finding() -> Page:
    return Page("prescribing/find.html", {})


@form("/pharmacy/dispense", again=finding, who=WHO, audited="prescription")
def find(tx: Session, me: Actor, now: datetime, data: FindForm) -> See:
    """What waits is taken up; what is over is only shown, to those who had to do with it."""
    id, waits = pharmacy.find(tx, data.code)
    if waits:
        return _taken(tx, me, now, id)
    service.prescription(tx, me, id, now)
    return See(f"/prescriptions/{id}")


@page("/pharmacy/dispense/{id:str}", who=WHO, audited="prescription")
def handing(tx: Session, me: Actor, house: House, now: datetime, request: Any, id: str) -> Page:
    shown = _desk(tx, me, house, now, request, id)
    shown["counter"] = pharmacy.counter(tx, me, shown["one"], now)
    return Page("prescribing/dispense.html", shown)


def prove_second(house: House, me: Actor, now: datetime, data: DispenseForm) -> Witness | None:
    return service.second_person(house, me, data.dispense(), now)


@form("/pharmacy/dispense/{id:str}", again=handing, who=WHO, audited="prescription", before=prove_second)
def dispense(tx: Session, me: Actor, now: datetime, id: str, data: DispenseForm, prepared: Witness | None) -> See:
    service.dispense(tx, me, id, data.dispense(), now, prepared)
    return See(f"/pharmacy/dispense/{id}", toast=N_("Dispensed. It is written down."))


@page("/admin/waiting-prescriptions", who=("admin",), audited="prescription")
def waiting_times(tx: Session, me: Actor, now: datetime, days: int = 0, after: str | None = None) -> Page:
    part = service.waiting_times(tx, me, now, days=days, after=after)
    return Page("prescribing/waiting.html", {"part": part, "days": days, "after": after})


def _taken(tx: Session, me: Actor, now: datetime, id: str) -> See:
    """The person's record is open to whoever takes it up, and the family can see why."""
    found = service.claim(tx, me, id, now)
    return See(f"/pharmacy/{'review' if found.status == 'signed' else 'dispense'}/{id}")


def _desk(tx: Session, me: Actor, house: House, now: datetime, request: Any, id: str) -> dict[str, Any]:
    one = service.prescription(tx, me, id, now)
    zone = house.settings.zone
    return {
        "one": one,
        "paper": papers.paper(tx, one, reader_of(request.scope, me, zone).locale, zone),
        "beside": pharmacy.beside(tx, me, one, now),
        "history": service.history(tx, me, id, now),
    }


ROUTES = routes_of(queue, take, reviewing, review, finding, find, handing, dispense, waiting_times)
