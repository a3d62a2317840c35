"""Wallets, their lines, top-ups."""

from datetime import datetime, timedelta
from typing import Annotated

import msgspec

from suwen.core import money
from suwen.core.schemas import Input, View
from suwen.payments import rules
from suwen.payments.rules import LARGEST_TOP_UP

ENTRY_KINDS = ("income", "expense", "freeze", "unfreeze")


class WalletView(View):
    """Amounts in minor units of `currency`."""

    balance: int
    frozen_balance: int
    total_income: int
    total_expense: int
    currency: str


class EntryView(View):
    """A line of the wallet's statement."""

    id: str
    created_at: datetime
    transaction_type: str
    amount: int
    balance_before: int
    balance_after: int
    currency: str
    related_type: str | None
    related_id: str | None
    description: str


class EntryFilters(msgspec.Struct, kw_only=True, frozen=True):
    """Lines of the statement in [since, until), of one kind."""

    kind: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    @classmethod
    def of_month(cls, month: str | None, zone: str, kind: str | None = None) -> "EntryFilters":
        """`month` is "2030-01", a month in `zone`; what is none filters nothing."""
        kind = kind if kind in ENTRY_KINDS else None
        first = rules.day_of(f"{month}-01") if month else None
        if first is None:
            return cls(kind=kind)
        following = (first.replace(day=28) + timedelta(days=4)).replace(day=1)
        return cls(kind=kind, since=rules.start_of(first, zone), until=rules.start_of(following, zone))


class Receipt(View):
    """Cash that was taken at the desk into a wallet."""

    id: str
    created_at: datetime
    user_id: str
    name: str
    account: str
    amount: int
    balance_after: int
    currency: str
    cashier: str | None


class TopUpInput(Input):
    user_id: str
    amount: Annotated[int, msgspec.Meta(ge=1, le=LARGEST_TOP_UP, examples=[5000])]


class OnlineTopUp(Input):
    """How much is to be put into one's own wallet through a gateway."""

    amount: Annotated[int, msgspec.Meta(ge=rules.SMALLEST_ONLINE, le=rules.LARGEST_ONLINE, examples=[10000])]


class OnlineTopUpForm(Input):
    """One of the sums that are offered, or one of the payer's own; the own one counts where both are there."""

    preset: str | None = None
    amount: str | None = None

    def minor(self) -> int:
        return money.parse(self.amount or self.preset or "")


class TopUpForm(Input):
    amount: str

    def minor(self) -> int:
        return money.parse(self.amount)
