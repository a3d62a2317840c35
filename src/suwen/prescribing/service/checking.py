"""The safety engine over what is stored: who takes it, what else they take, what was found, by which rules.

An evaluation keeps all that went into it, so that it can be run again (`replay`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from suwen.accounts.models import PatientProfile
from suwen.accounts.service import probably_same
from suwen.core.crypto import Unreadable
from suwen.core.db import new_id
from suwen.core.sealed import seal_json, unseal, unseal_json
from suwen.core.times import age
from suwen.prescribing import queries
from suwen.prescribing.errors import AnswersMissing, FactsMissing, NeedsResign, Unsafe
from suwen.prescribing.jurisdictions import jurisdictions
from suwen.prescribing.models import Dispensing, Prescription, SafetyEvaluation
from suwen.prescribing.reference import reference
from suwen.prescribing.rules import allergies, composing, frequencies, lifecycle, safety, signing
from suwen.prescribing.rules.findings import Finding, Item, Person, Policy, Prescribed, Severity, policy_of
from suwen.prescribing.rules.jurisdiction import Jurisdiction
from suwen.prescribing.schemas import EvaluationView, FindingView, Replayed
from suwen.prescribing.service.composing import days, days_at_least
from suwen.prescribing.service.ruleset import rule_set

READ = "read"  # stands for an acknowledgement, where reasons stand for others


class Law(msgspec.Struct, frozen=True):
    """What the jurisdiction is asked about."""

    jurisdiction: str
    days: int | None
    online: bool
    refills: int
    seen_before: bool
    long_course: str | None
    alone: bool = False  # a small child, or of unknown age, and nobody said who was with it
    schedules: tuple[str, ...] = ()  # of the controlled medicines in it


class Entry(msgspec.Struct, frozen=True):
    """All that an evaluation depends on, but for the reference data."""

    rx: Prescribed
    person: Person
    others: tuple[Prescribed, ...]
    policy: Policy
    law: Law


@dataclass(frozen=True)
class Checked:
    rule_set: str
    reviewed: bool
    input: dict[str, Any]
    findings: list[Finding]

    @property
    def worst(self) -> int:
        return max((int(one.severity) for one in self.findings), default=0)


def clinic_zone(tx: Session) -> ZoneInfo:
    return ZoneInfo(tx.info["settings"].zone)


def lock_person(tx: Session, profile_id: str) -> None:
    """Before looking at what a person takes and adding to it: of two at once the second waits, and then sees the
    first. All accounts of one person, always in the same order."""
    person = tx.get_one(PatientProfile, profile_id)
    for id in sorted({profile_id, *(one.id for one in probably_same(tx, person))}):
        tx.execute(select(PatientProfile.id).where(PatientProfile.id == id).with_for_update())


def evaluated(tx: Session, row: Mapping[str, Any], now: datetime) -> Checked:
    """What is found about a prescription with these columns. Nothing is stored."""
    profile = tx.get_one(PatientProfile, row["patient_profile_id"])
    facts, today = row.get("facts") or {}, now.astimezone(clinic_zone(tx)).date()
    law = jurisdictions()[row["jurisdiction"]]
    online, same = row["channel"] == "online", probably_same(tx, profile)
    entry = Entry(
        rx=_prescribed(row, law.online_bans), person=_person(tx, profile, same, facts, today),
        others=_others(tx, [profile, *same], row.get("id"), today), policy=policy_of(tx.info["settings"].policy),
        law=Law(
            jurisdiction=law.code, days=days_at_least(row["kind"], row["medicines"], row.get("regimen")), online=online,
            refills=row["refill_allowed"], schedules=schedules(row["medicines"]),
            long_course=_words(facts, "long_course"),
            alone=online and _may_be_young(profile, law.guardian_below, today) and not _words(facts, "guardian"),
            seen_before=bool(_words(facts, "follow_up")) or _seen_before(tx, profile.id, row, law, now),
        ),
    )  # fmt: skip
    return _run(entry)


def schedules(lines: list[Any]) -> tuple[str, ...]:
    """Of the controlled medicines among these lines, for laws that limit refills by them."""
    known = reference()
    products = [product for line in lines if (product := known.products.get(line.get("code", "")))]
    return tuple(sorted({known.ingredients[code].schedule for one in products for code, _ in one.ingredients} - {""}))


def store(tx: Session, checked: Checked, prescription_id: str, purpose: str, now: datetime) -> SafetyEvaluation:
    """Keep it. A draft that is saved again without a change keeps the one it has."""
    digest = signing.digest(checked.input)
    if purpose == "draft":
        last = select(SafetyEvaluation).where(SafetyEvaluation.prescription_id == prescription_id)
        found = tx.scalar(last.order_by(SafetyEvaluation.created_at.desc(), SafetyEvaluation.id.desc()).limit(1))
        if found is not None and (found.rule_set, found.input_hash) == (checked.rule_set, digest):
            return found
    made = SafetyEvaluation(
        id=new_id(), prescription_id=prescription_id, rule_set=checked.rule_set, reviewed=checked.reviewed,
        input_hash=digest, worst=checked.worst, purpose=purpose, created_at=now,
    )  # fmt: skip
    seal_json(tx, made, "input", checked.input)
    seal_json(tx, made, "findings", kept(checked.findings))
    tx.add(made)
    tx.flush()
    return made


def refuse_unsafe(checked: Checked, answers: Mapping[str, str], acknowledged: list[str]) -> None:
    """What stands in the way of a signature, the gravest first: Unsafe, FactsMissing, NeedsResign, AnswersMissing."""
    given = dict.fromkeys(acknowledged, READ) | dict(answers)
    standing = safety.blocks(checked.findings, given)
    never = [one for one in standing if safety.needs(one) == "never"]
    asked = [one for one in standing if safety.needs(one) == "answer"]
    grave = any(one.severity >= Severity.BLOCK_OVERRIDE for one in standing)
    for refusal, of in ((Unsafe, never), (FactsMissing, asked), (NeedsResign if grave else AnswersMissing, standing)):
        if of:
            raise refusal(rules=sorted({one.rule for one in of}), findings=kept(of))


def given(checked: Checked, answers: Mapping[str, str], acknowledged: list[str]) -> tuple[dict[str, str], list[str]]:
    """Of what was sent along, what belongs to a finding that is there."""
    keys = {safety.key(one) for one in checked.findings}
    reasons = {key: text.strip() for key, text in answers.items() if key in keys and text.strip()}
    return reasons, sorted(key for key in set(acknowledged) if key in keys and key not in reasons)


def findings_of(tx: Session, stored: SafetyEvaluation) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = unseal_json(tx, stored, "findings")
    return found


def replay(tx: Session, stored: SafetyEvaluation, vouched: bool | None) -> Replayed:
    """Run a stored evaluation again (A-R16). `vouched` is what signatures say of its findings."""
    try:
        put_in, found = unseal_json(tx, stored, "input"), findings_of(tx, stored)
    except (Unreadable, ValueError):  # not what was sealed for this row
        put_in, found = None, []
    intact = put_in is not None and signing.digest(put_in) == stored.input_hash
    try:
        findings = kept(_run(msgspec.convert(put_in, Entry)).findings)
    except (msgspec.ValidationError, KeyError):
        findings = None
    now, then = {one["key"] for one in findings or ()}, {one["key"] for one in found}
    same_rules, same = stored.rule_set == rule_set(), findings == found
    verdict: Any = "repeated" if same else "contradicted"
    if not intact or vouched is False:
        verdict = "altered"
    elif findings is None:
        verdict = "unreadable"
    elif not same_rules:
        verdict = "other_rules"
    return Replayed(
        evaluation_id=stored.id, verdict=verdict, input_intact=intact, findings_vouched=vouched,
        rule_set=stored.rule_set, rule_set_now=rule_set(), same_rules=same_rules, same_findings=same,
        appeared=sorted(now - then), gone=sorted(then - now) if findings is not None else [],
    )  # fmt: skip


def view_of(
    tx: Session, evaluation: SafetyEvaluation, locale: str, answers: Mapping[str, str], read: list[str]
) -> EvaluationView:
    return EvaluationView(
        id=evaluation.id, purpose=evaluation.purpose, rule_set=evaluation.rule_set, reviewed=evaluation.reviewed,
        input_hash=evaluation.input_hash, worst=_name(evaluation.worst), created_at=evaluation.created_at,
        findings=shown(findings_of(tx, evaluation), locale, answers, read),
    )  # fmt: skip


def shown(findings: list[Any], locale: str, answers: Mapping[str, str], read: list[str]) -> list[FindingView]:
    """Stored findings in the reader's language. A draft keeps its nods among the answers."""
    said = "zh" if locale.startswith("zh") else "en"
    names = [name for name in FindingView.__struct_fields__ if name not in ("text", "acknowledged", "answer")]
    return [
        FindingView(
            **{"needs": "nothing"} | {name: one[name] for name in names if name in one}, text=one[said],
            acknowledged=one["key"] in read or answers.get(one["key"]) == READ,
            answer=None if answers.get(one["key"]) == READ else answers.get(one["key"]),
        )
        for one in findings
    ]  # fmt: skip


