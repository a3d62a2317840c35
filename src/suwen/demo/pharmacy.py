"""A prescription in every state, and some that wait for the pharmacist, as Chinese law has it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import replace as replaced
from sqlalchemy.orm import Session

from suwen.core.actor import Actor
from suwen.demo.clinic import Clinic
from suwen.demo.visits import Visit, at_the_desk
from suwen.prescribing import service as prescribing
from suwen.prescribing.errors import FactsMissing, Unsafe
from suwen.prescribing.models import Prescription
from suwen.prescribing.schemas import (
    Checks,
    DispenseInput,
    DraftInput,
    Facts,
    Medicine,
    Regimen,
    ReviewInput,
    SignInput,
)

FINE = Checks(
    skin_test="not_applicable", diagnosis="fine", dosage="fine", form_route="fine", duplicate="fine",
    interactions="fine", other="fine",
)  # fmt: skip
ASKED = Facts(
    allergies=[], pregnancy="no", lactating=False, menstruating=False, weight_kg="60",
    follow_up="已核对外院病历 Earlier records were seen",
)  # fmt: skip
# for more than China's seven days
LONG = "慢性病，病情稳定，避免往返 Chronic and stable, to spare the way"
COLLECTED = timedelta(hours=50)  # whoever was here longer ago has been to the pharmacy
SLEEP = ("君 酸枣仁 15", "臣 茯苓 12", "臣 知母 9", "佐 川芎 6", "使 炙甘草 6")
STOMACH = ("君 党参 12", "臣 白术 10", "佐 茯苓 12", "佐 陈皮 6", "佐 木香 6", "佐 砂仁 6 后下", "使 炙甘草 6")
COLD = ("君 附子 9 先煎", "臣 干姜 6", "佐 茯苓 12", "使 炙甘草 6")
STRONG = ("君 附子 18 先煎", "臣 干姜 9", "佐 白术 10", "使 炙甘草 6")
# how long ago it was signed, what became of it, diagnosis, formula
STORIES = (
    (timedelta(minutes=25), "waits", "不寐（心肝血虚证）", SLEEP),
    (timedelta(minutes=50), "waits", "痞满（脾虚气滞证）", STOMACH),
    (timedelta(minutes=95), "waits", "泄泻（脾肾阳虚证）", STRONG),
    (timedelta(hours=2), "returned", "痞满（脾虚气滞证）", STOMACH),
    (timedelta(hours=3), "effective", "畏寒（脾肾阳虚证）", COLD),
    (timedelta(hours=4), "dispensed", "不寐（心肝血虚证）", SLEEP),
    (timedelta(days=3), "expired", "痞满（脾虚气滞证）", STOMACH),
    (timedelta(days=1), "voided", "不寐（心肝血虚证）", SLEEP),
    (timedelta(hours=1), "draft", "痞满（脾虚气滞证）", STOMACH),
    (timedelta(days=6), "partially_dispensed", "痞满（脾虚气滞证）", STOMACH),
)


def play(tx: Session, clinic: Clinic, held: list[Visit], now: datetime) -> list[Visit]:
    """Those of the visits that are used up by it: the newest of each person, the demonstration's own patient first."""
    mine = clinic.patients[0].id
    newest = {visit.patient.id: visit for visit in held}
    offered = sorted(newest.values(), key=lambda one: (one.patient.id == mine, one.end), reverse=True)
    # the demonstration's own patient has what can be taken to the pharmacy
    stories = sorted(STORIES, key=lambda one: one[1] != "effective")
    used = []
    for visit in offered:
        if not stories:
            break
        ago, fate, diagnosis, formula = stories[0]
        if visit.end + timedelta(minutes=10) > now - ago:
            continue
        used.append(visit)
        with under(tx, "OFF" if fate == "partially_dispensed" else "CN"):
            if _happens(tx, clinic, visit, fate, diagnosis, formula, now - ago, now):
                stories.pop(0)
    return used


def prescribe(tx: Session, clinic: Clinic, visit: Visit, now: datetime) -> None:
    """What the story says: asked for, answered and signed by the doctor a little after the visit; collected when it was
    some days ago."""
    at = visit.end + timedelta(minutes=10)
    _, diagnosis, _, medicines, advice = visit.story
    lines = [
        Medicine(name=name, dosage=dosage, frequency=frequency, duration_days=days, usage=usage)
        for name, dosage, frequency, days, usage in medicines
    ]
    longer = max(days for _, _, _, days, _ in medicines) > 7
    facts = replaced(ASKED, long_course=LONG) if longer else ASKED
    draft = DraftInput(appointment_id=visit.id, diagnosis=diagnosis, medicines=lines, instructions=advice, facts=facts)
    doctor = at_the_desk(tx, visit.doctor, at)
    made = prescribing.draft(tx, doctor, draft, at)
    said = {one.key: "已权衡利弊 Weighed against the benefit" for one in prescribing.view(tx, doctor, made).findings}
    signed = _signed(tx, doctor, made, SignInput(version=made.version, answers=said), at)
    if signed is None or visit.end > now - COLLECTED:
        return
    if signed.status == "signed":
        _reviewed(tx, clinic, signed, "effective", at + timedelta(minutes=20))
    collected = at + timedelta(minutes=40)
    if signed.valid_until and signed.valid_until > collected:  # where it ends at midnight, somebody comes too late
        pharmacist = at_the_desk(tx, clinic.pharmacist, at)
        prescribing.dispense(tx, pharmacist, made.id, DispenseInput(version=signed.version), collected)


