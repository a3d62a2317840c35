"""Wallets, their lines, top-ups."""

from datetime import datetime
from typing import Annotated

import msgspec

from suwen.core import money
from suwen.core.schemas import Input, View
from suwen.payments.rules import LARGEST_TOP_UP


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


class TopUpForm(Input):
    amount: str

    def minor(self) -> int:
        return money.parse(self.amount)