def shown_now(
    checked: Checked, locale: str, answers: Mapping[str, str] | None = None, read: list[str] | None = None
) -> list[FindingView]:
    return shown(kept(checked.findings), locale, answers or {}, read or [])


def kept(findings: list[Finding]) -> list[dict[str, Any]]:
    return [_kept(one) for one in findings]


def worst_name(worst: int) -> str | None:
    return _name(worst)


def _run(entry: Entry) -> Checked:
    known, law = reference(), jurisdictions()[entry.law.jurisdiction]
    findings = safety.evaluate(known, entry.rx, entry.person, entry.others, entry.policy)
    of_law = law.findings(
        entry.law.days, online=entry.law.online, refills=entry.law.refills, seen_before=entry.law.seen_before,
        long_course=entry.law.long_course, alone=entry.law.alone,
        schedules=entry.law.schedules, age_known=entry.person.age_days is not None,
    )  # fmt: skip
    every = sorted([*findings, *of_law], key=lambda one: -one.severity)
    return Checked(rule_set(), known.reviewed, msgspec.to_builtins(entry, order="deterministic"), every)


def _prescribed(row: Mapping[str, Any], online_bans: bool = True) -> Prescribed:
    regimen = row.get("regimen") or {}
    first: date = row["first_day"]
    return Prescribed(
        kind=row["kind"], items=tuple(_item(line, row["kind"], regimen) for line in row["medicines"]),
        form=_form(row["kind"], regimen),
        doses=(regimen.get("doses") or 1) * (1 + (row.get("refill_allowed") or 0)),
        doses_per_day=composing.number(regimen.get("doses_per_day")) or Decimal(1),
        channel=row["channel"], online_bans=online_bans, label=row.get("code") or "", first_day=first,
        last_day=row.get("last_day"),
    )  # fmt: skip


