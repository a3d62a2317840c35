"""The forms of the editor: what a browser sends, field by field, and what it means."""

from typing import Annotated, Any, Literal

import msgspec

from suwen.core.errors import Invalid
from suwen.core.schemas import Input, Version
from suwen.prescribing.rules import diagnosis
from suwen.prescribing.schemas.content import (
    ChangeInput,
    CheckInput,
    DraftInput,
    Facts,
    Form,
    Kind,
    Lines,
    Long,
    Number,
    PerDay,
    Pharmacy,
    Pregnancy,
    Regimen,
    Short,
    Word,
)
from suwen.prescribing.schemas.shelf import TemplateInput
from suwen.prescribing.schemas.steps import Answer

Then = Literal["save", "more", "review", "insert", "kind", "phrase"]
REGIMEN = ("form", "doses", "doses_per_day", "ml", "times_per_day", "timing", "route", "temperature", "avoid")


class Written(Input):
    """What a prescription and a template have in common."""

    kind: Kind | None = None
    diagnosis: Annotated[str, msgspec.Meta(max_length=400)] = ""
    pattern: Short | None = None
    medicines: Lines = msgspec.field(default_factory=list)
    instructions: Annotated[str, msgspec.Meta(max_length=1000)] = ""
    form: Form | None = None
    doses: Annotated[int, msgspec.Meta(ge=1, le=180)] | None = None
    doses_per_day: PerDay | None = None
    ml: Annotated[int, msgspec.Meta(ge=1, le=5000)] | None = None
    times_per_day: Annotated[int, msgspec.Meta(ge=1, le=24)] | None = None
    timing: Short | None = None
    route: Short | None = None
    temperature: Word | None = None
    avoid: Annotated[str, msgspec.Meta(max_length=200)] | None = None

    @property
    def whole_diagnosis(self) -> str:
        return diagnosis.joined(self.diagnosis, self.pattern)

    @property
    def regimen(self) -> Regimen | None:
        said = {name: getattr(self, name) for name in REGIMEN if getattr(self, name) is not None}
        return Regimen(**said) if self.kind == "herbal" and said else None


class EditorForm(Written):
    """The editor. `then` is the button that was pressed; `insert` what is to be put in ("formula:guizhi",
    "template:<id>", "copy:<id>"), or the words that were typed for it; `taken_from` what was put in before."""

    refill_allowed: Annotated[int, msgspec.Meta(ge=0, le=12)] = 0
    pharmacy_name: Short | None = None
    pharmacy_phone: Annotated[str, msgspec.Meta(max_length=30)] | None = None
    pharmacy_address: Annotated[str, msgspec.Meta(max_length=200)] | None = None
    pregnancy: Pregnancy | None = None
    lactating: Literal["yes", "no"] | None = None
    menstruating: Literal["yes", "no"] | None = None
    weight_kg: Number | None = None
    conditions: Annotated[list[Word], msgspec.Meta(max_length=20)] | None = None
    no_conditions: bool = False
    allergies: Annotated[str, msgspec.Meta(max_length=1000)] | None = None
    no_allergies: bool = False
    follow_up: Long | None = None
    guardian: Short | None = None
    long_course: Long | None = None
    answers: Annotated[list[Answer], msgspec.Meta(max_length=120)] = msgspec.field(default_factory=list)
    taken_from: Annotated[list[Short], msgspec.Meta(max_length=10)] | None = None
    insert: Short | None = None
    insert_text: Short | None = None
    phrase: Annotated[str, msgspec.Meta(max_length=36)] | None = None
    version: Version = 0
    then: Then = "save"

    def content(self) -> ChangeInput:
        return ChangeInput(**self._values(), version=self.version)

    def draft(self, appointment_id: str) -> DraftInput:
        return DraftInput(**self._values(), appointment_id=appointment_id)

    def check(self, appointment_id: str, prescription_id: str | None) -> CheckInput:
        return CheckInput(**self._values(), appointment_id=appointment_id, prescription_id=prescription_id)

    @property
    def typed_answers(self) -> dict[str, Answer]:
        return {one.key: one for one in self.answers}

    def _values(self) -> dict[str, Any]:
        pharmacy = Pharmacy(name=self.pharmacy_name, phone=self.pharmacy_phone, address=self.pharmacy_address)
        given = any(msgspec.structs.astuple(pharmacy))
        return {
            "kind": self.kind, "diagnosis": self.whole_diagnosis, "medicines": self.medicines,
            "regimen": self.regimen, "facts": self._facts(), "instructions": self.instructions,
            "refill_allowed": self.refill_allowed, "pharmacy": pharmacy if given else None,
        }  # fmt: skip

    def _facts(self) -> Facts | None:
        yes = {"yes": True, "no": False}
        said = Facts(
            pregnancy=self.pregnancy, lactating=yes.get(self.lactating or ""),
            menstruating=yes.get(self.menstruating or ""), weight_kg=self.weight_kg,
            conditions=self.conditions or ([] if self.no_conditions else None),
            allergies=_listed(self.allergies) or ([] if self.no_allergies else None),
            follow_up=self.follow_up, guardian=self.guardian, long_course=self.long_course, taken_from=self.taken_from,
        )  # fmt: skip
        return said if any(value is not None for value in msgspec.structs.astuple(said)) else None


class TemplateForm(Written):
    name: Annotated[str, msgspec.Meta(max_length=100)] = ""
    description: Long | None = None
    formula: Annotated[str, msgspec.Meta(max_length=60)] | None = None
    is_active: bool = False
    then: Literal["save", "more", "kind"] = "save"

    def entry(self) -> TemplateInput:
        needed = {"name": self.name.strip(), "diagnosis": self.whole_diagnosis, "medicines": self.medicines}
        missing = {name: "Please fill this in." for name, given in needed.items() if not given}
        if missing:
            raise Invalid(fields=missing)
        return TemplateInput(
            name=self.name, description=self.description, kind=self.kind or "general", formula=self.formula,
            diagnosis=self.whole_diagnosis, medicines=self.medicines, regimen=self.regimen,
            instructions=self.instructions, is_active=self.is_active,
        )  # fmt: skip


def _listed(text: str | None) -> list[str]:
    """Free text, by commas and lines: each entry is checked for itself."""
    whole = (text or "").replace("，", ",").replace("、", ",").replace("；", ",").replace(";", ",").replace("\n", ",")
    return [part.strip()[:100] for part in whole.split(",") if part.strip()][:30]
