"""The whole file of a doctor, for admins and for the doctor."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from suwen.clinics import queries, rules
from suwen.clinics.models import Doctor
from suwen.clinics.schemas import DoctorFile
from suwen.core.errors import NotFound
from suwen.core.sealed import unseal

PRIVATE = (
    "user_id", "certificate_type", "license_number", "license_authority", "license_valid_until", "consultation_fee",
    "verification_status", "rejection_reason", "verified_at", "is_deleted", "created_at", "version",
)  # fmt: skip
d, users = queries.doctors, queries.users
FILE = queries.public_card(*(d.c[name] for name in PRIVATE), users.c.account, users.c.email, users.c.phone)


def file_of(tx: Session, id: str, now: datetime) -> DoctorFile:
    """Everything but the ID number, of which only the ends are shown. Deleted ones too."""
    row = tx.execute(FILE.add_columns(queries.listed(now.date()).label("listed")).where(d.c.id == id)).first()
    sealed = tx.get(Doctor, id)
    if row is None or sealed is None:
        raise NotFound()
    values: dict[str, Any] = {name: getattr(row, name) for name in (*PRIVATE, "account", "email", "phone")}
    return DoctorFile(
        **queries.card_values(row), **values, listed=bool(row.listed),
        id_number=rules.masked(unseal(tx, sealed, "id_number")),
        license_photo=rules.photo(row.photos, rules.LICENCE_PHOTO),
    )  # fmt: skip
