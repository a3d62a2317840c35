"""`suwen check`, of people: whether those whom we know are still found by the number of their ID card."""

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from suwen.accounts.models import PatientProfile
from suwen.core.checkup import Finding
from suwen.core.crypto import FieldKeys
from suwen.core.db import Database
from suwen.core.sealed import index_fits
from suwen.settings import Settings

LOST = "The last of SUWEN_FIELD_KEYS is not the one that people's ID numbers, recovery codes and holders' codes go by."
FIX = "Put the first key that was ever used back to the end of the list. It stays there, whatever is rotated."


def lookups(settings: Settings) -> Finding:
    db = Database(settings.database_url, connections=2, keys=FieldKeys(settings.field_keys), settings=settings)
    try:
        fit = db.read(people_are_found)
    except DBAPIError:
        return Finding("look-ups", "note", "They were not tried: the database is away, or has no tables.")
    finally:
        db.close()
    if fit:
        return Finding("look-ups", "ok", "Whoever is known is found by the ID number.")
    return Finding("look-ups", "bad", LOST, FIX)


def people_are_found(tx: Session) -> bool:
    return index_fits(tx, PatientProfile, "id_number", "id_number_index")
