"""A prescription as a document of the clinic schema's collection `prescriptions`. Pure: the row is all it looks at.

Every field of the shape is always there; what is not known is null. Nothing in it changes after the signature, so a
document says what was signed, whatever is dispensed, expires or is renamed later.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from math import ceil
from typing import Any

# Whoever reads a document takes it for one that holds: what was taken back, or was sent back to the doctor, has none.
DOCUMENTED = ("signed", "effective", "partially_dispensed", "dispensed", "expired")
TIMES = {1: "qd", 2: "bid", 3: "tid", 4: "qid"}  # times a day, as they are written in every language


def document(row: Any) -> dict[str, Any] | None:
    """None where there is none: drafts, prescriptions returned or void."""
    if row.status not in DOCUMENTED or row.signed_at is None:
        return None
    regimen = row.regimen or {}
    return {
        "appointment_id": row.appointment_id,
        "patient_snapshot": _only(row.patient_snapshot, "id", "first_name", "last_name", "dob", "gender"),
        "doctor_snapshot": _only(row.doctor_snapshot, "id", "first_name", "last_name", "specialty"),
        "medications": [_medication(line, regimen) for line in row.medicines],
        "instructions": row.instructions,
        "refill_allowed": row.refill_allowed,
        "pharmacy": _only(row.pharmacy, "name", "phone", "address"),
        "signed_by": row.signed_by,
        "signed_at": moment(row.signed_at),
        "created_at": moment(row.created_at),
        "updated_at": moment(row.signed_at),
    }


def moment(given: datetime) -> str:
    return given.isoformat().replace("+00:00", "Z")


def _medication(line: Mapping[str, Any], regimen: Mapping[str, Any]) -> dict[str, Any]:
    """Pieces of a formula have an amount; how often and how long is said once, for the whole of it."""
    amount = " ".join(str(line[name]) for name in ("amount", "unit") if line.get(name))
    notes = [str(line[name]) for name in ("method", "notes") if line.get(name)]
    return {
        "name": line.get("name") or None,
        "dosage": line.get("dosage") or amount or None,
        "frequency": line.get("frequency") or line.get("frequency_code") or _times(regimen),
        "duration_days": line.get("duration_days") or _days(regimen),
        "notes": "; ".join(notes) or None,
    }


def _times(regimen: Mapping[str, Any]) -> str | None:
    times = int(_number(regimen.get("times_per_day")))
    return TIMES.get(times, f"{times}/d") if times else None


def _days(regimen: Mapping[str, Any]) -> int | None:
    """Seven doses at one a day last a week, at half a dose a day two."""
    doses, per_day = _number(regimen.get("doses")), _number(regimen.get("doses_per_day")) or Decimal(1)
    return ceil(doses / per_day) if doses else None


def _number(given: Any) -> Decimal:
    """Numbers in JSON columns are decimal strings."""
    try:
        return max(Decimal(str(given or 0)), Decimal(0))
    except InvalidOperation:
        return Decimal(0)


def _only(given: Mapping[str, Any] | None, *names: str) -> dict[str, Any]:
    return {name: (given or {}).get(name) or None for name in names}
