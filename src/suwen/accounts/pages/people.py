"""People, for the administration: find, make, edit, suspend, delete, bring back, export."""

from datetime import datetime

from sqlalchemy.orm import Session

from suwen.accounts import schemas as s
from suwen.accounts import service
from suwen.accounts.rules import names
from suwen.accounts.service import care, people, showing
from suwen.core.actor import Actor
from suwen.core.house import House
from suwen.core.i18n import N_
from suwen.core.web.answers import Download, Page, See
from suwen.core.web.routes import form, page, routes_of

ADMIN = ("admin",)


@page("/admin/people", who=ADMIN)
def listing(
    tx: Session, q: str | None = None, role: str | None = None, status: str | None = None, deleted: str | None = None,
    after: str | None = None,
) -> Page:  # fmt: skip
    wanted, query = _wanted(q, role, status, deleted)
    found, following = people.people(tx, wanted, after)
    shown = [{"user": user, "phone": names.show_phone(user.phone)} for user in found]
    return Page("accounts/people.html", {"people": shown, "next": following, "chosen": query, "after": after})


@page("/admin/people.csv", who=ADMIN, slow=True)
def export(
    tx: Session, me: Actor, now: datetime, q: str | None = None, role: str | None = None, status: str | None = None,
    deleted: str | None = None,
) -> Download:  # fmt: skip
    wanted, _ = _wanted(q, role, status, deleted)
    people.note_export(tx, me, now)
    return Download(lambda rows: people.as_csv(rows, wanted), "text/csv", f"people-{now:%Y%m%d}.csv")


@page("/admin/people/new", who=ADMIN)
def new_page(role: str | None = None) -> Page:
    return Page("accounts/person_new.html", {"role": role or "patient"})


@form("/admin/people/new", again=new_page, who=ADMIN, once=False)
def make(tx: Session, house: House, me: Actor, now: datetime, data: s.StaffMade) -> Page:
    """The code is the answer itself: it is shown once."""
    user, given = people.make(house, tx, me, data, now)
    return Page("accounts/person_code.html", {"user": user, "given": given, "invitation": True})


@page("/admin/people/{id:str}", who=ADMIN)
def detail(tx: Session, now: datetime, id: str) -> Page:
    user = people.one(tx, id)
    persons = service.profiles_of(tx, id)
    same, treating = service.probably_same_as(tx, persons), care.relations_of(tx, [one.id for one in persons])
    family = [
        {"person": showing.person(tx, one), "same": same[one.id], "relations": treating[one.id]} for one in persons
    ]
    shown = {"user": showing.account_detail(tx, user, now), "phone": names.show_phone(user.phone), "family": family,
             "treating": [(one.id, one.name) for one in care.who_may_treat(tx)] if family else []}  # fmt: skip
    return Page("accounts/person.html", shown)


@page("/admin/people/{id:str}/edit", who=ADMIN)
def edit_page(tx: Session, now: datetime, id: str) -> Page:
    user = people.one(tx, id)
    return Page("accounts/person_edit.html", {"user": user, "phone": names.show_phone(user.phone)})


@form("/admin/people/{id:str}/edit", again=edit_page, who=ADMIN)
def edit(tx: Session, me: Actor, now: datetime, id: str, data: s.AccountEdit) -> See:
    people.edit(tx, me, id, data, now)
    return See(f"/admin/people/{id}", toast=N_("Saved."))


@form("/admin/people/{id:str}/status", again=detail, who=ADMIN)
def change_status(tx: Session, me: Actor, now: datetime, id: str, data: s.StatusChange) -> See:
    people.change_status(tx, me, id, data.status, now)
    return See(f"/admin/people/{id}", toast=N_("Saved."))


@form("/admin/people/{id:str}/delete", again=detail, who=ADMIN)
def delete(tx: Session, me: Actor, now: datetime, id: str) -> See:
    people.delete(tx, me, id, now)
    return See(f"/admin/people/{id}", toast=N_("The account is deleted. It can be brought back."))


@form("/admin/people/{id:str}/restore", again=detail, who=ADMIN)
def restore(tx: Session, me: Actor, now: datetime, id: str) -> See:
    people.restore(tx, me, id, now)
    return See(f"/admin/people/{id}", toast=N_("The account is back."))


@form("/admin/people/{id:str}/code", again=detail, who=ADMIN, once=False)
def give_code(tx: Session, house: House, me: Actor, now: datetime, id: str) -> Page:
    given = people.give_code(house, tx, me, id, now)
    return Page("accounts/person_code.html", {"user": people.one(tx, id), "given": given, "invitation": False})


@form("/admin/people/{id:str}/second-factor", again=detail, who=ADMIN)
def forget_second_factor(tx: Session, me: Actor, now: datetime, id: str) -> See:
    people.forget_second_factor(tx, me, id, now)
    return See(f"/admin/people/{id}", toast=N_("The second sign-in step is removed."))


@page("/admin/people/{id:str}/family/new", who=ADMIN)
def new_family_page(tx: Session, id: str) -> Page:
    return Page("accounts/person_family.html", {"user": people.one(tx, id)})


@form("/admin/people/{id:str}/family/new", again=new_family_page, who=ADMIN)
def add_family(tx: Session, me: Actor, now: datetime, id: str, data: s.PersonInput) -> See:
    people.add_person(tx, me, id, data, now)
    return See(f"/admin/people/{id}", toast=N_("Saved."))


@form("/admin/people/{id:str}/care", again=detail, who=ADMIN)
def entrust(tx: Session, me: Actor, now: datetime, id: str, data: s.CareInput) -> See:
    care.entrust(tx, me, data, now)
    return See(f"/admin/people/{id}", toast=N_("Saved."))


def _wanted(
    q: str | None, role: str | None, status: str | None, deleted: str | None
) -> tuple[s.PeopleFilter, dict[str, str]]:  # fmt: skip
    """A filter form sends what is empty too; what is unknown finds nothing special."""
    wanted = s.PeopleFilter(q=q or None, role=role or None, status=status or None, deleted=bool(deleted))  # type: ignore[arg-type]
    pairs = {"q": q, "role": role, "status": status, "deleted": "yes" if deleted else ""}
    return wanted, {name: value for name, value in pairs.items() if value}


ROUTES = routes_of(
    listing, export, new_page, make, detail, edit_page, edit, change_status, delete, restore, give_code,
    forget_second_factor, new_family_page, add_family, entrust,
)  # fmt: skip
