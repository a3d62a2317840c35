"""Prescriptions as they go out, with what was found about them."""

from datetime import date, datetime
from typing import Literal

from suwen.core.schemas import View
from suwen.prescribing.schemas.content import Facts, Medicine, Pharmacy, Regimen


class PersonSnapshot(View):
    """The person as at the signature; `id` is the profile's."""

    id: str
    first_name: str
    last_name: str
    dob: date | None
    gender: str | None


class DoctorSnapshot(View):
    id: str
    first_name: str
    last_name: str
    specialty: str | None


class FindingView(View):
    """One thing the safety engine found. `key` is what an answer or an acknowledgement names; `lines` are places from
    0; `other` is the code of another prescription where one side is there; `asks` is what would settle it; `needs` is
    what a signature waits for: nothing, acknowledgement, reason, answer, never. `answer` is the doctor's reason."""

    key: str
    rule: str
    severity: str
    lines: list[int]
    text: str
    zh: str
    en: str
    source: str
    other: str
    other_item: str
    asks: str
    needs: str
    acknowledged: bool
    answer: str | None


class Preview(View):
    """What would be found in what is on the screen; nothing is stored. `reviewed`: whether a pharmacist has confirmed
    the rule data. `medicines` are the lines as they are understood."""

    rule_set: str
    reviewed: bool
    kind: str
    medicines: list[Medicine]
    findings: list[FindingView]
    worst: str | None
    total: int | None
    currency: str
    last_day: date | None


class EvaluationView(View):
    id: str
    purpose: str
    rule_set: str
    reviewed: bool
    input_hash: str
    worst: str | None
    findings: list[FindingView]
    created_at: datetime


class Replayed(View):
    """An evaluation run again, on what it was given then.

    `verdict`: "repeated", the same rules find the same; "other_rules", the same input by other rules, whose findings
    are compared but prove nothing against the old ones; "contradicted", the same rules find something else; "altered",
    what is stored is not what was evaluated, or not what was signed; "unreadable", this release cannot read the input.

    `rule_set` is a hash of data, laws and engine. `findings_vouched`: the old findings, their input and their rule set
    are those that a signature names, so they hold although nobody can run the old rules any more; null where nobody
    has signed this evaluation. `appeared` and `gone` are keys of findings.
    """

    evaluation_id: str
    verdict: Literal["repeated", "other_rules", "contradicted", "altered", "unreadable"]
    input_intact: bool
    findings_vouched: bool | None
    rule_set: str
    rule_set_now: str
    same_rules: bool
    same_findings: bool
    appeared: list[str]
    gone: list[str]


class SignatureView(View):
    """`valid`: the signature fits what was signed, and that is what stands in the prescription."""

    id: str
    role: str
    name: str
    key_id: str
    public_key: str
    content_hash: str
    evaluation_id: str | None
    signed: str
    signature: str
    valid: bool
    invalidated_at: datetime | None
    created_at: datetime


class ReviewView(View):
    id: str
    reviewer: str
    verdict: str
    checks: dict[str, str]
    reason: str | None
    created_at: datetime


class DispensingView(View):
    number: int
    dispensed_by: str
    checked_by: str | None
    checked_how: str | None
    note: str | None
    created_at: datetime


class History(View):
    """Everything that happened to one prescription, for those who treat the person."""

    evaluations: list[EvaluationView]
    signatures: list[SignatureView]
    reviews: list[ReviewView]
    dispensings: list[DispensingView]


class Verification(View):
    """What a pharmacy needs to know of a paper in its hands, and no more: no diagnosis, no full name. The medicines
    are there to be compared with the paper, as long as it may be dispensed."""

    code: str
    verdict: str
    kind: str
    patient: str
    prescriber: str
    signed_at: datetime | None
    reviewed: bool
    effective_at: datetime | None
    valid_until: datetime | None
    dispensings: int
    dispensings_left: int
    earliest_next: date | None
    medicines: list[Medicine]
    regimen: Regimen | None


class WaitingLine(View):
    """One of the pharmacist's queue. `worst` is the gravest finding, `overridden` how many the doctor gave a reason
    for."""

    id: str
    code: str
    status: str
    kind: str
    channel: str
    doctor: str
    patient_name: str
    signed_at: datetime | None
    effective_at: datetime | None
    valid_until: datetime | None
    lines: int
    worst: str | None
    overridden: int


class WaitingTime(View):
    """How long one has waited for a pharmacist, for whoever runs the clinic: no person and no medicine is named."""

    code: str
    doctor: str
    kind: str
    channel: str
    signed_at: datetime
    days: int


class PrescriptionView(View):
    """`findings` are the last evaluation's, for those who treat; `answers` the reasons the doctor signed, by finding
    (of a draft: those written so far, which count for nothing yet).
    `holder_code` is for the person's family and the doctor: who holds it may ask whether the prescription is genuine.
    """

    id: str
    code: str
    status: str
    version: int
    appointment_id: str | None
    consultation_id: str | None
    doctor_id: str
    doctor: str
    patient_id: str
    patient_profile_id: str
    patient_name: str
    diagnosis: str
    kind: str
    channel: str
    jurisdiction: str
    medicines: list[Medicine]
    regimen: Regimen | None
    facts: Facts | None
    answers: dict[str, str] | None
    instructions: str
    prescription_date: datetime
    refill_allowed: int
    refills_used: int
    pharmacy: Pharmacy | None
    patient_snapshot: PersonSnapshot | None
    doctor_snapshot: DoctorSnapshot | None
    safety_checked: bool
    findings: list[FindingView]
    total: int | None
    currency: str
    last_day: date | None
    content_hash: str | None
    signed_by: str | None
    signed_at: datetime | None
    reviewer: str | None
    reviewed_at: datetime | None
    return_reason: str | None
    effective_at: datetime | None
    valid_until: datetime | None
    extended_days: int
    holder_code: str | None
    voided_at: datetime | None
    void_reason: str | None
    created_at: datetime
    updated_at: datetime
    mine: bool


class PrescriptionLine(View):
    """One of a list: who, whose, when, how many medicines; not which."""

    id: str
    code: str
    status: str
    kind: str
    doctor: str
    patient_name: str
    patient_profile_id: str
    appointment_id: str | None
    prescription_date: datetime
    signed_at: datetime | None
    lines: int
