"""A prescription put into the form of the norm, with what stands above and below the line from elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from suwen.accounts.models import PatientProfile, User
from suwen.clinics.models import Department, Doctor
from suwen.core import money, times
from suwen.core.actor import Actor
from suwen.prescribing.models import Dispensing, Prescription, SafetyEvaluation
from suwen.prescribing.reference import reference
from suwen.prescribing.rules import decocting, frequencies, rendering
from suwen.prescribing.rules.advice import Advice, advice
from suwen.prescribing.rules.findings import Severity
from suwen.prescribing.rules.wording import chinese
from suwen.prescribing.schemas import PrescriptionView, Verification
from suwen.prescribing.schemas.sheet import Fact, SheetView, StepView, WrittenView
from suwen.prescribing.service import checking


@dataclass(frozen=True)
class Paper:
    """The sheet as it is printed; how a formula is cooked, None where nothing is; what the person should know.
    `reviewed`: whether a pharmacist has confirmed the rules that the prescription was checked by."""

    sheet: rendering.Sheet
    cooking: decocting.Cooking | None
    advice: list[Advice]
    reviewed: bool


@dataclass(frozen=True)
class Coming:
    patient_name: str
    doctor: str
    signed_at: datetime


def paper(tx: Session, one: PrescriptionView, locale: str, zone: str) -> Paper:
    """`one` was read by whoever may; the day is the clinic's."""
    place, known = times.known_zone(zone) or ZoneInfo("UTC"), reference()
    lines, regimen = [_plain(line) for line in one.medicines], _plain(one.regimen) if one.regimen else None
    head, foot = _head(tx, one, place, locale), _foot(tx, one, locale)
    made = rendering.sheet(
        one.kind, lines, head, foot, locale,  # type: ignore[arg-type]
        regimen=regimen, instructions=one.instructions, refills=one.refill_allowed,
        overrides=_overrides(tx, one, locale), frequency=_often,
        glosses={line["code"]: known.pieces[line["code"]].pinyin for line in lines if line.get("code") in known.pieces},
    )  # fmt: skip
    outside = bool(regimen) and ((regimen or {}).get("route") or "oral") != "oral"
    return Paper(
        made, decocting.cooking(lines, regimen, locale, known) if one.kind == "herbal" else None,
        advice(lines, known, locale, sex=head.sex, age=times.age(head.born, head.day) if head.day else None,
               outside=outside),
        known.reviewed,
    )  # fmt: skip


def shown(made: Paper) -> SheetView:
    """As data, and as the text that the parts make."""
    one, cooked = made.sheet, made.cooking
    return SheetView(
        title=one.title, institution=one.institution, usage=one.usage, remarks=list(one.remarks), advice=one.advice,
        refills=one.refills, blank=one.blank, text=rendering.text(one), reviewed=made.reviewed,
        header=[Fact(label=label, value=value) for label, value in one.header],
        footer=[Fact(label=label, value=value) for label, value in one.footer],
        items=[
            WrittenView(name=item.name, amount=item.amount, note=item.note, gloss=item.gloss, lines=list(item.lines))
            for item in one.items
        ],
        cooking=[
            StepView(kind=step.kind, title=step.title, text=step.text, herbs=list(step.herbs),
                     minutes=list(step.minutes or ()), beside=step.beside)
            for step in (cooked.steps if cooked else ())
        ],
        minutes=list(cooked.minutes) if cooked else [], warnings=[each.text for each in made.advice],
    )  # fmt: skip


def to_compare(found: Verification, locale: str) -> rendering.Sheet:
    """What a pharmacy holds against the paper: the medicines and how they are taken, nothing of the person."""
    lines, regimen = [_plain(line) for line in found.medicines], _plain(found.regimen) if found.regimen else None
    head = rendering.Head(number=found.code, day=None, name="", diagnosis="")
    kind: Any = found.kind
    return rendering.sheet(kind, lines, head, rendering.Foot(), locale, regimen=regimen, frequency=_often)


def coming(tx: Session, actor: Actor) -> list[Coming]:
    """What was signed for the family and waits for a pharmacist. What is in it is not theirs to read yet."""
    if actor.role != "patient":
        return []
    family = select(PatientProfile.id).where(PatientProfile.user_id == actor.id)
    found = (
        select(Prescription.patient_name, Prescription.signed_by, Prescription.signed_at)
        .where(
            Prescription.patient_profile_id.in_(family),
            Prescription.status.in_(("signed", "returned")),
            Prescription.effective_at.is_(None),
        )
        .order_by(Prescription.signed_at.desc())
        .limit(20)
    )
    return [Coming(row.patient_name, row.signed_by, row.signed_at) for row in tx.execute(found)]


def _head(tx: Session, one: PrescriptionView, place: ZoneInfo, locale: str) -> rendering.Head:
    where = tx.execute(
        select(Doctor.hospital, Doctor.department, Department.name)
        .outerjoin(Department, Department.id == Doctor.department_id)
        .where(Doctor.id == one.doctor_id)
    ).one()
    person = one.patient_snapshot
    if person is None:  # not signed yet: what would be signed now
        now_is = tx.get_one(PatientProfile, one.patient_profile_id)
        sex, born = now_is.gender, now_is.birthday
    else:
        sex, born = person.gender, person.dob
    return rendering.Head(
        number=one.code, day=one.prescription_date.astimezone(place).date(), name=one.patient_name,
        diagnosis=one.diagnosis, institution=where.hospital, fee="自费" if chinese(locale) else "self-pay",
        sex=sex, born=born,
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


def _overrides(tx: Session, one: PrescriptionView, locale: str) -> list[rendering.Override]:
    """What the doctor signed a second time for, whoever reads the paper."""
    found = tx.get_one(Prescription, one.id)
    kept = tx.get(SafetyEvaluation, found.evaluation_id) if found.evaluation_id and found.answers else None
    language, answers = "zh" if chinese(locale) else "en", found.answers or {}
    grave = [
        one
        for one in (checking.findings_of(tx, kept) if kept else [])
        if one["severity"] == Severity.BLOCK_OVERRIDE.name
    ]
    said = [(str(finding[language]), answers.get(finding["key"])) for finding in grave]
    return [rendering.Override(text, str(reason)) for text, reason in said if reason]


def _often(line: Mapping[str, Any], locale: str) -> str:
    """In the reader's language where it is understood, with the code that pharmacies know; else the doctor's words."""
    said = frequencies.parse(str(line.get("frequency_code") or line.get("frequency") or ""))
    if said is None:
        return str(line.get("frequency") or "")
    return f"{frequencies.words(said, locale)} ({said.code})"


def _plain(struct: Any) -> dict[str, Any]:
    return dict(msgspec.to_builtins(struct))
