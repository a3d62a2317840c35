"""A doctor's own page: what doctors write about themselves, and the papers they send in."""

from datetime import datetime

from sqlalchemy.orm import Session

from suwen.clinics.errors import NoDoctorsPage, PapersAreFixed
from suwen.clinics.models import Doctor
from suwen.clinics.schemas import DoctorFile, Papers, Profile
from suwen.clinics.service.doctors import describe, doctor_of_user, set_papers, tell
from suwen.clinics.service.files import file_of
from suwen.core.actor import Actor
from suwen.core.db import take


def own_file(tx: Session, me: Actor, now: datetime) -> DoctorFile:
    """NoDoctorsPage where no admin has made one yet."""
    return file_of(tx, _mine(tx, me).id, now)


def write_profile(tx: Session, me: Actor, entry: Profile, now: datetime) -> DoctorFile:
    """Conflict when it was changed elsewhere since it was read."""
    mine = take(tx, _mine(tx, me), entry.version)
    describe(mine, entry)
    tx.flush()
    tell(tx, mine.id)
    return file_of(tx, mine.id, now)


def send_papers(tx: Session, me: Actor, papers: Papers, now: datetime) -> DoctorFile:
    """Hand the licence in to be checked. PapersAreFixed once it has been approved and is still good."""
    mine = _mine(tx, me)
    good = mine.license_valid_until is None or mine.license_valid_until >= now.date()
    if mine.verification_status == "approved" and good:
        raise PapersAreFixed()
    take(tx, mine, papers.version)
    set_papers(mine, papers)
    mine.verification_status, mine.rejection_reason = "pending", None
    mine.verified_by = mine.verified_at = None
    tx.flush()
    tell(tx, mine.id)
    return file_of(tx, mine.id, now)


def _mine(tx: Session, me: Actor) -> Doctor:
    found = doctor_of_user(tx, me.id)
    if found is None:
        raise NoDoctorsPage()
    return found