def _form(kind: str, regimen: Mapping[str, Any]) -> Any:
    """External use knows few limits: what is swallowed all the same is looked at as what it is."""
    form = regimen.get("form", "decoction" if kind == "herbal" else "other")
    swallowed = form == "external" and composing.SWALLOWED.search((regimen.get("route") or "").casefold())
    return "other" if swallowed else form


def _item(line: Mapping[str, Any], kind: str, regimen: Mapping[str, Any]) -> Item:
    """How often a product is taken stands on its line, how often a formula is taken in the regimen: ranges of powder
    are for one time."""
    often = None if kind == "herbal" else frequencies.parse(line.get("frequency_code") or line.get("frequency") or "")
    times = often.per_day if often else None
    most, amount = composing.number(line.get("most_per_day")), composing.number(line.get("amount"))
    product = reference().products.get(line.get("code", ""))
    if kind == "herbal":
        amount = composing.in_grams(amount, line.get("unit", ""))
    elif product and composing.other_strength(line.get("specification"), product.specification):
        amount = None
    else:
        amount = composing.in_units(amount, line.get("unit", ""), product)
    return Item(
        name=line.get("name", ""), code=line.get("code", ""), amount=amount or None,
        unit=line.get("unit") or ("g" if kind == "herbal" else ""), method=line.get("method", ""),
        raw_said=composing.raw_said(line),
        times_per_day=composing.number(regimen.get("times_per_day")) if kind == "herbal" else times,
        as_needed=often.as_needed if often else bool(line.get("as_needed")),
        most_per_day=Decimal(often.most) if often and often.most else most,
        days=line.get("duration_days"), quantity=composing.number(line.get("quantity")),
        once=often is not None and often.once,
    )  # fmt: skip


def _person(
    tx: Session, profile: PatientProfile, same: list[PatientProfile], facts: Mapping[str, Any], today: date
) -> Person:
    """As the profile and the doctor's questions say, with the allergies that stand under the person's other accounts.
    No word about allergies anywhere: nobody has asked."""
    known = dict.fromkeys(text for one in (profile, *same) if (text := unseal(tx, one, "allergies")))
    told = facts.get("allergies")
    return Person(
        sex=profile.gender or "unknown",  # type: ignore[arg-type]
        age_days=(today - profile.birthday).days if profile.birthday else None,
        weight_kg=composing.number(facts.get("weight_kg")), pregnancy=facts.get("pregnancy") or "unknown",
        lactating=facts.get("lactating"), menstruating=facts.get("menstruating"),
        allergies=(*known, *(told or ())),
        allergies_known=told is not None or any(allergies.answered(text) for text in known),
        conditions=frozenset(facts.get("conditions") or ()),
    )  # fmt: skip


