"""Signing: a person, just confirmed, answers for what the safety engine has looked at."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from suwen.accounts.models import PatientProfile
from suwen.accounts.rules import names
from suwen.accounts.service import refuse_automation, refuse_unconfirmed
from suwen.core.actor import Actor
from suwen.core.errors import Forbidden
from suwen.prescribing import queries, rules
from suwen.prescribing.errors import NotComplete, NotLooked
from suwen.prescribing.events import PrescriptionEffective, PrescriptionSigned
from suwen.prescribing.jurisdictions import jurisdictions
from suwen.prescribing.models import Prescription
from suwen.prescribing.rules import lifecycle
from suwen.prescribing.schemas import SignInput
from suwen.prescribing.service import checking, composing, signatures
from suwen.prescribing.service.moving import move, note, own, refuse, tell


def sign(tx: Session, actor: Actor, id: str, data: SignInput, now: datetime) -> Prescription:
    """Sign one's draft as it was read (`version`), or once more what a pharmacist has returned.

    Refused, in this order: programs; what is signed; gaps; lines that were put in and not looked at; a licence that
    is not verified; findings that forbid, ask for a fact, want a reason or were not read; a person who was not
    confirmed within five minutes; a draft that was changed meanwhile. Where the jurisdiction asks for no pharmacist it
    is effective at once.
    """
    found = own(tx, actor, id)
    refuse_automation(actor)
    refuse(found, "sign")
    checking.lock_person(tx, found.patient_profile_id)
    law = jurisdictions()[tx.info["settings"].jurisdiction]
    days_needed = bool(found.refill_allowed) or law.limits_days
    missing = rules.gaps(found.kind, found.diagnosis, found.medicines, found.regimen, days_needed)
    if missing:
        raise NotComplete(fields=missing)
    if (found.facts or {}).get("taken_from") and not data.looked:
        raise NotLooked(fields={"looked": NotLooked.title})
    signer, person = queries.signer(tx, found.doctor_id), tx.get_one(PatientProfile, found.patient_profile_id)
    if signer.verification_status != "approved":
        raise Forbidden("Prescriptions are signed once the licence has been verified.")
    zone = checking.clinic_zone(tx)
    today = now.astimezone(zone).date()
    fresh = {
        "jurisdiction": law.code, "patient_snapshot": _person(person), "doctor_snapshot": _doctor(signer),
        "patient_name": person.name,
        "last_day": composing.last_day(found.kind, found.medicines, found.regimen, found.refill_allowed, today),
    }  # fmt: skip
    row = checking.columns_of(found, zone) | {"first_day": today} | fresh
    checked = checking.evaluated(tx, row, now)
    checking.refuse_unsafe(checked, data.answers, data.acknowledged)
    refuse_unconfirmed(tx, actor, now)
    answers, acknowledged = checking.given(checked, data.answers, data.acknowledged)
    said = {"answers": answers, "acknowledged": acknowledged, "looked": data.looked}
    return _signed(tx, actor, found, data.version, signer, fresh, checked, said, now)


def _signed(
    tx: Session, actor: Actor, found: Prescription, version: int, signer: Any, fresh: dict[str, Any],
    checked: checking.Checked, said: dict[str, Any], now: datetime,
) -> Prescription:  # fmt: skip
    law, zone = jurisdictions()[fresh["jurisdiction"]], checking.clinic_zone(tx)
    evaluation = checking.store(tx, checked, found.id, "sign", now)
    signatures.invalidate(tx, found.id, now)
    schedules = checking.schedules(found.medicines)
    until = None if law.pharmacist_review else law.valid_until(now, zone, schedules)
    if until:
        said["valid_until"] = signatures.moment(until)
    content = signatures.content_of(found, fresh)
    made = signatures.add(tx, found, "prescriber", actor.id, signer.name, evaluation, content, said, now)
    values = fresh | {
        "status": lifecycle.after("sign", reviewed=law.pharmacist_review), "content_hash": made.content_hash,
        "signed_by": signer.name, "signer_id": actor.id, "signed_at": now, "prescription_date": now,
        "answers": said["answers"] or None, "evaluation_id": evaluation.id, "safety_checked": True,
        "return_reason": None, "reviewed_by": None, "reviewed_at": None,
    }  # fmt: skip
    if until:
        values |= {"effective_at": now, "valid_until": until}
    move(tx, found, "sign", values, now, version)
    note(tx, actor, "sign", found, now)
    tell(tx, found, PrescriptionSigned, now)
    if found.effective_at:
        tell(tx, found, PrescriptionEffective, now)
    return found


def _person(person: PatientProfile) -> dict[str, Any]:
    first, last = _names(person.first_name, person.last_name, person.name)
    born = person.birthday.isoformat() if person.birthday else None
    return {"id": person.id, "first_name": first, "last_name": last, "dob": born, "gender": person.gender}


def _doctor(signer: Any) -> dict[str, Any]:
    first, last = _names(signer.first_name, signer.last_name, signer.name)
    return {"id": signer.id, "first_name": first, "last_name": last, "specialty": signer.specialty}


def _names(first: str, last: str, name: str) -> tuple[str, str]:
    if first or last:
        return first, last
    return names.split(name)
