"""Giving out: once, then refill by refill, each time by one; longer validity by the prescriber; the end of it."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from suwen.accounts.service import Witness, refuse_automation, relate_care, witness
from suwen.core import audit
from suwen.core.actor import SYSTEM, Actor
from suwen.core.db import changed, new_id
from suwen.core.house import House
from suwen.prescribing.errors import (
    AlreadyDispensed,
    CannotExtend,
    NoSuchPrescription,
    PrescriptionExpired,
    SecondCheckerNeeded,
    SignatureBroken,
    TooEarly,
    Unsafe,
)
from suwen.prescribing.events import PrescriptionDispensed, PrescriptionExtended
from suwen.prescribing.events import PrescriptionExpired as Expired
from suwen.prescribing.jurisdictions import jurisdictions
from suwen.prescribing.models import Dispensing, Prescription, SafetyEvaluation
from suwen.prescribing.reference import reference
from suwen.prescribing.rules import lifecycle, safety
from suwen.prescribing.rules.findings import Finding, Severity
from suwen.prescribing.rules.jurisdiction import extended
from suwen.prescribing.schemas import DispenseInput
from suwen.prescribing.service import checking, composing, signatures
from suwen.prescribing.service.moving import move, note, own, refuse, tell
from suwen.prescribing.service.reviewing import LOOKS

AT_ONCE = 200


def second_person(house: House, actor: Actor, data: DispenseInput, now: datetime) -> Witness | None:
    """Who checks besides the one that dispenses, proved by their own password or code; outside any transaction, as
    every password is. SecondCheckerNeeded where it is nobody, or the same person."""
    if not data.checked_by:
        return None
    found = witness(house, actor, data.checked_by, "pharmacist", data.password, data.code, now)
    if found is None:
        raise SecondCheckerNeeded(fields={"checked_by": SecondCheckerNeeded.title})
    return found


def dispense(
    tx: Session, actor: Actor, id: str, data: DispenseInput, now: datetime, second: Witness | None = None
) -> Prescription:
    """Give it out, once more if it may be. Of two at once the number and the version let one pass.

    Refused: what is not in effect, expired, or used up; a refill before three quarters of the last supply are gone;
    what is not what was signed; what has become forbidden meanwhile; a medicine of the toxic-drugs order without a
    second person who checks, and has proved to be there (`second_person`).
    """
    refuse_automation(actor)
    found = tx.get(Prescription, id, populate_existing=True)
    if found is None or found.signed_at is None or actor.role != "pharmacist":
        raise NoSuchPrescription()
    refuse(found, "dispense")
    checking.lock_person(tx, found.patient_profile_id)
    law, zone = jurisdictions()[found.jurisdiction], checking.clinic_zone(tx)
    if is_over(found, now):
        raise PrescriptionExpired()
    given = of(tx, id)
    if len(given) > found.refill_allowed:
        raise AlreadyDispensed()
    earliest = next_day(tx, found, given)
    if earliest and now.astimezone(zone).date() < earliest:
        raise TooEarly(earliest=earliest.isoformat())
    if not signatures.genuine(tx, found, law.pharmacist_review):
        raise SignatureBroken()
    if not _is_checked(actor, found, data.checked_by, second):
        raise SecondCheckerNeeded(fields={"checked_by": SecondCheckerNeeded.title})
    checked = looked_at(tx, found, len(given), now)
    grave = stops(tx, found, checked)
    if grave:
        raise Unsafe(rules=sorted({one.rule for one in grave}), findings=checking.kept(grave))
    number = len(given) + 1
    values = {
        "status": lifecycle.after("dispense", dispensed=number, refills=found.refill_allowed),
        "refills_used": number - 1,
    }
    move(tx, found, "dispense", values, now, data.version)
    tx.add(
        Dispensing(id=new_id(), prescription_id=id, number=number, dispensed_by=actor.id,
                   checked_by=second.id if second else None, checked_how=second.how if second else None,
                   note=(data.note or "").strip() or None, created_at=now)
    )  # fmt: skip
    tx.flush()
    checking.store(tx, checked, id, "dispense", now)
    reason = f"Dispensing of {found.code}"
    relate_care(tx, found.patient_profile_id, actor.id, found.appointment_id, reason, now, now + LOOKS)
    note(tx, actor, "write", found, now, "dispensed")
    if second:
        checker = replace(actor, id=second.id, name=second.name, session_id="")
        note(tx, checker, "sign", found, now, f"checked what was dispensed ({second.how})")
    tell(tx, found, PrescriptionDispensed, now)
    return found


def extend(tx: Session, actor: Actor, id: str, days: int, now: datetime) -> Prescription:
    """Lengthen the validity, by its prescriber, while it lasts; in all by as many days as the jurisdiction allows."""
    found = own(tx, actor, id)
    refuse_automation(actor)
    refuse(found, "extend")
    law, zone = jurisdictions()[found.jurisdiction], checking.clinic_zone(tx)
    if is_over(found, now):
        raise PrescriptionExpired()
    if found.valid_until is None or found.extended_days + days > law.extend_days:
        raise CannotExtend(most=law.extend_days - found.extended_days)
    values = {"valid_until": extended(found.valid_until, days, zone), "extended_days": found.extended_days + days}
    move(tx, found, "extend", values, now, found.version)
    note(tx, actor, "write", found, now, f"extended by {days}")
    tell(tx, found, PrescriptionExtended, now)
    return found


def expire(tx: Session, now: datetime, limit: int = 200) -> int:
    """Write down what is over. Whoever dispenses looks at the time itself; this is for lists and for the family."""
    over = select(Prescription).where(
        Prescription.status.in_(lifecycle.FROM["expire"]), Prescription.valid_until < now.replace(microsecond=0)
    )  # fmt: skip
    found = tx.scalars(over.order_by(Prescription.valid_until).limit(limit)).all()
    for one in found:
        move(tx, one, "expire", {"status": "expired"}, now, one.version)
        audit.seen(tx, SYSTEM, "write", "prescription", one.id, one.patient_profile_id, "expired", now=now)
        changed(tx, f"prescription:{one.id}", "prescriptions:waiting")
        tell(tx, one, Expired, now)
    return len(found)


def is_over(found: Prescription, now: datetime) -> bool:
    return found.valid_until is not None and now.replace(microsecond=0) > found.valid_until


def of(tx: Session, prescription_id: str) -> list[Dispensing]:
    given = select(Dispensing).where(Dispensing.prescription_id == prescription_id)
    return list(tx.scalars(given.order_by(Dispensing.number)))


def next_day(tx: Session, found: Prescription, given: list[Dispensing]) -> date | None:
    """The first day on which the next supply may be given; None where nothing was given yet, or nothing is left."""
    if not given or len(given) > found.refill_allowed:
        return None
    lasts = composing.days_at_least(found.kind, found.medicines, found.regimen)
    law = jurisdictions()[found.jurisdiction]
    return law.next_supply(given[-1].created_at, lasts, checking.clinic_zone(tx))


def looked_at(tx: Session, found: Prescription, given: int, now: datetime) -> checking.Checked:
    """What the rules say of it today, at the counter."""
    return checking.evaluated(tx, _from_now(found, given, now, checking.clinic_zone(tx)), now)


def stops(tx: Session, found: Prescription, checked: checking.Checked) -> list[Finding]:
    """What of it keeps the medicine here."""
    return [one for one in checked.findings if one.severity is Severity.FORBID or _nobody_answered(tx, found, one)]


def _from_now(found: Prescription, given: int, now: datetime, zone: ZoneInfo) -> dict[str, Any]:
    """It is taken from today, however long ago it was written."""
    today, left = now.astimezone(zone).date(), found.refill_allowed - given
    last = composing.last_day(found.kind, found.medicines, found.regimen, left, today)
    return checking.columns_of(found, zone) | {"first_day": today, "last_day": last}


def _nobody_answered(tx: Session, found: Prescription, finding: Finding) -> bool:
    """Something grave that the doctor gave no reason for: it has come up since, as an allergy that was written down
    later. Between two prescriptions the other one's doctor may have given it: this one was not taken any more, or not
    yet, when the other was signed."""
    if finding.severity is not Severity.BLOCK_OVERRIDE or finding.asks:
        return False
    answers = found.answers or {}
    if safety.key(finding) in answers or _answered_then(tx, found, finding):
        return False
    if not finding.other:
        return True
    mirrored = safety.key(replace(finding, other=found.code))
    return mirrored not in (tx.scalar(select(Prescription.answers).where(Prescription.code == finding.other)) or {})


def _answered_then(tx: Session, found: Prescription, finding: Finding) -> bool:
    """Under the key that it had when it was signed, word for word: a newer release may call it otherwise."""
    signed = signatures.current(tx, found.id)
    kept = tx.get(SafetyEvaluation, signed.evaluation_id) if signed and signed.evaluation_id else None
    return any(
        (one["rule"], one["en"]) == (finding.rule, finding.en) and one["key"] in (found.answers or {})
        for one in (checking.findings_of(tx, kept) if kept else [])
    )


def needs_second(found: Prescription) -> bool:
    """Whether a medicine of the order on toxic drugs is among it."""
    pieces = reference().pieces
    return any((piece := pieces.get(line.get("code", ""))) and piece.toxic_order for line in found.medicines)


def _is_checked(actor: Actor, found: Prescription, named: str | None, second: Witness | None) -> bool:
    """Whether nobody has to check, or the one who is named has proved to be there and is somebody else."""
    if not named:
        return second is None and not needs_second(found)
    return second is not None and second.id == named != actor.id
