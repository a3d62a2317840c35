"""What a doctor writes: lines, how a formula is taken, what was asked for this prescription."""

from typing import Annotated, Any, Literal

import msgspec

from suwen.core.schemas import Input, Version
from suwen.prescribing.rules import LONGEST, MOST_LINES

Short = Annotated[str, msgspec.Meta(max_length=100)]
Word = Annotated[str, msgspec.Meta(max_length=40)]
Long = Annotated[str, msgspec.Meta(max_length=500)]
Number = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,6}(\.[0-9]{1,3})?$", max_length=10, examples=["9"])]
# A dose (剂) is drunk in a quarter of a day to four days; what is said beyond that would make any amount harmless.
PerDay = Annotated[str, msgspec.Meta(pattern=r"^(0\.(2[5-9]|[3-9])[0-9]{0,2}|[1-4](\.[0-9]{1,3})?)$", examples=["1"])]
Kind = Literal["herbal", "compound", "general"]
Form = Literal["decoction", "powder", "pill", "granules", "paste", "external", "tablet", "capsule", "liquid", "other"]
Role = Literal["君", "臣", "佐", "使"]
Pregnancy = Literal["pregnant", "possible", "trying", "no", "unknown"]


class Medicine(Input):
    """One line. Numbers are decimal strings. `duration` ("7天", "2 weeks") and `duration_days` follow from each other.

    Of a herbal formula `amount` is grams in one dose (剂); of a product what is taken at one time, in `unit`. What is
    left out is read from the words ("9g", "每日两次") where that can be done, and the words are made where they are
    missing. `code` names the piece or product in the reference data; without it the name is looked up.
    """

    name: Short = ""
    dosage: Short = ""
    frequency: Short = ""
    duration: Short | None = None
    duration_days: Annotated[int, msgspec.Meta(ge=1, le=LONGEST)] | None = None
    notes: Long | None = None
    specification: Short | None = None
    usage: Annotated[str, msgspec.Meta(max_length=200)] | None = None
    code: Annotated[str, msgspec.Meta(max_length=60)] | None = None
    role: Role | None = None
    method: Word | None = None
    amount: Number | None = None
    unit: Word | None = None
    frequency_code: Annotated[str, msgspec.Meta(max_length=20)] | None = None
    as_needed: bool | None = None
    most_per_day: Number | None = None
    quantity: Number | None = None
    quantity_unit: Word | None = None


class Regimen(Input):
    """How a formula is made and taken: 共7剂，每日1剂，水煎400ml，分2次，饭后温服，忌生冷."""

    form: Form = "decoction"
    doses: Annotated[int, msgspec.Meta(ge=1, le=180)] | None = None
    doses_per_day: PerDay | None = None
    ml: Annotated[int, msgspec.Meta(ge=1, le=5000)] | None = None
    times_per_day: Annotated[int, msgspec.Meta(ge=1, le=24)] | None = None
    timing: Short | None = None
    route: Short | None = None
    temperature: Word | None = None
    avoid: Annotated[str, msgspec.Meta(max_length=200)] | None = None


class Facts(Input):
    """What the doctor asked for this prescription. `allergies`: what the person said, [] for "none"; added to the
    profile's. `follow_up`: which earlier records were seen, where the law asks for it before prescribing online;
    `guardian`: who was with a small child;
    `long_course`: why it is given for longer than usual; `taken_from`: formulas, templates and prescriptions that lines
    were put in from: such a draft is not signed before somebody has looked at each of them."""

    pregnancy: Pregnancy | None = None
    lactating: bool | None = None
    menstruating: bool | None = None
    weight_kg: Number | None = None
    conditions: Annotated[list[Word], msgspec.Meta(max_length=20)] | None = None
    allergies: Annotated[list[Short], msgspec.Meta(max_length=30)] | None = None
    follow_up: Long | None = None
    guardian: Short | None = None
    long_course: Long | None = None
    taken_from: Annotated[list[Short], msgspec.Meta(max_length=10)] | None = None


class Pharmacy(Input):
    name: Short | None = None
    phone: Annotated[str, msgspec.Meta(max_length=30)] | None = None
    address: Annotated[str, msgspec.Meta(max_length=200)] | None = None


Lines = Annotated[list[Medicine], msgspec.Meta(max_length=MOST_LINES)]


class Content(Input):
    """What a doctor writes. `medications` is another name of `medicines`; give one of them. Without `kind` the lines
    say it: pieces alone make it herbal, compound products alone compound."""

    kind: Kind | None = None
    diagnosis: Annotated[str, msgspec.Meta(max_length=500)] = ""
    medicines: Lines | None = None
    medications: Lines | None = None
    regimen: Regimen | None = None
    facts: Facts | None = None
    instructions: Annotated[str, msgspec.Meta(max_length=1000)] = ""
    refill_allowed: Annotated[int, msgspec.Meta(ge=0, le=12)] = 0
    pharmacy: Pharmacy | None = None

    @property
    def lines(self) -> list[Medicine]:
        return self.medicines if self.medicines is not None else self.medications or []


class DraftInput(Content, kw_only=True):
    """For a visit that has begun: its appointment, or the consultation that belongs to it."""

    appointment_id: str | None = None
    consultation_id: str | None = None


class ChangeInput(Content, kw_only=True):
    version: Version


class CheckInput(DraftInput, kw_only=True):
    """What is on the screen, not stored. `prescription_id` is the draft's, so that it is not its own double."""

    prescription_id: str | None = None


def lines_of(stored: Any) -> list[Medicine]:
    """From the JSON column; what an older release wrote besides is left out."""
    known = set(Medicine.__struct_fields__)
    return [
        Medicine(**{name: value for name, value in line.items() if name in known and value is not None})
        for line in stored or []
    ]
