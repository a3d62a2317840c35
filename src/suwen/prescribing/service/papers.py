"""A prescription put into the form of the norm, with what stands above and below the line from elsewhere."""

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from suwen.accounts.models import User
from suwen.clinics.models import Department, Doctor
from suwen.core import money, times
from suwen.prescribing.models import Dispensing
from suwen.prescribing.rules import decocting, rendering
from suwen.prescribing.rules.wording import chinese
from suwen.prescribing.schemas import PrescriptionView


@dataclass(frozen=True)
class Paper:
    """The sheet as it is printed, and how a formula is cooked; None where nothing is."""

    sheet: rendering.Sheet
    cooking: decocting.Cooking | None


def paper(tx: Session, one: PrescriptionView, locale: str, zone: str) -> Paper:
    """`one` was read by whoever may; the day is the clinic's."""
    place = times.known_zone(zone) or ZoneInfo("UTC")
    lines, regimen = [_plain(line) for line in one.medicines], _plain(one.regimen) if one.regimen else None
    made = rendering.sheet(
        one.kind, lines, _head(tx, one, place, locale), _foot(tx, one, locale), locale,  # type: ignore[arg-type]
        regimen=regimen, instructions=one.instructions, refills=one.refill_allowed, overrides=_overrides(one, locale),
    )  # fmt: skip
    return Paper(made, decocting.cooking(lines, regimen, locale) if one.kind == "herbal" else None)


def _head(tx: Session, one: PrescriptionView, place: ZoneInfo, locale: str) -> rendering.Head:
    where = tx.execute(
        select(Doctor.hospital, Doctor.department, Department.name)
        .outerjoin(Department, Department.id == Doctor.department_id)
        .where(Doctor.id == one.doctor_id)
    ).one()
    person = one.patient_snapshot
    return rendering.Head(
        number=one.code, day=one.prescription_date.astimezone(place).date(), name=one.patient_name,
        diagnosis=one.diagnosis, institution=where.hospital, fee="自费" if chinese(locale) else "self-pay",
        sex=person.gender if person else None, born=person.dob if person else None,
        weight_kg=one.facts.weight_kg if one.facts else None,
        visit=one.appointment_id[-8:].upper() if one.appointment_id else "",
        department=where.name or where.department or "",
    )  # fmt: skip


def _foot(tx: Session, one: PrescriptionView, locale: str) -> rendering.Foot:
    gives, looks = aliased(User), aliased(User)
    last = tx.execute(
        select(gives.name.label("gives"), looks.name.label("looks"))
        .select_from(Dispensing)
        .join(gives, gives.id == Dispensing.dispensed_by)
        .outerjoin(looks, looks.id == Dispensing.checked_by)
        .where(Dispensing.prescription_id == one.id)
        .order_by(Dispensing.number.desc())
        .limit(1)
    ).first()
    return rendering.Foot(
        doctor=one.signed_by or "", amount=money.show(one.total, one.currency, locale) if one.total is not None else "",
        reviewer=one.reviewer or "", dispenser=last.gives if last else "", checker=(last.looks or "") if last else "",
    )  # fmt: skip


def _overrides(one: PrescriptionView, locale: str) -> list[rendering.Override]:
    said = [(found.zh if chinese(locale) else found.en, found.answer) for found in one.findings]
    return [rendering.Override(text, reason) for text, reason in said if reason]


def _plain(struct: Any) -> dict[str, Any]:
    return dict(msgspec.to_builtins(struct))
