from datetime import date, datetime

from suwen.core.schemas import View


class AuditRow(View):
    """One look at a record, without its content. `purpose` is in the reader's language, empty where none was noted."""

    id: str
    at: datetime
    actor_id: str
    actor: str
    actor_role: str
    action: str
    kind: str
    object_id: str
    purpose: str
    person: str
    result: str
    sealed: bool
    ip: str


class RevenueSum(View):
    """In minor units: what was taken, what of it was paid back, and the difference, which is income."""

    taken: int
    refunded: int
    net: int


class RevenueDay(RevenueSum):
    day: date


class RevenuePart(RevenueSum):
    """`name` is empty for what belongs to none: a deposit that was used has no doctor."""

    name: str


class RevenueOfCurrency(RevenueSum):
    """Currencies are never added up. What was topped up is no income until it is spent. `insurers_owe` is what insurers
    came to owe, less what went back to patients before they paid; `insurers_paid` is what came from them.
    """

    currency: str
    days: list[RevenueDay]
    departments: list[RevenuePart]
    doctors: list[RevenuePart]
    methods: list[RevenuePart]
    locations: list[RevenuePart]
    insurers_owe: int
    insurers_paid: int
    topped_up: int


class RevenueView(View):
    """Days of the clinic, both included."""

    first: date
    last: date
    currencies: list[RevenueOfCurrency]
