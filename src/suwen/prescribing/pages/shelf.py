"""What a doctor keeps at hand, on pages: templates, phrases, the classics; and the clinic's prices of medicines."""

from datetime import datetime

from sqlalchemy.orm import Session

from suwen.core.actor import Actor
from suwen.core.i18n import LOCALES, N_
from suwen.core.web.answers import Page, See
from suwen.core.web.routes import form, page, routes_of
from suwen.prescribing import rules
from suwen.prescribing.formulas import GROUPS, formulas
from suwen.prescribing.rules.diagnosis import parts
from suwen.prescribing.schemas.editor import TemplateForm
from suwen.prescribing.schemas.shelf import MedicinePriceForm, PhraseInput
from suwen.prescribing.service import choices, inserting, prices
from suwen.prescribing.service import phrases as words
from suwen.prescribing.service import templates as drawer

DOCTOR, DESK, READERS = ("doctor",), ("admin",), ("doctor", "pharmacist", "admin")


@page("/doctor/templates", who=DOCTOR)
def templates(
    tx: Session, me: Actor, q: str | None = None, kind: str | None = None, all: bool = False, after: str | None = None
) -> Page:
    part = drawer.templates(tx, me, q=q or None, kind=kind or None, all=all, after=after)
    asked = {"q": q, "kind": kind, "all": "true" if all else None}
    return Page("prescribing/templates.html", {"part": part, "asked": asked, "after": after})


@page("/doctor/templates/new", who=DOCTOR)
def new_template(me: Actor, formula: str = "", kind: str = "herbal") -> Page:
    """An empty one, or one that begins as a classic."""
    return _template_page(None, inserting.template_from(formula) if formula else None, kind)


@page("/doctor/templates/{id:str}", who=DOCTOR)
def template(tx: Session, me: Actor, id: str) -> Page:
    return _template_page(drawer.template(tx, me, id))


@form("/doctor/templates", again=new_template, who=DOCTOR)
def add_template(tx: Session, me: Actor, now: datetime, data: TemplateForm) -> See:
    drawer.add_template(tx, me, data.entry(), now)
    return See("/doctor/templates", toast=N_("Saved."))


@form("/doctor/templates/{id:str}", again=template, who=DOCTOR)
def change_template(tx: Session, me: Actor, now: datetime, id: str, data: TemplateForm) -> See:
    drawer.change_template(tx, me, id, data.entry(), now)
    return See("/doctor/templates", toast=N_("Saved."))


@form("/doctor/templates/{id:str}/put-away", again=template, who=DOCTOR)
def put_away_template(tx: Session, me: Actor, now: datetime, id: str) -> See:
    drawer.put_away_template(tx, me, id, now)
    return See("/doctor/templates", toast=N_("Put away. It is no longer offered."))


@page("/doctor/phrases", who=DOCTOR)
def phrases(
    tx: Session, me: Actor, category: str | None = None, q: str | None = None, all: bool = False,
    after: str | None = None,
) -> Page:  # fmt: skip
    part = words.phrases(tx, me, category=category or None, q=q or None, all=all, after=after)
    asked = {"category": category, "q": q, "all": "true" if all else None}
    return Page("prescribing/phrases.html", {"part": part, "asked": asked, "after": after, "one": None})


@page("/doctor/phrases/{id:str}", who=DOCTOR)
def phrase(tx: Session, me: Actor, id: str) -> Page:
    return Page("prescribing/phrases.html", {"one": words.phrase(tx, me, id)})


@form("/doctor/phrases", again=phrases, who=DOCTOR)
def add_phrase(tx: Session, me: Actor, now: datetime, data: PhraseInput) -> See:
    words.add_phrase(tx, me, data, now)
    return See("/doctor/phrases", toast=N_("Saved."))


@form("/doctor/phrases/{id:str}", again=phrase, who=DOCTOR)
def change_phrase(tx: Session, me: Actor, now: datetime, id: str, data: PhraseInput) -> See:
    words.change_phrase(tx, me, id, data, now)
    return See("/doctor/phrases", toast=N_("Saved."))


@form("/doctor/phrases/{id:str}/put-away", again=phrase, who=DOCTOR)
def put_away_phrase(tx: Session, me: Actor, now: datetime, id: str) -> See:
    words.put_away_phrase(tx, me, id, now)
    return See("/doctor/phrases", toast=N_("Put away. It is no longer offered."))


@page("/doctor/formulas", who=DOCTOR)
def classics(q: str = "") -> Page:
    found = [one for one in formulas().values() if one.answers_to(q)]
    return Page("prescribing/formulas.html", {"formulas": found, "groups": GROUPS, "q": q})


@page("/admin/medicine-prices", who=DESK)
def medicine_prices(tx: Session, q: str | None = None) -> Page:
    return Page("prescribing/prices.html", {"prices": prices.prices(tx, q), "q": q or ""})


@form("/admin/medicine-prices", again=medicine_prices, who=DESK)
def set_price(tx: Session, me: Actor, now: datetime, data: MedicinePriceForm) -> See:
    prices.set_price(tx, me, data.code, data.price(), now)
    return See("/admin/medicine-prices", toast=N_("Saved."))


@form("/admin/medicine-prices/{code:str}/removal", again=medicine_prices, who=DESK)
def remove_price(tx: Session, me: Actor, code: str) -> See:
    prices.remove_price(tx, me, code)
    return See("/admin/medicine-prices", toast=N_("Removed."))


def _template_page(one: object, begun: object = None, kind: str = "") -> Page:
    shown = {
        "one": one or begun, "stored": one is not None, "kind": kind, "said": {}, "parts_of_diagnosis": parts,
        "words": {locale: choices.words(locale) for locale in LOCALES}, "most_lines": rules.MOST_LINES,
        "empty_lines": rules.LINES_SHOWN, "usual": inserting.USUAL,
    }  # fmt: skip
    return Page("prescribing/template.html", shown)


ROUTES = routes_of(
    templates, new_template, template, add_template, change_template, put_away_template, phrases, phrase, add_phrase,
    change_phrase, put_away_phrase, classics, medicine_prices, set_price, remove_price,
)  # fmt: skip
