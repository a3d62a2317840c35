"""What things cost, on which day and where; and the price list that the desk keeps."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import msgspec
from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from suwen.clinics.models import ClinicLocation
from suwen.core.actor import Actor
from suwen.core.db import changed, new_id, rows
from suwen.core.errors import Conflict, NotFound
from suwen.core.hot import HotRow
from suwen.core.money import BadCurrency, ensure_currency
from suwen.payments import rules
from suwen.payments.errors import BadPrice, NoPrice, PriceOverlaps
from suwen.payments.models import Price
from suwen.payments.queries.prices import ACTIVE
from suwen.payments.schemas import PriceInput, PriceView

TOPIC = "prices"
ACTIVE_OF = HotRow(ACTIVE.where(Price.__table__.c.service_type == bindparam("service")))


@dataclass(frozen=True)
class PriceList:
    """Every price that counts on `day`, read once: for pages that show many doctors."""

    day: date
    prices: Sequence[Any]

    def of(
        self, service_type: str, location_id: str | None = None, doctor_fee: int | None = None
    ) -> tuple[int, str, str] | None:
        """(amount, currency, id of the price), None where there is no price."""
        found = rules.pick(self.prices, service_type, location_id, self.day)
        if found is None:
            return None
        return (rules.to_pay(found) if doctor_fee is None else doctor_fee), found.currency, found.id


def price_list(tx: Session, on: date) -> PriceList:
    return PriceList(on, tx.connection().execute(ACTIVE).all())


def price_for(
    tx: Session, service_type: str, *, location_id: str | None = None, on: date, doctor_fee: int | None = None,
    known: str | None = None,
) -> tuple[int, str, str]:  # fmt: skip
    """(amount in minor units, currency, id of the price) of a service on a day; NoPrice where none is set.

    A price of the place goes before one of every place, the newest before the older; a doctor's own fee replaces
    the amount, in the currency of the price found. `known`: what `queries.prices.of_service` read with another row.
    """
    rows_ = ACTIVE_OF.all(tx.connection(), {"service": service_type}) if known is None else ACTIVE_OF.several(known)
    found = PriceList(on, rows_).of(service_type, location_id, doctor_fee)
    if found is None:
        raise NoPrice(service_type=service_type)
    return found


def prices(tx: Session, *, active_only: bool = False) -> list[Price]:
    """The whole list, for the desk; ordered by service, place and first day."""
    asked = select(Price).order_by(Price.service_type, Price.location_id, Price.effective_date.desc(), Price.id)
    return list(tx.scalars(asked.where(Price.is_active.is_(True)) if active_only else asked))


def price(tx: Session, id: str) -> Price:
    found = tx.get(Price, id)
    if found is None:
        raise NotFound()
    return found


def price_views(tx: Session, *, active_only: bool = False) -> list[PriceView]:
    return [_view(row) for row in prices(tx, active_only=active_only)]


def price_view(tx: Session, id: str) -> PriceView:
    return _view(price(tx, id))


def _view(row: Price) -> PriceView:
    return PriceView(**{name: getattr(row, name) for name in PriceView.__struct_fields__})


def add_price(tx: Session, actor: Actor, entry: PriceInput, now: datetime) -> PriceView:
    """Set a price. Refused: a discount above the price, days that end before they begin, an overlap in one place."""
    _check(tx, entry, None)
    made = Price(id=new_id(), created_at=now, updated_at=now, **_values(entry))
    tx.add(made)
    tx.flush()
    changed(tx, TOPIC, "directory")
    return _view(made)


def change_price(tx: Session, actor: Actor, id: str, entry: PriceInput, now: datetime) -> PriceView:
    """Change a price for orders to come. Refused as in add_price, and when somebody changed it meanwhile."""
    before = price(tx, id)
    _check(tx, entry, id)
    mine = update(Price).where(Price.id == id, Price.version == (entry.version or before.version))
    if not rows(tx, mine.values(version=Price.version + 1, updated_at=now, **_values(entry))):
        raise Conflict()
    tx.refresh(before)
    changed(tx, TOPIC, "directory")
    return _view(before)


def _values(entry: PriceInput) -> dict[str, Any]:
    values = msgspec.structs.asdict(entry) | {"currency": ensure_currency(entry.currency)}
    values.pop("version")
    return values


def _check(tx: Session, entry: PriceInput, id: str | None) -> None:
    _check_currency(entry)
    if entry.location_id and tx.get(ClinicLocation, entry.location_id) is None:
        raise BadPrice(fields={"location_id": "There is no such place."})
    if entry.discount_price is not None and entry.discount_price > entry.price:
        raise BadPrice(fields={"discount_price": "The discount price must not be more than the price."})
    if entry.effective_date and entry.expiry_date and entry.expiry_date < entry.effective_date:
        raise BadPrice(fields={"expiry_date": "The last day is before the first."})
    if not entry.is_active:
        return
    # Writers of one service queue on its rows; the overlap cannot be a constraint.
    others = select(Price).where(Price.service_type == entry.service_type, Price.is_active.is_(True)).with_for_update()
    for other in tx.scalars(others):
        same_place = other.location_id == entry.location_id and other.id != id
        if same_place and rules.overlap(
            (entry.effective_date, entry.expiry_date), (other.effective_date, other.expiry_date)
        ):
            raise PriceOverlaps(other=other.id)


def _check_currency(entry: PriceInput) -> None:
    try:
        ensure_currency(entry.currency)
    except BadCurrency:
        raise BadPrice(fields={"currency": BadCurrency.title}) from None
