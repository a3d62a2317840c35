"""What is said at each step of a prescription's way: signing, reviewing, dispensing, extending, voiding."""

from typing import Annotated, Literal

import msgspec

from suwen.core.schemas import Input, Version

# Two letters or digits of any script, and not only signs. Without \w: programs that read the schema know it as ASCII.
SOUND = r"[0-9A-Za-z\u00c0-\u1fff\u3040-\ufefe]"
Reason = Annotated[str, msgspec.Meta(min_length=2, max_length=500, pattern=rf"{SOUND}[\s\S]*{SOUND}")]
Check = Literal["fine", "not_applicable", "concern"]


class SignInput(Input):
    """`answers`: why a finding that blocks is prescribed all the same, by the finding's key. `acknowledged`: keys of
    the warnings that were read. Both are signed with the content. `looked`: at each line of what was put in from a
    formula, a template or an earlier prescription, where there is such."""

    version: Version
    answers: Annotated[dict[str, Reason], msgspec.Meta(max_length=60)] = msgspec.field(default_factory=dict)
    acknowledged: Annotated[list[str], msgspec.Meta(max_length=120)] = msgspec.field(default_factory=list)
    looked: bool = False


class Answer(Input):
    """Of a form: one finding, the reason that was written, or that it was read."""

    key: Annotated[str, msgspec.Meta(max_length=300)]
    reason: Annotated[str, msgspec.Meta(max_length=500)] | None = None
    read: bool = False


class SignForm(Input):
    """Signing on a page: the findings one by one, and the proof that it is the doctor, where none was given lately.
    `then`: the button; "back" signs nothing and keeps the reasons."""

    version: Version
    then: Literal["sign", "back"] = "sign"
    answers: Annotated[list[Answer], msgspec.Meta(max_length=120)] = msgspec.field(default_factory=list)
    looked: bool = False
    password: Annotated[str, msgspec.Meta(max_length=300)] | None = None
    code: Annotated[str, msgspec.Meta(max_length=20)] | None = None

    @property
    def typed_answers(self) -> dict[str, Answer]:
        return {one.key: one for one in self.answers}

    def signed(self) -> SignInput:
        return SignInput(
            version=self.version, answers={one.key: one.reason for one in self.answers if one.reason},
            acknowledged=[one.key for one in self.answers if one.read], looked=self.looked,
        )  # fmt: skip


class Checks(Input):
    """The seven things a pharmacist looks at before accepting."""

    skin_test: Check
    diagnosis: Check
    dosage: Check
    form_route: Check
    duplicate: Check
    interactions: Check
    other: Check


class ReviewInput(Input):
    """`returned` needs a reason; `accepted` needs seven checks without a concern, and is a signature."""

    version: Version
    verdict: Literal["accepted", "returned"]
    checks: Checks
    reason: Annotated[str, msgspec.Meta(max_length=500)] | None = None


class DispenseInput(Input):
    """`checked_by`: the account of a second pharmacist who looked at what leaves; asked for where a medicine of the
    toxic-drugs order is among it. `password`, or `code` of a second step, are that person's own."""

    version: Version
    checked_by: Annotated[str, msgspec.Meta(max_length=36)] | None = None
    password: Annotated[str, msgspec.Meta(max_length=300)] | None = None
    code: Annotated[str, msgspec.Meta(max_length=20)] | None = None
    note: Annotated[str, msgspec.Meta(max_length=500)] | None = None


class VerifyInput(Input):
    """What stands on the paper: its number, and the code that only its holder knows."""

    code: Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
    holder: Annotated[str, msgspec.Meta(min_length=1, max_length=30)]


class ExtendInput(Input):
    days: Annotated[int, msgspec.Meta(ge=1, le=30)]


class VoidInput(Input):
    reason: Reason
