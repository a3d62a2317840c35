"""Departments and specialties. Places have a rule of their own (their zone must exist): see service/places.py."""

from typing import Annotated, Literal

import msgspec

from suwen.clinics.models import Department, Specialty
from suwen.core.i18n import N_
from suwen.core.schemas import Input, Version
from suwen.core.web.catalogue import Catalogue


def _text(longest: int, title: str, *, least: int = 0, kind: str = "text", hint: str = "") -> msgspec.Meta:
    return msgspec.Meta(
        min_length=least or None, max_length=longest, title=title, description=hint or None,
        extra={"kind": kind} if kind != "text" else None,
    )  # fmt: skip


class DepartmentEntry(Input):
    code: Annotated[str, _text(20, N_("Code"), least=2, hint=N_("Short and never changed, such as ZY001."))]
    name: Annotated[str, _text(100, N_("Name of the department"), least=2)]
    description: Annotated[str, _text(2000, N_("Description"), kind="textarea")] | None = None
    contact_person: Annotated[str, _text(50, N_("Contact person"))] | None = None
    contact_phone: Annotated[str, _text(20, N_("Contact phone"))] | None = None
    status: Annotated[Literal["active", "inactive"], msgspec.Meta(title=N_("Status"))] = "active"
    version: Version | None = None


class SpecialtyEntry(Input):
    code: Annotated[str, _text(50, N_("Code"), least=2)]
    name: Annotated[str, _text(150, N_("Name of the specialty"), least=2)]
    description: Annotated[str, _text(2000, N_("Description"), kind="textarea")] | None = None
    version: Version | None = None


CATALOGUES = [
    Catalogue(
        slug="departments", title=N_("Departments"), model=Department, entry=DepartmentEntry,
        columns=("code", "name", "contact_person", "contact_phone", "status"), order="code",
        intro=N_("Departments are what patients choose a doctor by first."),
    ),
    Catalogue(
        slug="specialties", title=N_("Specialties"), model=Specialty, entry=SpecialtyEntry,
        columns=("code", "name", "description"), order="code",
        intro=N_("A doctor has at most one specialty here; what else a doctor is good at stands on the doctor's page."),
    ),
]  # fmt: skip
