"""The pharmacist: a queue of what waits, a look, seven checks, accepted with a signature or returned with a reason.

Any pharmacist of the clinic sees that something waits, and may take it up: that writes down why (a care relation for
a few days), and from then on the person's record is open to them. Who prescribed does not review.
"""

from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec
from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from suwen.accounts.models import User
from suwen.accounts.service import refuse_automation, refuse_unconfirmed, relate_care
from suwen.core import audit
from suwen.core.actor import Actor
from suwen.core.db import new_id
from suwen.core.paging import keyset
from suwen.core.schemas import Slice
from suwen.prescribing.errors import (
    ChecksOpen,
    NoSuchPrescription,
    OwnPrescription,
    ReasonMissing,
    SignatureBroken,
)
from suwen.prescribing.events import PrescriptionEffective, PrescriptionReturned
from suwen.prescribing.jurisdictions import jurisdictions
from suwen.prescribing.models import PharmacistReview, Prescription, SafetyEvaluation, Signature
from suwen.prescribing.rules import lifecycle
from suwen.prescribing.schemas import ReviewInput, WaitingLine, WaitingTime
from suwen.prescribing.service import checking, signatures
from suwen.prescribing.service.moving import move, note, refuse, tell

LOOKS = timedelta(days=3)
LONGEST = 3660  # days of waiting that anybody asks for
STEPS: dict[str, tuple[str, ...]] = {"review": lifecycle.FROM["accept"], "dispense": lifecycle.FROM["dispense"]}
# What a release before the safety engine called signed has none, and nobody can accept it: it is written anew.
HAS_SIGNATURE = exists().where(Signature.prescription_id == Prescription.id, Signature.invalidated_at.is_(None))
OLDEST = [(Prescription.signed_at, "asc"), (Prescription.id, "asc")]


def waiting(
    tx: Session, actor: Actor, now: datetime, *, step: Literal["review", "dispense"] = "review",
    after: str | None = None, limit: int | None = None,
) -> Slice[WaitingLine]:  # fmt: skip
    """What waits for a pharmacist, the oldest first. No medicine and no diagnosis is named."""
    found = (
        select(*(getattr(Prescription, name) for name in (
            "id", "code", "status", "kind", "channel", "signed_by", "patient_name", "signed_at", "effective_at",
            "valid_until", "medicines", "answers")), SafetyEvaluation.worst)
        .outerjoin(SafetyEvaluation, SafetyEvaluation.id == Prescription.evaluation_id)
        .where(Prescription.status.in_(STEPS[step]))
    )  # fmt: skip
    if step == "dispense":
        found = found.where(Prescription.valid_until >= now.replace(microsecond=0))  # all of its last second
    else:
        found = found.where(Prescription.signer_id != actor.id, HAS_SIGNATURE)
    read, following = keyset(tx, found, OLDEST, after, limit)
    if read:
        audit.seen(tx, actor, "read", "prescription", "queue", purpose=step, now=now)
    return Slice([_line(row) for row in read], following)


def waiting_times(
    tx: Session, actor: Actor, now: datetime, *, days: int = 0, after: str | None = None, limit: int | None = None
) -> Slice[WaitingTime]:  # fmt: skip
    """What has waited for a review for so many whole days or longer, the longest first. Nothing ends it by itself:
    somebody has to look."""
    days = min(max(days, 0), LONGEST)
    names = ("id", "code", "kind", "channel", "signed_by", "signed_at")
    found = select(*(getattr(Prescription, name) for name in names)).where(
        Prescription.status.in_(STEPS["review"]), HAS_SIGNATURE, Prescription.signed_at <= now - timedelta(days=days)
    )  # fmt: skip
    read, following = keyset(tx, found, OLDEST, after, limit)
    if read:
        audit.seen(tx, actor, "read", "prescription", "queue", purpose="waiting times", now=now)
    lines = [
        WaitingTime(
            code=row.code, doctor=row.signed_by or "", kind=row.kind, channel=row.channel, signed_at=row.signed_at,
            days=(now - row.signed_at).days,
        )
        for row in read
    ]  # fmt: skip
    return Slice(lines, following)


def claim(tx: Session, actor: Actor, id: str, now: datetime) -> Prescription:
    """Take up what waits to be reviewed or dispensed; the person's record is open for it from now on.

    NoSuchPrescription for what does not wait: nobody opens records at will by this.
    """
    found = _waits(tx, actor, id)
    reason = f"{'Pharmacist review' if found.status == 'signed' else 'Dispensing'} of {found.code}"
    relate_care(tx, found.patient_profile_id, actor.id, found.appointment_id, reason, now, now + LOOKS)
    note(tx, actor, "read", found, now, "taken up")
    return found