def _signed(tx: Session, doctor: Actor, made: Prescription, entry: SignInput, at: datetime) -> Prescription | None:
    """None, and void, where it may not be prescribed to this person: allergies, pregnancy, age."""
    try:
        with tx.begin_nested():
            return prescribing.sign(tx, doctor, made.id, entry, at)
    except (Unsafe, FactsMissing):
        prescribing.void(tx, doctor, made.id, "不适合该患者 Not for this person", at)
        return None


@contextmanager
def under(tx: Session, jurisdiction: str) -> Iterator[None]:
    """What is signed in here is signed under this law."""
    before = tx.info["settings"]
    tx.info["settings"] = replace(before, jurisdiction=jurisdiction)
    try:
        yield
    finally:
        tx.info["settings"] = before


def _happens(
    tx: Session, clinic: Clinic, visit: Visit, fate: str, diagnosis: str, formula: tuple[str, ...], at: datetime,
    now: datetime,
) -> bool:  # fmt: skip
    """False where it may not be prescribed to this person: allergies, pregnancy, age."""
    doctor = at_the_desk(tx, visit.doctor, at)
    made = prescribing.draft(tx, doctor, _draft(visit, diagnosis, formula, fate), at)
    if fate == "draft":
        return True
    findings = prescribing.view(tx, doctor, made).findings
    grave = [one.key for one in findings if one.severity == "BLOCK_OVERRIDE"]
    said = dict.fromkeys(grave, "病情需要，已告知患者先煎久煎 Needed, and explained")
    read = [one.key for one in findings if one.key not in said]
    entry = SignInput(version=made.version, answers=said, acknowledged=read)
    if _signed(tx, doctor, made, entry, at) is None:
        return False
    if fate not in ("waits", "partially_dispensed"):
        looked_at = min(now, at + timedelta(minutes=20))
        _reviewed(tx, clinic, made, fate, looked_at)
        if fate in ("effective", "dispensed"):  # it ends at midnight, and the demonstration may begin soon after one
            prescribing.extend(tx, doctor, made.id, 1, looked_at)
    if fate in ("dispensed", "partially_dispensed"):
        given = DispenseInput(version=made.version)
        prescribing.dispense(tx, at_the_desk(tx, clinic.pharmacist, at), made.id, given, at + timedelta(minutes=40))
    if fate == "voided":
        prescribing.void(tx, doctor, made.id, "改用其他方案 Another plan was chosen", at + timedelta(hours=1))
    return True


def _reviewed(tx: Session, clinic: Clinic, made: Prescription, fate: str, at: datetime) -> None:
    pharmacist = at_the_desk(tx, clinic.pharmacist, at)
    prescribing.claim(tx, pharmacist, made.id, at)
    verdict: Any = "returned" if fate == "returned" else "accepted"
    reason = "请核对砂仁用量及后下时间 Please check the amount of sharen" if fate == "returned" else None
    entry = ReviewInput(version=made.version, verdict=verdict, checks=FINE, reason=reason)
    prescribing.review(tx, pharmacist, made.id, entry, at)


def _draft(visit: Visit, diagnosis: str, formula: tuple[str, ...], fate: str) -> DraftInput:
    words = [piece.split() for piece in formula]
    lines = [
        Medicine(role=role, name=name, amount=grams, unit="g", method=method[0] if method else None)  # type: ignore[arg-type]
        for role, name, grams, *method in words
    ]
    regimen = Regimen(
        form="decoction", doses=7, doses_per_day="1", ml=400, times_per_day=2, timing="after_meals",
        temperature="warm", route="oral", avoid="生冷油腻",
    )  # fmt: skip
    return DraftInput(
        appointment_id=visit.id, kind="herbal", diagnosis=diagnosis, medicines=lines, regimen=regimen, facts=ASKED,
        instructions="七日后复诊。不适随时联系。", refill_allowed=2 if fate == "partially_dispensed" else 0,
    )  # fmt: skip
