"""One step on a prescription's way: guarded by state and version, noted, told to whoever looks at it."""

from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from suwen.core import audit
from suwen.core.actor import Actor
from suwen.core.db import changed, rows
from suwen.core.errors import Conflict, DomainError
from suwen.core.outbox import emit
from suwen.prescribing.errors import (
    AlreadyDispensed,
    AlreadySigned,
    AlreadyVoid,
    CannotBeVoided,
    CannotExtend,
    NoSuchPrescription,
    NotEffective,
    NotWaiting,
    PrescriptionExpired,
)
from suwen.prescribing.events import PrescriptionEvent
from suwen.prescribing.models import Prescription
from suwen.prescribing.rules import lifecycle

REFUSED: dict[str, type[DomainError]] = {
    "change": AlreadySigned, "sign": AlreadySigned, "accept": NotWaiting, "return": NotWaiting,
    "dispense": NotEffective, "extend": CannotExtend, "void": CannotBeVoided,
}  # fmt: skip


def own(tx: Session, actor: Actor, id: str) -> Prescription:
    """For its doctor; NoSuchPrescription for everybody else, who may read but not write."""
    found = tx.get(Prescription, id, populate_existing=True)
    if found is None or actor.role != "doctor" or found.doctor_id != actor.doctor_id:
        raise NoSuchPrescription()
    return found


def refuse(found: Prescription, step: str) -> None:
    """What is in the way of this step from the state that the prescription is in, if anything."""
    if lifecycle.allowed(step, found.status):
        return
    if found.status == "voided":
        raise AlreadyVoid()
    if step in ("dispense", "extend") and found.status in ("expired", "dispensed"):
        raise PrescriptionExpired() if found.status == "expired" else AlreadyDispensed()
    raise REFUSED[step]()


def move(
    tx: Session, found: Prescription, step: str, values: dict[str, Any], now: datetime, version: int | None = None
) -> None:  # fmt: skip
    """Take the step, if nobody was quicker. Refused as `refuse` does; Conflict where `version` is an older one."""
    mine = [Prescription.id == found.id, Prescription.status.in_(lifecycle.FROM[step])]
    if version is not None:
        if version != found.version:  # what was looked at is not what the reader has before them
            refuse(found, step)
            raise Conflict()
        mine.append(Prescription.version == version)
    values = values | {"version": Prescription.version + 1, "updated_at": now}
    done = rows(tx, update(Prescription).where(*mine).values(**values)) == 1
    tx.refresh(found)
    if not done:
        refuse(found, step)
        raise Conflict()


def note(tx: Session, actor: Actor, action: str, found: Prescription, now: datetime, purpose: str = "") -> None:
    audit.seen(tx, actor, action, "prescription", found.id, found.patient_profile_id, purpose, now=now)
    changed(tx, f"prescription:{found.id}", f"prescriptions:{found.appointment_id}", "prescriptions:waiting")


def tell(tx: Session, found: Prescription, kind: type[PrescriptionEvent], now: datetime) -> None:
    emit(tx, kind(found.id, found.appointment_id, found.patient_id), now)