def review(tx: Session, actor: Actor, id: str, data: ReviewInput, now: datetime) -> Prescription:
    """Accept (a signature: the pharmacist was confirmed within five minutes) or return with a reason.

    Refused: one's own prescription; what somebody else has just reviewed; an open check; what was tampered with;
    findings that have come up since the doctor signed and that no reason stands for.
    """
    refuse_automation(actor)
    found = tx.get(Prescription, id, populate_existing=True)
    if found is None or found.signed_at is None:
        raise NoSuchPrescription()
    refuse(found, "accept")
    if found.signer_id == actor.id:
        raise OwnPrescription()
    checking.lock_person(tx, found.patient_profile_id)
    relate_care(
        tx, found.patient_profile_id, actor.id, found.appointment_id, f"Pharmacist review of {found.code}", now,
        now + LOOKS,
    )  # fmt: skip
    checks = {name: str(value) for name, value in msgspec.structs.asdict(data.checks).items()}
    if data.verdict == "returned":
        _return(tx, actor, found, data, checks, now)
    else:
        _accept(tx, actor, found, data, checks, now)
    return found


def _return(
    tx: Session, actor: Actor, found: Prescription, data: ReviewInput, checks: dict[str, str], now: datetime
) -> None:  # fmt: skip
    reason = (data.reason or "").strip()
    if len(reason) < 2:
        raise ReasonMissing(fields={"reason": ReasonMissing.title})
    values = {"status": "returned", "return_reason": reason, "reviewed_by": actor.id, "reviewed_at": now}
    move(tx, found, "return", values, now, data.version)
    _keep(tx, actor, found, "returned", checks, reason, now)
    note(tx, actor, "write", found, now, "returned")
    tell(tx, found, PrescriptionReturned, now)


def _accept(
    tx: Session, actor: Actor, found: Prescription, data: ReviewInput, checks: dict[str, str], now: datetime
) -> None:  # fmt: skip
    if "concern" in checks.values():
        raise ChecksOpen(fields={f"checks.{name}": ChecksOpen.title for name in checks if checks[name] == "concern"})
    zone, law = checking.clinic_zone(tx), jurisdictions()[found.jurisdiction]
    if not signatures.genuine(tx, found, reviewed=True):
        raise SignatureBroken()
    doctors = signatures.current(tx, found.id)
    checked = checking.evaluated(tx, checking.columns_of(found, zone), now)
    acknowledged = signatures.statement_of(doctors).get("acknowledged") or []
    checking.refuse_unsafe(checked, found.answers or {}, acknowledged)
    refuse_unconfirmed(tx, actor, now)
    evaluation = checking.store(tx, checked, found.id, "review", now)
    remark = (data.reason or "").strip()
    until = law.valid_until(now, zone, checking.schedules(found.medicines))
    said = {"checks": checks, "prescriber": doctors.id if doctors else "", "reason": remark,
            "valid_until": signatures.moment(until)}  # fmt: skip
    name = tx.get_one(User, actor.id).name
    signatures.add(tx, found, "pharmacist", actor.id, name, evaluation, signatures.content_of(found), said, now)
    values = {
        "status": "effective", "reviewed_by": actor.id, "reviewed_at": now, "effective_at": now,
        "valid_until": until, "evaluation_id": evaluation.id,
    }  # fmt: skip
    move(tx, found, "accept", values, now, data.version)
    _keep(tx, actor, found, "accepted", checks, remark or None, now)
    note(tx, actor, "sign", found, now, "accepted")
    tell(tx, found, PrescriptionEffective, now)


def _keep(
    tx: Session, actor: Actor, found: Prescription, verdict: str, checks: dict[str, str], reason: str | None,
    now: datetime,
) -> None:  # fmt: skip
    tx.add(
        PharmacistReview(
            id=new_id(), prescription_id=found.id, reviewer_id=actor.id, verdict=verdict, checks=checks,
            reason=reason, created_at=now,
        )
    )  # fmt: skip
    tx.flush()


def _waits(tx: Session, actor: Actor, id: str) -> Prescription:
    found = tx.get(Prescription, id, populate_existing=True)
    if found is None or actor.role != "pharmacist" or found.status not in (*STEPS["review"], *STEPS["dispense"]):
        raise NoSuchPrescription()
    if found.status == "signed" and signatures.current(tx, id) is None:
        raise NoSuchPrescription()
    return found


def _line(row: Any) -> WaitingLine:
    plain = ("id", "code", "status", "kind", "channel", "patient_name", "signed_at", "effective_at", "valid_until")
    return WaitingLine(
        **{name: getattr(row, name) for name in plain}, doctor=row.signed_by or "", lines=len(row.medicines),
        worst=checking.worst_name(row.worst or 0), overridden=len(row.answers or {}),
    )  # fmt: skip
