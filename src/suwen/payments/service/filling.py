"""A payer fills the own wallet through a gateway, and reads its whole statement."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from suwen.accounts.models import User
from suwen.core.actor import Actor
from suwen.payments import rules
from suwen.payments.errors import BadSum, GatewayNotOffered
from suwen.payments.schemas import EntryFilters, EntryView
from suwen.payments.service.attempts import ways
from suwen.payments.service.lists import entries
from suwen.payments.service.orders import Opened
from suwen.payments.service.orders import open_top_up as open_order_for_wallet

LONGEST_STATEMENT = 2000


def possible(tx: Session, actor: Actor, currency: str) -> bool:
    """Whether any gateway takes this currency; otherwise wallets are filled at the desk."""
    return bool(ways(tx, currency, phone=False) or ways(tx, currency, phone=True))


def open_top_up(tx: Session, actor: Actor, amount: int, now: datetime, *, currency: str) -> Opened:
    """An order for one's own wallet, to be paid through a gateway. Refused: odd sums, and where none is there."""
    if not rules.SMALLEST_ONLINE <= amount <= rules.LARGEST_ONLINE:
        raise BadSum(fields={"amount": BadSum.title})
    if not possible(tx, actor, currency):
        raise GatewayNotOffered(offered={})
    return open_order_for_wallet(tx, actor, amount, now, currency=currency)


def whole_statement(tx: Session, actor: Actor, filters: EntryFilters) -> list[EntryView]:
    """Oldest first, as on paper; the newest of them where there are too many for one."""
    found: list[EntryView] = []
    after: str | None = None
    while len(found) < LONGEST_STATEMENT:
        part = entries(tx, actor, filters, after=after, limit=100)
        found += part.items
        after = part.next
        if after is None:
            break
    return found[::-1]


def owner(tx: Session, actor: Actor) -> str:
    return str(tx.scalar(select(User.name).where(User.id == actor.id)) or actor.name)