def taking(
    tx: Session, profile: PatientProfile, id: str | None, now: datetime
) -> list[tuple[Prescription, dict[str, Any]]]:
    """What the engine takes the person to be taking beside the prescription `id`, newest first: the rows, and their
    columns with the days of what was handed out."""
    today = now.astimezone(clinic_zone(tx)).date()
    found = _taking(tx, [profile, *probably_same(tx, profile)], id, today)
    return sorted(found, key=lambda pair: (pair[0].prescription_date, pair[0].id), reverse=True)


def _others(tx: Session, same: list[PatientProfile], id: str | None, today: date) -> tuple[Prescribed, ...]:
    return tuple(_prescribed(row) for _, row in _taking(tx, same, id, today))


def _taking(
    tx: Session, same: list[PatientProfile], id: str | None, today: date
) -> list[tuple[Prescription, dict[str, Any]]]:
    """The person's other prescriptions that are still taken, also under the account of somebody else, and what was
    collected later than it was written."""
    people, zone = [one.id for one in same], clinic_zone(tx)
    given: dict[str, list[date]] = {}
    hand_outs = (
        select(Dispensing.prescription_id, Dispensing.created_at)
        .join(Prescription, Prescription.id == Dispensing.prescription_id)
        .where(Prescription.patient_profile_id.in_(people))
        .order_by(Dispensing.number)
    )
    for hand_out in tx.execute(hand_outs):
        given.setdefault(hand_out.prescription_id, []).append(hand_out.created_at.astimezone(zone).date())
    planned = (Prescription.last_day.is_(None)) | (Prescription.last_day >= today)
    active = select(Prescription).where(
        Prescription.patient_profile_id.in_(people), Prescription.id != (id or ""),
        or_(
            Prescription.status.in_(lifecycle.ACTIVE) & planned,
            Prescription.status.in_((*lifecycle.ACTIVE, "expired")) & Prescription.id.in_(given),
        ),
    )  # fmt: skip
    rows = [
        (one, columns_of(one, zone) | _taken_until(one, given)) for one in tx.scalars(active.order_by(Prescription.id))
    ]
    return [(one, row) for one, row in rows if row["last_day"] is None or row["last_day"] >= today]


def _taken_until(one: Prescription, given: Mapping[str, list[date]]) -> dict[str, Any]:
    """One supply after the other, none begun before it was there."""
    lasts = days(one.kind, one.medicines, one.regimen)
    if not lasts or not (one.id in given or one.refill_allowed):
        return {}
    # the days of a line are those of one supply, from the first day on
    lines = [{name: value for name, value in line.items() if name != "duration_days"} for line in one.medicines]
    if one.id not in given:
        return {"medicines": lines}
    end = date.min
    for day in given[one.id]:
        end = max(end + timedelta(days=1), day) + timedelta(days=lasts - 1)
    # more may be fetched while it is in effect
    return {"medicines": lines, "last_day": end if one.status == "expired" else max(end, one.last_day or end)}


def columns_of(one: Prescription, zone: ZoneInfo) -> dict[str, Any]:
    names = ("id", "kind", "medicines", "regimen", "facts", "channel", "code", "last_day", "refill_allowed",
             "patient_profile_id", "jurisdiction", "appointment_id")  # fmt: skip
    began = (one.signed_at or one.prescription_date).astimezone(zone).date()
    return {name: getattr(one, name) for name in names} | {"first_day": began}


def _may_be_young(profile: PatientProfile, below: int, today: date) -> bool:
    """Somebody without a birthday may be: what nobody knows is asked."""
    years = age(profile.birthday, today)
    return below > 0 and (years is None or years < below)


def _words(facts: Mapping[str, Any], name: str) -> str | None:
    """What was written down for the law: blanks and dots say nothing."""
    said = str(facts.get(name) or "").strip()
    return said if any(letter.isalnum() for letter in said) else None


def _seen_before(tx: Session, profile_id: str, row: Mapping[str, Any], law: Jurisdiction, now: datetime) -> bool:
    since = law.follow_up_since(now, clinic_zone(tx))
    return law.follow_up_evidence and queries.diagnosed(tx, profile_id, row.get("appointment_id"), since)


def _kept(one: Finding) -> dict[str, Any]:
    return {
        "key": safety.key(one), "rule": one.rule, "severity": one.severity.name, "lines": list(one.lines),
        "zh": one.zh, "en": one.en, "source": one.source, "other": one.other, "other_item": one.other_item,
        "asks": one.asks, "needs": safety.needs(one), "data": [list(pair) for pair in one.data],
    }  # fmt: skip


def _name(worst: int) -> str | None:
    return Severity(worst).name if worst else None
