"""What is filled in at the pharmacy's pages, and by whoever asks whether a paper is genuine."""

from typing import Annotated, Any, Literal

import msgspec

from suwen.core.schemas import Input, Version
from suwen.prescribing.schemas.steps import Check, Checks, DispenseInput, ReviewInput

CHECKS = ("skin_test", "diagnosis", "dosage", "form_route", "duplicate", "interactions", "other")
Text = Annotated[str, msgspec.Meta(max_length=500)]
Secret = Annotated[str, msgspec.Meta(max_length=128)]


class ReviewForm(Input):
    """The button says the verdict. `password` or `code` prove who accepts; a check that was not answered is asked
    for."""

    version: Version
    verdict: Literal["accepted", "returned"]
    skin_test: Check | None = None
    diagnosis: Check | None = None
    dosage: Check | None = None
    form_route: Check | None = None
    duplicate: Check | None = None
    interactions: Check | None = None
    other: Check | None = None
    reason: Text | None = None
    password: Secret | None = None
    code: Annotated[str, msgspec.Meta(max_length=20)] | None = None

    @property
    def open(self) -> list[str]:
        return [name for name in CHECKS if getattr(self, name) is None]

    def review(self) -> ReviewInput:
        """What was left open is no concern of a prescription that is returned: the reason says what is."""
        said: dict[str, Any] = {name: getattr(self, name) or "not_applicable" for name in CHECKS}
        return ReviewInput(version=self.version, verdict=self.verdict, checks=Checks(**said), reason=self.reason)


class DispenseForm(Input):
    version: Version
    checked_by: Annotated[str, msgspec.Meta(max_length=36)] | None = None
    password: Secret | None = None
    code: Annotated[str, msgspec.Meta(max_length=20)] | None = None
    note: Text | None = None

    def dispense(self) -> DispenseInput:
        return DispenseInput(**msgspec.structs.asdict(self))


class FindForm(Input):
    """A number, or what a scanner reads from the paper."""

    code: Annotated[str, msgspec.Meta(min_length=1, max_length=300)]


class VerifyForm(Input):
    """Both stand on the paper; the second one only its holder knows."""

    number: Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
    holder: Annotated[str, msgspec.Meta(min_length=1, max_length=30)]
