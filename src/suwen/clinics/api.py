"""Doctors for admins and for themselves, and the places. The public directory is scheduling's: it knows free times."""

from datetime import datetime

from sqlalchemy.orm import Session

from suwen.clinics import service
from suwen.clinics.schemas import (
    DoctorEntry,
    DoctorFile,
    DoctorFilters,
    DoctorLine,
    LocationEntry,
    LocationView,
    NewDoctor,
    Papers,
    Profile,
    Rejection,
    Verdict,
)
from suwen.core.actor import Actor
from suwen.core.schemas import Slice
from suwen.core.web.routes import ANYONE, delete, get, post, put, routes_of

DOCTORS, PLACES = ["Doctors"], ["Locations"]
ADMIN = "/api/v1/admin/doctors"


@get(ADMIN, who="admin", tags=DOCTORS, operation_id="list_doctor_files")
def files(
    tx: Session, now: datetime, status: str | None = None, department_id: str | None = None, q: str | None = None,
    after: str | None = None, limit: int | None = None,
) -> Slice[DoctorLine]:  # fmt: skip
    """All doctors, newest first. `status` is pending, approved, rejected, expired or deleted."""
    return service.files(tx, DoctorFilters(status=status, department_id=department_id, q=q), now, after, limit)


@post(ADMIN, who="admin", tags=DOCTORS, operation_id="create_doctor")
def create(tx: Session, me: Actor, now: datetime, data: NewDoctor) -> DoctorFile:
    """Give a doctor's account its page, to be verified."""
    return service.file_of(tx, service.create_doctor(tx, me, data.user_id, data, now).id, now)


@get(f"{ADMIN}/{{id:str}}", who="admin", tags=DOCTORS, operation_id="show_doctor_file")
def file(tx: Session, now: datetime, id: str) -> DoctorFile:
    return service.file_of(tx, id, now)


@put(f"{ADMIN}/{{id:str}}", who="admin", tags=DOCTORS, operation_id="change_doctor")
def change(tx: Session, me: Actor, now: datetime, id: str, data: DoctorEntry) -> DoctorFile:
    return service.change_doctor(tx, me, id, data, now)


@post(f"{ADMIN}/{{id:str}}/approve", who="admin", tags=DOCTORS, operation_id="approve_doctor", status=200)
def approve(tx: Session, me: Actor, now: datetime, id: str, data: Verdict) -> DoctorFile:
    """List the doctor, whose licence has been looked at."""
    return service.approve(tx, me, id, data.version, now)


@post(f"{ADMIN}/{{id:str}}/reject", who="admin", tags=DOCTORS, operation_id="reject_doctor", status=200)
def reject(tx: Session, me: Actor, now: datetime, id: str, data: Rejection) -> DoctorFile:
    return service.reject(tx, me, id, data.version, data.reason, now)


@delete(f"{ADMIN}/{{id:str}}", who="admin", tags=DOCTORS, operation_id="delete_doctor")
def put_away(tx: Session, me: Actor, now: datetime, id: str) -> None:
    """Softly: past visits, records and reviews stay."""
    service.put_away(tx, me, id, now)


@post(f"{ADMIN}/{{id:str}}/restore", who="admin", tags=DOCTORS, operation_id="restore_doctor", status=200)
def bring_back(tx: Session, me: Actor, now: datetime, id: str) -> DoctorFile:
    return service.bring_back(tx, me, id, now)


@get("/api/v1/me/doctor", who="doctor", tags=DOCTORS, operation_id="show_own_doctor_file")
def own(tx: Session, me: Actor, now: datetime) -> DoctorFile:
    return service.own_file(tx, me, now)


@put("/api/v1/me/doctor", who="doctor", tags=DOCTORS, operation_id="change_own_profile")
def describe(tx: Session, me: Actor, now: datetime, data: Profile) -> DoctorFile:
    return service.write_profile(tx, me, data, now)


@put("/api/v1/me/doctor/papers", who="doctor", tags=DOCTORS, operation_id="send_papers")
def papers(tx: Session, me: Actor, now: datetime, data: Papers) -> DoctorFile:
    """Hand in the licence; it will be checked, until then the doctor is not listed."""
    return service.send_papers(tx, me, data, now)


@get("/api/v1/locations", who=ANYONE, tags=PLACES, operation_id="list_locations",
     kept=lambda: ("catalogue:locations", "all"))  # fmt: skip
def locations(tx: Session) -> list[LocationView]:
    """The open places of the clinic."""
    return service.locations(tx)


@post("/api/v1/locations", who="admin", tags=PLACES, operation_id="create_location")
def open_location(tx: Session, me: Actor, data: LocationEntry) -> LocationView:
    return service.open_location(tx, me, data)


@put("/api/v1/locations/{id:str}", who="admin", tags=PLACES, operation_id="change_location")
def change_location(tx: Session, me: Actor, now: datetime, id: str, data: LocationEntry) -> LocationView:
    return service.change_location(tx, me, id, data, now)


ROUTES = routes_of(files, create, file, change, approve, reject, put_away, bring_back, own, describe, papers,
                   locations, open_location, change_location)  # fmt: skip
