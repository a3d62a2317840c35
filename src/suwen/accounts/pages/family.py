"""The people an account looks after."""

from datetime import datetime

from sqlalchemy.orm import Session

from suwen.accounts import service
from suwen.accounts.rules import names
from suwen.accounts.schemas import PersonInput
from suwen.accounts.service import care, family, showing
from suwen.core.actor import Actor
from suwen.core.i18n import N_
from suwen.core.web.answers import Page, See
from suwen.core.web.routes import form, page, routes_of
from suwen.core.web.system import inside

PATIENT = ("patient",)


@page("/family", who=PATIENT)
def listing(tx: Session, me: Actor) -> Page:
    return Page("accounts/family.html", {"people": [showing.person(tx, one) for one in service.profiles(tx, me)]})


@page("/family/new", who=PATIENT)
def new_page(next: str = "/family") -> Page:
    return Page("accounts/family_person.html", {"person": None, "phone": "", "relations": [], "next": inside(next)})


@form("/family/new", again=new_page, who=PATIENT)
def add(tx: Session, me: Actor, now: datetime, data: PersonInput, next: str = "/family") -> See:
    service.add_person(tx, me, data, now)
    return See(inside(next), toast=N_("Saved."))


@page("/family/{id:str}", who=PATIENT, audited="profile")
def person_page(tx: Session, me: Actor, now: datetime, id: str) -> Page:
    person = showing.person_detail(tx, me, service.own_profile(tx, me, id), now)
    shown = {"person": person, "phone": names.show_phone(person.phone), "next": "/family",
             "relations": care.relations(tx, me, id, now)}  # fmt: skip
    return Page("accounts/family_person.html", shown)


@form("/family/{id:str}", again=person_page, who=PATIENT, audited="profile")
def change(tx: Session, me: Actor, now: datetime, id: str, data: PersonInput) -> See:
    service.change_person(tx, me, id, data, now)
    return See("/family", toast=N_("Saved."))


@form("/family/{id:str}/default", again=listing, who=PATIENT)
def make_default(tx: Session, me: Actor, id: str) -> See:
    family.choose_default(tx, me, id)
    return See("/family", toast=N_("Saved."))


@form("/family/{id:str}/remove", again=listing, who=PATIENT, audited="profile")
def remove(tx: Session, me: Actor, now: datetime, id: str) -> See:
    service.remove_person(tx, me, id, now)
    return See("/family", toast=N_("Taken off the list. Records stay where they are."))


@form("/care-relations/{id:str}/end", again=listing, who=PATIENT)
def end_relation(tx: Session, me: Actor, now: datetime, id: str) -> See:
    person_id = care.end_relation(tx, me, id, now)
    return See(f"/family/{person_id}", toast=N_("From now on the record is closed to them."))


ROUTES = routes_of(listing, new_page, add, person_page, change, make_default, remove, end_relation)
