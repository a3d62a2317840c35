"""A prescription on paper. The fonts are the system's and are embedded, so that every herb prints everywhere."""

from datetime import datetime
from zoneinfo import ZoneInfo

from suwen.core import times
from suwen.core.press import Press
from suwen.core.web.pages import environment
from suwen.prescribing.schemas import PrescriptionView


def made(press: Press, prescription: PrescriptionView, now: datetime, locale: str, zone: str) -> bytes:
    """The document; takes a second or so. Unavailable when the press is."""
    place = times.known_zone(zone) or ZoneInfo("UTC")
    born = prescription.patient_snapshot.dob if prescription.patient_snapshot else None
    html = environment(locale).get_template("prescribing/prescription.pdf.html").render(
        one=prescription, locale=locale,
        age=times.age(born, prescription.prescription_date.astimezone(place).date()),
        signed=times.full(prescription.signed_at, place, locale) if prescription.signed_at else "",
        printed=times.full(now, place, locale),
    )  # fmt: skip
    return press.printed(html)
