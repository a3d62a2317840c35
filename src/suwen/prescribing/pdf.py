"""A prescription on paper. The fonts are the system's and are embedded, so that every herb prints everywhere."""

from datetime import datetime
from zoneinfo import ZoneInfo

from markupsafe import Markup

from suwen.core import times
from suwen.core.press import Press
from suwen.core.web.pages import environment
from suwen.prescribing.schemas import PrescriptionView
from suwen.prescribing.service.papers import Paper

STRUCK = ("draft", "returned", "voided", "expired")  # written across the paper


def made(
    press: Press, one: PrescriptionView, paper: Paper, now: datetime, locale: str, zone: str, base_url: str
) -> bytes:
    """The document; takes a second or so. Unavailable when the press is."""
    place = times.known_zone(zone) or ZoneInfo("UTC")
    html = environment(locale).get_template("prescribing/prescription.pdf.html").render(
        one=one, sheet=paper.sheet, cooking=paper.cooking, reviewed=paper.reviewed, locale=locale,
        across=one.status if one.status in STRUCK else "",
        signed=times.full(one.signed_at, place, locale) if one.signed_at else "",
        until=times.full(one.valid_until, place, locale) if one.valid_until else "",
        printed=times.full(now, place, locale), address=verify_address(base_url),
        code=qr(verify_address(base_url, one.code)),
    )  # fmt: skip
    return press.printed(html)


def verify_address(base_url: str, code: str = "") -> str:
    """Where anybody may ask whether a paper is genuine; the number alone, for the holder's code is asked there."""
    return f"{base_url.rstrip('/')}/verify" + (f"/{code}" if code else "")


def qr(text: str) -> Markup:
    """As SVG to stand in a page; black on white, or no reader finds it."""
    import segno  # a server that prints nothing does without it

    made = segno.make_qr(text, error="m")
    return Markup(made.svg_inline(border=2, dark="#000", light="#fff", omitsize=True))  # noqa: S704  our own address
