"""Prices of medicines: of 10 g of a piece, of one unit of a product. One price for each code."""

from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from suwen.core.actor import Actor
from suwen.core.db import changed, new_id, rows
from suwen.core.errors import NotFound
from suwen.core.money import ensure_currency
from suwen.prescribing.errors import OtherCurrency, UnknownMedicine
from suwen.prescribing.models import MedicinePrice
from suwen.prescribing.reference import reference
from suwen.prescribing.rules.findings import Kind
from suwen.prescribing.rules.resolver import resolve
from suwen.prescribing.schemas.shelf import MedicinePriceInput, MedicinePriceView

KINDS: tuple[Kind, ...] = ("herbal", "compound", "general")


def prices(tx: Session, q: str | None = None) -> list[MedicinePriceView]:
    """All of them, by name; `q` keeps those whose name or code contains it."""
    shown = [_view(row) for row in tx.scalars(select(MedicinePrice))]
    wanted = (q or "").strip().casefold()
    return sorted(
        (one for one in shown if wanted in f"{one.code} {one.name}".casefold()), key=lambda one: (one.kind, one.code)
    )


def set_price(tx: Session, actor: Actor, code: str, data: MedicinePriceInput, now: datetime) -> MedicinePriceView:
    """Of a medicine named by its code, or by what a doctor would type.

    Refused: UnknownMedicine; another currency than the clinic's, for a prescription has one sum.
    """
    code = _code(code)
    currency = ensure_currency(data.currency)
    if currency != tx.info["settings"].currency:
        raise OtherCurrency(fields={"currency": OtherCurrency.title})
    values = {"amount": data.amount, "currency": currency, "updated_at": now}
    known = update(MedicinePrice).where(MedicinePrice.code == code).values(**values)
    if not rows(tx, known):
        try:
            with tx.begin_nested():
                tx.add(MedicinePrice(id=new_id(), code=code, created_at=now, **values))
        except IntegrityError:  # somebody was quicker
            rows(tx, known)
    changed(tx, "medicine-prices")
    found = select(MedicinePrice).where(MedicinePrice.code == code).execution_options(populate_existing=True)
    return _view(tx.scalars(found).one())


def remove_price(tx: Session, actor: Actor, code: str) -> None:
    """NotFound where there is none."""
    if not rows(tx, delete(MedicinePrice).where(MedicinePrice.code == code)):
        raise NotFound()
    changed(tx, "medicine-prices")


def _code(typed: str) -> str:
    known = reference()
    if typed in known.pieces or typed in known.products:
        return typed
    for kind in KINDS:
        found = resolve(known, typed, kind)
        if found.code:
            return found.code
    raise UnknownMedicine(fields={"code": UnknownMedicine.title})


def _view(row: MedicinePrice) -> MedicinePriceView:
    known = reference()
    piece, product = known.pieces.get(row.code), known.products.get(row.code)
    return MedicinePriceView(
        id=row.id, code=row.code, amount=row.amount, currency=row.currency, updated_at=row.updated_at,
        name=piece.name if piece else (product.zh or product.name) if product else row.code,
        kind="herbal" if piece else product.kind if product else "general",
        basis="10 g" if piece or not product else product.unit, known=bool(piece or product),
    )  # fmt: skip
