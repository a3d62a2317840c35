"""Templates: what a doctor prescribes again and again. Each doctor's own; they make drafts and never sign anything."""

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import update
from sqlalchemy.orm import Session

from suwen.core.actor import Actor
from suwen.core.db import new_id, rows
from suwen.core.errors import Forbidden
from suwen.core.paging import keyset
from suwen.core.schemas import Slice
from suwen.prescribing import queries, rules
from suwen.prescribing.errors import NoSuchTemplate
from suwen.prescribing.models import PrescriptionTemplate
from suwen.prescribing.rules import composing
from suwen.prescribing.schemas.content import Regimen, lines_of
from suwen.prescribing.schemas.shelf import TemplateInput, TemplateView

MOST_USED = [(PrescriptionTemplate.usage_count, "desc"), (PrescriptionTemplate.id, "desc")]
PLAIN = [name for name in TemplateView.__struct_fields__ if name not in ("medicines", "regimen")]


def templates(
    tx: Session, actor: Actor, *, q: str | None = None, kind: str | None = None, all: bool = False,
    after: str | None = None, limit: int | None = None,
) -> Slice[TemplateView]:  # fmt: skip
    """One's own, the most used first; `q` in name, diagnosis or description; `all` with those put away."""
    found = queries.templates(actor.doctor_id or "", q, kind, all)
    page, following = keyset(tx, found, MOST_USED, after, limit)
    return Slice([_view(row) for row in page], following)


def template(tx: Session, actor: Actor, id: str) -> TemplateView:
    """NoSuchTemplate for anybody else's."""
    return _view(_own(tx, actor, id))


def add_template(tx: Session, actor: Actor, data: TemplateInput, now: datetime) -> TemplateView:
    """Refused: whoever is no doctor of the clinic; two lengths of one line that disagree."""
    if not actor.doctor_id:
        raise Forbidden()
    made = PrescriptionTemplate(
        id=new_id(), doctor_id=actor.doctor_id, usage_count=0, created_at=now, updated_at=now,
        **_values(data, actor.locale),
    )  # fmt: skip
    tx.add(made)
    tx.flush()
    return _view(made)


def change_template(tx: Session, actor: Actor, id: str, data: TemplateInput, now: datetime) -> TemplateView:
    """The whole content anew. What was prescribed with it before stays as it is."""
    found = _own(tx, actor, id)
    for name, value in (_values(data, actor.locale) | {"updated_at": now}).items():
        setattr(found, name, value)
    tx.flush()
    return _view(found)


def put_away_template(tx: Session, actor: Actor, id: str, now: datetime) -> None:
    """It is no longer offered; changing it can bring it back."""
    _count(tx, actor, id, {"is_active": False, "updated_at": now})


def use_template(tx: Session, actor: Actor, id: str) -> TemplateView:
    """For putting it into a prescription: counted. NoSuchTemplate where it was put away."""
    _count(tx, actor, id, {"usage_count": PrescriptionTemplate.usage_count + 1}, PrescriptionTemplate.is_active)
    return _view(_own(tx, actor, id))


def _count(tx: Session, actor: Actor, id: str, values: dict[str, Any], *more: Any) -> None:
    mine = (PrescriptionTemplate.id == id, PrescriptionTemplate.doctor_id == (actor.doctor_id or ""), *more)
    # using it is no change of it
    kept = {"updated_at": PrescriptionTemplate.updated_at} | values
    if not rows(tx, update(PrescriptionTemplate).where(*mine).values(**kept)):
        raise NoSuchTemplate()


def _own(tx: Session, actor: Actor, id: str) -> PrescriptionTemplate:
    found = tx.get(PrescriptionTemplate, id, populate_existing=True)
    if found is None or not actor.doctor_id or found.doctor_id != actor.doctor_id:
        raise NoSuchTemplate()
    return found


def _values(data: TemplateInput, locale: str) -> dict[str, Any]:
    plain = [{k: v for k, v in msgspec.to_builtins(line).items() if v not in ("", None)} for line in data.medicines]
    assumed = "g" if data.kind == "herbal" else ""
    lines = [
        rules.with_both(composing.with_amount(line, assumed), place, locale) for place, line in enumerate(plain) if line
    ]
    regimen = (
        {k: v for k, v in msgspec.to_builtins(data.regimen).items() if v not in ("", None)} if data.regimen else {}
    )
    return {
        "name": data.name.strip(), "description": (data.description or "").strip() or None, "kind": data.kind,
        "formula": data.formula, "diagnosis": data.diagnosis.strip(), "medicines": lines, "regimen": regimen or None,
        "instructions": data.instructions.strip(), "is_active": data.is_active,
    }  # fmt: skip


def _view(row: PrescriptionTemplate) -> TemplateView:
    return TemplateView(
        **{name: getattr(row, name) for name in PLAIN}, medicines=lines_of(row.medicines),
        regimen=msgspec.convert(row.regimen, Regimen) if row.regimen else None,
    )  # fmt: skip
