"""Doctors to verify and to edit, a doctor's own page, the places."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from suwen.clinics import rules, service
from suwen.clinics.schemas import DoctorFilters, DoctorForm, LocationEntry, Papers, Profile, Rejection, Verdict
from suwen.core.actor import Actor
from suwen.core.i18n import N_
from suwen.core.schemas import Input
from suwen.core.web.answers import Download, Page, See
from suwen.core.web.routes import form, page, routes_of


class Nothing(Input):
    """A button."""


@page("/admin/doctors", who="admin")
def doctors(
    tx: Session, now: datetime, status: str | None = None, department_id: str | None = None, q: str | None = None,
    after: str | None = None,
) -> Page:  # fmt: skip
    filters = DoctorFilters(status=status or None, department_id=department_id or None, q=q or None)
    found = service.files(tx, filters, now, after)
    return Page("clinics/doctors.html", {
        "doctors": found.items, "next": found.next, "filters": filters, "first": after is None,
        "counts": service.counts(tx, now), "choices": service.choices(tx),
    })  # fmt: skip


@page("/admin/doctors.csv", who="admin", slow=True)
def export(
    now: datetime, status: str | None = None, department_id: str | None = None, q: str | None = None
) -> Download:
    filters = DoctorFilters(status=status or None, department_id=department_id or None, q=q or None)
    return Download(lambda tx: service.table(tx, filters, now), "text/csv", "doctors.csv")


@page("/admin/doctors/new", who="admin")
def new_doctor(tx: Session) -> Page:
    return Page("clinics/doctor_form.html", _choices(tx) | {"file": None, "accounts": service.without_a_page(tx)})


@form("/admin/doctors/new", again=new_doctor, who="admin")
def create(tx: Session, me: Actor, now: datetime, data: DoctorForm) -> See:
    made = service.create_doctor(tx, me, data.user_id or "", data.entry(), now)
    return See(f"/admin/doctors/{made.id}", toast=N_("Saved."))


@page("/admin/doctors/{id:str}", who="admin")
def file(tx: Session, now: datetime, id: str) -> Page:
    shown = {"file": service.file_of(tx, id, now), "languages": rules.LANGUAGES, "certificates": rules.CERTIFICATES}
    return Page("clinics/doctor_file.html", shown | {"today": now.date()})


@page("/admin/doctors/{id:str}/edit", who="admin")
def editing(tx: Session, now: datetime, id: str) -> Page:
    return Page("clinics/doctor_form.html", _choices(tx) | {"file": service.file_of(tx, id, now), "accounts": []})


@form("/admin/doctors/{id:str}/edit", again=editing, who="admin")
def change(tx: Session, me: Actor, now: datetime, id: str, data: DoctorForm) -> See:
    service.change_doctor(tx, me, id, data.entry(), now)
    return See(f"/admin/doctors/{id}", toast=N_("Saved."))


@form("/admin/doctors/{id:str}/approve", again=file, who="admin")
def approve(tx: Session, me: Actor, now: datetime, id: str, data: Verdict) -> See:
    service.approve(tx, me, id, data.version, now)
    return See("/admin/doctors?status=pending", toast=N_("Approved. Patients can find this doctor now."))


@form("/admin/doctors/{id:str}/reject", again=file, who="admin")
def reject(tx: Session, me: Actor, now: datetime, id: str, data: Rejection) -> See:
    service.reject(tx, me, id, data.version, data.reason, now)
    return See("/admin/doctors?status=pending", toast=N_("Rejected. The doctor has been told why."))


@form("/admin/doctors/{id:str}/delete", again=file, who="admin")
def put_away(tx: Session, me: Actor, now: datetime, id: str, data: Nothing) -> See:
    service.put_away(tx, me, id, now)
    return See(f"/admin/doctors/{id}", toast=N_("Put away. Nobody can find or book this doctor any more."))


@form("/admin/doctors/{id:str}/restore", again=file, who="admin")
def bring_back(tx: Session, me: Actor, now: datetime, id: str, data: Nothing) -> See:
    service.bring_back(tx, me, id, now)
    return See(f"/admin/doctors/{id}", toast=N_("Brought back."))


@page("/doctor/profile", who="doctor")
def profile(tx: Session, me: Actor, now: datetime) -> Page:
    shown = {"file": service.own_file(tx, me, now), "languages": rules.LANGUAGES, "today": now.date()}
    return Page("clinics/profile.html", shown)


@form("/doctor/profile", again=profile, who="doctor")
def describe(tx: Session, me: Actor, now: datetime, data: Profile) -> See:
    service.write_profile(tx, me, data, now)
    return See("/doctor/profile", toast=N_("Saved."))


@form("/doctor/papers", again=profile, who="doctor")
def papers(tx: Session, me: Actor, now: datetime, data: Papers) -> See:
    service.send_papers(tx, me, data, now)
    return See("/doctor/profile", toast=N_("Sent. We will tell you when they have been checked."))


@page("/admin/locations", who="admin")
def locations(tx: Session) -> Page:
    return Page(
        "clinics/locations.html", {"places": service.locations(tx, all=True), "row": None, "zones": rules.zone_names()}
    )


@form("/admin/locations", again=locations, who="admin")
def open_location(tx: Session, me: Actor, data: LocationEntry) -> See:
    service.open_location(tx, me, data)
    return See("/admin/locations", toast=N_("Saved."))


@page("/admin/locations/{id:str}", who="admin")
def location(tx: Session, id: str) -> Page:
    return Page("clinics/locations.html", {"places": [], "row": service.location(tx, id), "zones": rules.zone_names()})


@form("/admin/locations/{id:str}", again=location, who="admin")
def change_location(tx: Session, me: Actor, now: datetime, id: str, data: LocationEntry) -> See:
    service.change_location(tx, me, id, data, now)
    return See("/admin/locations", toast=N_("Saved."))


def _choices(tx: Session) -> dict[str, Any]:
    return {"choices": service.choices(tx), "languages": rules.LANGUAGES, "certificates": rules.CERTIFICATES}


ROUTES = routes_of(doctors, export, new_doctor, create, file, editing, change, approve, reject, put_away, bring_back,
                   profile, describe, papers, locations, open_location, location, change_location)  # fmt: skip
