"""The places of the clinic. A place has a time zone that must exist: all its hours are meant in it."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from suwen.clinics.events import LocationChanged
from suwen.clinics.models import ClinicLocation
from suwen.clinics.schemas import LocationEntry, LocationView
from suwen.core.actor import Actor
from suwen.core.db import changed, new_id, take
from suwen.core.errors import Forbidden, Invalid, NotFound, UnknownZone
from suwen.core.money import BadCurrency, ensure_currency
from suwen.core.outbox import emit
from suwen.core.times import known_zone

TOPIC = "catalogue:locations"


def locations(tx: Session, *, all: bool = False) -> list[LocationView]:
    """Places by name; `all` also gives those that are closed."""
    statement = select(ClinicLocation).order_by(ClinicLocation.name, ClinicLocation.id)
    if not all:
        statement = statement.where(ClinicLocation.is_active.is_(True))
    return [_view(row) for row in tx.scalars(statement)]


def location(tx: Session, id: str) -> ClinicLocation:
    found = tx.get(ClinicLocation, id)
    if found is None:
        raise NotFound()
    return found


def open_location(tx: Session, actor: Actor, entry: LocationEntry) -> LocationView:
    """Refused: an unknown zone, a currency without two decimals."""
    return _write(tx, actor, ClinicLocation(id=new_id(), is_active=True), entry)


def change_location(tx: Session, actor: Actor, id: str, entry: LocationEntry, now: datetime) -> LocationView:
    """Conflict for readers of an older version. The hours of its doctors follow it, and rest while it is closed."""
    row = location(tx, id)
    take(tx, row, entry.version)
    emit(tx, LocationChanged(id), now)
    return _write(tx, actor, row, entry)


def _write(tx: Session, actor: Actor, row: ClinicLocation, entry: LocationEntry) -> LocationView:
    if actor.role not in ("admin", "system"):
        raise Forbidden()
    if known_zone(entry.timezone) is None:
        raise UnknownZone(fields={"timezone": UnknownZone.title})
    try:
        row.currency = ensure_currency(entry.currency)
    except BadCurrency:
        raise Invalid(fields={"currency": BadCurrency.title}) from None
    row.name, row.city, row.address = entry.name, entry.city, entry.address
    row.timezone, row.phone, row.is_active = entry.timezone, entry.phone, entry.is_active
    tx.add(row)
    tx.flush()
    changed(tx, TOPIC, "directory")
    return _view(row)


def _view(row: ClinicLocation) -> LocationView:
    return LocationView(
        id=row.id, name=row.name, city=row.city, address=row.address, timezone=row.timezone, phone=row.phone,
        currency=row.currency, is_active=row.is_active, version=row.version,
    )  # fmt: skip
