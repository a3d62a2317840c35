"""What is said at each step of a prescription's way: signing, reviewing, dispensing, extending, voiding."""

from typing import Annotated, Literal

import msgspec

from suwen.core.schemas import Input, Version

Reason = Annotated[str, msgspec.Meta(min_length=2, max_length=500)]
Check = Literal["fine", "not_applicable", "concern"]


class SignInput(Input):
    """`answers`: why a finding that blocks is prescribed all the same, by the finding's key. `acknowledged`: keys of
    the warnings that were read. Both are signed with the content."""

    version: Version
    not_safety_checked: bool = False  # of the days before the engine
    answers: Annotated[dict[str, Reason], msgspec.Meta(max_length=60)] = msgspec.field(default_factory=dict)
    acknowledged: Annotated[list[str], msgspec.Meta(max_length=120)] = msgspec.field(default_factory=list)


class SignForm(Input):
    version: Version
    not_safety_checked: bool = False


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
    """`checked_by`: the second person's account, who looked at what leaves the pharmacy; asked for where a medicine
    of the toxic-drugs order is among it."""

    version: Version
    checked_by: Annotated[str, msgspec.Meta(max_length=36)] | None = None
    note: Annotated[str, msgspec.Meta(max_length=500)] | None = None


class ExtendInput(Input):
    days: Annotated[int, msgspec.Meta(ge=1, le=30)]


class VoidInput(Input):
    reason: Reason
