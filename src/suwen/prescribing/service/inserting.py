"""What is put into a prescription at once: a classic formula, a template, an earlier prescription, a phrase.

What comes in this way is a draft: where it came from is kept, and it is not signed before somebody has looked at each
line. A line that is there already stays as it is; the same medicine is not put in twice.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy.orm import Session

from suwen.core.actor import Actor
from suwen.prescribing.errors import MixedKinds, NoSuchFormula, NoSuchPrescription, NothingToPutIn
from suwen.prescribing.formulas import Formula, formulas
from suwen.prescribing.rules import MOST_LINES
from suwen.prescribing.rules import diagnosis as parts_of
from suwen.prescribing.schemas.content import Medicine, Regimen
from suwen.prescribing.schemas.editor import REGIMEN, EditorForm
from suwen.prescribing.schemas.shelf import FormulaView, TemplateView
from suwen.prescribing.service import phrases, reading, templates
from suwen.prescribing.service.writing import visit_of

MOST_OFFERED = 12
NEVER = datetime.min.replace(tzinfo=UTC)  # of what is not stored
USUAL = Regimen(doses_per_day="1", times_per_day=2, route="oral")


@dataclass(frozen=True)
class Offer:
    """One thing to put in. `value` is "formula:<code>", "template:<id>" or "copy:<id>"."""

    value: str
    label: str
    note: str
    source: str  # formula, template, copy
    english: str = ""  # the note, where there is one


@dataclass(frozen=True)
class Parcel:
    """What is put in, whatever it came from."""

    kind: str
    lines: list[Medicine]
    regimen: Regimen | None
    label: str
    diagnosis: str = ""
    instructions: str = ""


def offers(tx: Session, actor: Actor, appointment_id: str, q: str, now: datetime) -> list[Offer]:
    """One's templates and the person's earlier prescriptions first, then the classics, as far as they fit `q`."""
    visit = visit_of(tx, actor, appointment_id)
    wanted = q.strip().casefold()
    found = [
        Offer(f"template:{one.id}", one.name, one.diagnosis, "template")
        for one in templates.templates(tx, actor, q=q.strip() or None, limit=MOST_OFFERED).items
    ]
    for one in reading.of_person(tx, actor, visit.patient_profile_id, now):
        names = "、".join(line.get("name", "") for line in one.medicines)
        if one.status != "draft" and (not wanted or wanted in f"{one.code} {one.diagnosis} {names}".casefold()):
            found.append(Offer(f"copy:{one.id}", one.code, f"{one.diagnosis} {names}"[:100], "copy"))
    classics = [
        Offer(f"formula:{one.code}", one.name, one.zh, "formula", one.en)
        for one in formulas().values() if one.answers_to(q)
    ]  # fmt: skip
    right = [one for one in found if wanted or one.source == "template"][:MOST_OFFERED]
    return (right or found)[:MOST_OFFERED] + classics[: max(MOST_OFFERED - len(right), 4)]


def filled(tx: Session, actor: Actor, appointment_id: str, data: EditorForm, now: datetime) -> EditorForm:
    """The form with what its buttons ask to be put in. NoSuchFormula and its like, MixedKinds."""
    if data.then == "phrase" and data.phrase:
        words = phrases.use_phrase(tx, actor, data.phrase).content
        return msgspec.structs.replace(data, instructions=_below(data.instructions, words))
    if data.then != "insert":
        return data
    parcel = _parcel(tx, actor, appointment_id, _named(tx, actor, appointment_id, data, now), now)
    written = [line for line in data.medicines if line.name.strip()]
    if written and data.kind != parcel.kind:
        raise MixedKinds(fields={"insert_text": MixedKinds.title})
    there = {line.name.strip() for line in written}
    fresh = [line for line in parcel.lines if line.name not in there]
    changes: dict[str, Any] = {
        "kind": parcel.kind, "medicines": [*written, *fresh][:MOST_LINES],
        "taken_from": [*(data.taken_from or []), parcel.label][-10:], "insert": None, "insert_text": None,
        "instructions": _below(data.instructions, parcel.instructions),
    }  # fmt: skip
    if not written and parcel.regimen:
        changes |= {name: getattr(parcel.regimen, name) for name in REGIMEN}
    if not data.diagnosis.strip() and parcel.diagnosis:
        changes["diagnosis"], changes["pattern"] = parts_of.parts(parcel.diagnosis)
    return msgspec.structs.replace(data, **changes)


def classics(q: str) -> list[FormulaView]:
    """The classic formulas that answer to `q`, all of them without."""
    shown = []
    for one in formulas().values():
        if one.answers_to(q):
            parcel, plain = parcel_of(one), ("code", "name", "pinyin", "english", "group", "source", "zh", "en", "note")
            shown.append(
                FormulaView(
                    **{name: getattr(one, name) for name in plain}, medicines=parcel.lines,
                    regimen=parcel.regimen or USUAL, evidence=one.provenance.evidence,
                    reviewed_by=one.provenance.reviewed_by,
                )
            )  # fmt: skip
    return shown


def template_from(code: str) -> TemplateView:
    """A classic formula as the beginning of a template of one's own; NoSuchFormula. Nothing is stored."""
    if code not in formulas():
        raise NoSuchFormula()
    one = formulas()[code]
    parcel = parcel_of(one)
    return TemplateView(
        id="", name=one.name, description=one.zh, kind="herbal", formula=code, diagnosis="", medicines=parcel.lines,
        regimen=parcel.regimen, instructions="", usage_count=0, is_active=True, created_at=NEVER, updated_at=NEVER,
    )  # fmt: skip


def parcel_of(one: Formula) -> Parcel:
    """A classic formula as lines."""
    lines = [
        Medicine(name=piece.name, role=piece.role, amount=f"{piece.amount:f}", method=piece.method or None)  # type: ignore[arg-type]
        for piece in one.pieces
    ]
    return Parcel("herbal", lines, msgspec.convert(dict(one.regimen), Regimen), one.name)


def _named(tx: Session, actor: Actor, appointment_id: str, data: EditorForm, now: datetime) -> str:
    """What was chosen, or the one thing that the typed words mean."""
    if data.insert:
        return data.insert
    words = (data.insert_text or "").strip()
    if words:
        found = offers(tx, actor, appointment_id, words, now)
        exact = [one for one in found if words in (one.label, one.label.removesuffix("汤"))] or found
        if len({one.value for one in exact}) == 1:
            return exact[0].value
    raise NothingToPutIn(fields={"insert_text": NothingToPutIn.title})


def _parcel(tx: Session, actor: Actor, appointment_id: str, value: str, now: datetime) -> Parcel:
    source, _, id = value.partition(":")
    if source == "formula" and id in formulas():
        return parcel_of(formulas()[id])
    if source == "template":
        one = templates.use_template(tx, actor, id)
        return Parcel(one.kind, one.medicines, one.regimen, one.name, one.diagnosis, one.instructions)
    if source == "copy":
        visit = visit_of(tx, actor, appointment_id)
        earlier = reading.prescription(tx, actor, id, now)
        if earlier.patient_profile_id != visit.patient_profile_id:
            raise NoSuchPrescription()
        return Parcel(
            earlier.kind, earlier.medicines, earlier.regimen, earlier.code, earlier.diagnosis, earlier.instructions
        )
    raise NoSuchFormula(fields={"insert_text": NoSuchFormula.title})


def _below(text: str, more: str) -> str:
    if not more or more in text:
        return text
    return f"{text.rstrip()}\n{more}" if text.strip() else more
