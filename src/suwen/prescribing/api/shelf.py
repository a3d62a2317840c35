"""Templates, phrases and prices of medicines as JSON."""

from datetime import datetime

from sqlalchemy.orm import Session

from suwen.core.actor import Actor
from suwen.core.schemas import Slice
from suwen.core.web.routes import STAFF, delete, get, post, put, routes_of
from suwen.prescribing.schemas.content import Kind
from suwen.prescribing.schemas.shelf import (
    Category,
    FormulaView,
    MedicinePriceInput,
    MedicinePriceView,
    NameView,
    PhraseInput,
    PhraseView,
    TemplateInput,
    TemplateView,
)
from suwen.prescribing.service import inserting, names, prices
from suwen.prescribing.service import phrases as words
from suwen.prescribing.service import templates as drawer

TEMPLATES, PHRASES = ["Prescription templates"], ["Phrases"]
FORMULAS, NAMES, PRICES = ["Classic formulas"], ["Names of medicines"], ["Prices of medicines"]
DOCTOR = ("doctor",)


@get("/api/v1/prescription-templates", who=DOCTOR, tags=TEMPLATES)
def templates(
    tx: Session, me: Actor, q: str | None = None, kind: Kind | None = None, all: bool = False,
    after: str | None = None, limit: int | None = None,
) -> Slice[TemplateView]:  # fmt: skip
    """One's own, the most used first. `all`: with those put away."""
    return drawer.templates(tx, me, q=q, kind=kind, all=all, after=after, limit=limit)


@post("/api/v1/prescription-templates", who=DOCTOR, tags=TEMPLATES)
def add_template(tx: Session, me: Actor, now: datetime, data: TemplateInput) -> TemplateView:
    return drawer.add_template(tx, me, data, now)


@get("/api/v1/prescription-templates/{id:str}", who=DOCTOR, tags=TEMPLATES)
def template(tx: Session, me: Actor, id: str) -> TemplateView:
    return drawer.template(tx, me, id)


@put("/api/v1/prescription-templates/{id:str}", who=DOCTOR, tags=TEMPLATES)
def change_template(tx: Session, me: Actor, now: datetime, id: str, data: TemplateInput) -> TemplateView:
    return drawer.change_template(tx, me, id, data, now)


@delete("/api/v1/prescription-templates/{id:str}", who=DOCTOR, tags=TEMPLATES)
def put_away_template(tx: Session, me: Actor, now: datetime, id: str) -> None:
    """It is no longer offered. A change with `is_active` brings it back."""
    drawer.put_away_template(tx, me, id, now)


@post("/api/v1/prescription-templates/{id:str}/use", who=DOCTOR, tags=TEMPLATES, status=200)
def use_template(tx: Session, me: Actor, id: str) -> TemplateView:
    """Counts one use and answers what is to be put into the prescription: a draft, to be looked through."""
    return drawer.use_template(tx, me, id)


@get("/api/v1/phrases", who=DOCTOR, tags=PHRASES)
def phrases(
    tx: Session, me: Actor, category: Category | None = None, q: str | None = None, all: bool = False,
    after: str | None = None, limit: int | None = None,
) -> Slice[PhraseView]:  # fmt: skip
    return words.phrases(tx, me, category=category, q=q, all=all, after=after, limit=limit)


@post("/api/v1/phrases", who=DOCTOR, tags=PHRASES)
def add_phrase(tx: Session, me: Actor, now: datetime, data: PhraseInput) -> PhraseView:
    return words.add_phrase(tx, me, data, now)


@get("/api/v1/phrases/{id:str}", who=DOCTOR, tags=PHRASES)
def phrase(tx: Session, me: Actor, id: str) -> PhraseView:
    return words.phrase(tx, me, id)


@put("/api/v1/phrases/{id:str}", who=DOCTOR, tags=PHRASES)
def change_phrase(tx: Session, me: Actor, now: datetime, id: str, data: PhraseInput) -> PhraseView:
    return words.change_phrase(tx, me, id, data, now)


@delete("/api/v1/phrases/{id:str}", who=DOCTOR, tags=PHRASES)
def put_away_phrase(tx: Session, me: Actor, now: datetime, id: str) -> None:
    words.put_away_phrase(tx, me, id, now)


@post("/api/v1/phrases/{id:str}/use", who=DOCTOR, tags=PHRASES, status=200)
def use_phrase(tx: Session, me: Actor, id: str) -> PhraseView:
    return words.use_phrase(tx, me, id)


@get("/api/v1/formulas", who=STAFF, tags=FORMULAS)
def classics(q: str = "") -> list[FormulaView]:
    """Classic formulas: compositions with amounts of today. They make drafts, never signatures."""
    return inserting.classics(q)


@get("/api/v1/medicine-names", who=STAFF, tags=NAMES)
def type_ahead(q: str = "", kind: Kind = "herbal") -> list[NameView]:
    """What begins like this, by name, alias, pinyin or its initials; the likely ones first."""
    return names.names(q, kind)


@get("/api/v1/medicine-prices", who=STAFF, tags=PRICES)
def medicine_prices(tx: Session, q: str | None = None) -> list[MedicinePriceView]:
    return prices.prices(tx, q)


@put("/api/v1/medicine-prices/{code:str}", who=("admin",), tags=PRICES)
def set_price(tx: Session, me: Actor, now: datetime, code: str, data: MedicinePriceInput) -> MedicinePriceView:
    """The price of 10 g of a piece, or of one unit of a product. What is there is replaced."""
    return prices.set_price(tx, me, code, data, now)


@delete("/api/v1/medicine-prices/{code:str}", who=("admin",), tags=PRICES)
def remove_price(tx: Session, me: Actor, code: str) -> None:
    prices.remove_price(tx, me, code)


ROUTES = routes_of(
    classics, type_ahead, medicine_prices, set_price, remove_price,
    templates, add_template, template, change_template, put_away_template, use_template,
    phrases, add_phrase, phrase, change_phrase, put_away_phrase, use_phrase,
)  # fmt: skip
