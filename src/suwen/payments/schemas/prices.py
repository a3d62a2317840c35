"""The price list."""

from datetime import date
from typing import Annotated

import msgspec

from suwen.core.schemas import Input, Version, View
from suwen.payments.rules import LARGEST_SUM
from suwen.payments.schemas.amounts import minor


class PriceRest(Input):
    """Of a price, all but the amounts. Days are included on both ends; an open end is for ever."""

    service_type: Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9_]{1,49}$", examples=["appointment_online"])]
    service_name: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    currency: Annotated[str, msgspec.Meta(min_length=3, max_length=3)] = "CNY"
    location_id: str | None = None
    is_active: bool = True
    effective_date: date | None = None
    expiry_date: date | None = None
    description: Annotated[str, msgspec.Meta(max_length=2000)] | None = None
    version: Version | None = None


class PriceView(View):
    id: str
    service_type: str
    service_name: str
    price: int
    discount_price: int | None
    currency: str
    location_id: str | None
    is_active: bool
    effective_date: date | None
    expiry_date: date | None
    description: str | None
    version: int


class PriceInput(PriceRest, kw_only=True):
    price: Annotated[int, msgspec.Meta(ge=0, le=LARGEST_SUM, examples=[5000])]
    discount_price: Annotated[int, msgspec.Meta(ge=0, le=LARGEST_SUM)] | None = None


class PriceForm(PriceRest, kw_only=True):
    price: str
    discount_price: str | None = None

    def entry(self) -> PriceInput:
        """With the amounts in minor units; BadAmount names the field that is none."""
        typed = {name: value for name, value in msgspec.structs.asdict(self).items() if "price" not in name}
        price = minor(self.price, "price")
        return PriceInput(price=price or 0, discount_price=minor(self.discount_price, "discount_price"), **typed)
