"""What a doctor keeps at hand: templates and phrases; and what a clinic asks for its medicines."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from suwen.core import money
from suwen.core.schemas import Input, View
from suwen.prescribing.rules import MOST_LINES
from suwen.prescribing.schemas.content import Kind, Medicine, Regimen

LARGEST_PRICE = 99_999_99
Category = Literal["diagnosis", "advice", "symptom"]
Amount = Annotated[int, msgspec.Meta(ge=0, le=LARGEST_PRICE)]


class TemplateInput(Input):
    """What is prescribed again and again. `formula`: the code of the classic formula it was made of."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    diagnosis: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
    medicines: Annotated[list[Medicine], msgspec.Meta(min_length=1, max_length=MOST_LINES)]
    description: Annotated[str, msgspec.Meta(max_length=500)] | None = None
    kind: Kind = "general"
    formula: Annotated[str, msgspec.Meta(max_length=60)] | None = None
    regimen: Regimen | None = None
    instructions: Annotated[str, msgspec.Meta(max_length=1000)] = ""
    is_active: bool = True


class TemplateView(View):
    """`usage_count`: how often it was put into a prescription."""

    id: str
    name: str
    description: str | None
    kind: str
    formula: str | None
    diagnosis: str
    medicines: list[Medicine]
    regimen: Regimen | None
    instructions: str
    usage_count: int
    is_active: bool
    created_at: datetime
    updated_at: datetime


class PhraseInput(Input):
    category: Category
    content: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]
    is_active: bool = True


class PhraseView(View):
    id: str
    category: str
    content: str
    usage_count: int
    is_active: bool
    created_at: datetime
    updated_at: datetime


class MedicinePriceInput(Input):
    """`amount` in minor units: of 10 g of a piece, or of one unit of a product."""

    amount: Amount
    currency: Annotated[str, msgspec.Meta(max_length=3)] = "CNY"


class MedicinePriceForm(Input):
    """As an admin types it: the medicine by code, name, alias or pinyin; the amount as "3.20"."""

    code: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    amount: Annotated[str, msgspec.Meta(max_length=12)]
    currency: Annotated[str, msgspec.Meta(max_length=3)] = "CNY"

    def price(self) -> MedicinePriceInput:
        minor = money.parse(self.amount)
        if minor > LARGEST_PRICE:
            raise money.BadAmount(fields={"amount": money.BadAmount.title})
        return MedicinePriceInput(amount=minor, currency=self.currency)


class MedicinePriceView(View):
    """`basis`: "10 g" for pieces, the unit of a product otherwise. `known`: whether the reference data has it still."""

    id: str
    code: str
    name: str
    kind: str
    basis: str
    amount: int
    currency: str
    known: bool
    updated_at: datetime


class NameView(View):
    """One suggestion. `low` and `high` are grams a day of a decoction; `matched` is the alias that was found; `warned`
    marks what may not be prescribed online."""

    code: str
    name: str
    pinyin: str
    gloss: str
    matched: str
    low: str
    high: str
    unit: str
    method: str
    specification: str
    toxicity: str
    warned: bool


class FormulaView(View):
    """A classic formula. `source` is the book it is from, `zh` and `en` say what it is for; `reviewed_by` is "" until a
    pharmacist has confirmed the amounts."""

    code: str
    name: str
    pinyin: str
    english: str
    group: str
    source: str
    zh: str
    en: str
    note: str
    medicines: list[Medicine]
    regimen: Regimen
    evidence: str
    reviewed_by: str
