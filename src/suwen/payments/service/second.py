"""A second administrator, for money that no gateway watches: paid out by hand, or given up.

Above the same sum from which a refund needs a second person one of two is not enough. The second one proves to be there
with a password or code of their own, at the first one's session, and stands in the trail beside the first.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from suwen.accounts.models import User
from suwen.accounts.service import Witness, witness
from suwen.core import audit
from suwen.core.actor import Actor
from suwen.core.house import House
from suwen.payments.errors import SecondAdminNeeded
from suwen.payments.schemas import Seconded

REVIEW_ABOVE = 20_000


def second_admin(house: House, me: Actor, data: Seconded, now: datetime) -> Witness | None:
    """Who confirms beside `me`; outside any transaction, as every password is. None where nobody was named.

    Refused: whoever is no other administrator, wrong passwords.
    """
    if not data.confirmed_by:
        return None
    found = witness(house, me, data.confirmed_by, "admin", data.password, data.code, now)
    if found is None:
        raise _needed()
    return found


def colleagues(tx: Session, me: Actor) -> Sequence[tuple[str, str]]:
    """(id, name) of whoever could."""
    able = select(User.id, User.name).where(
        User.role == "admin", User.status == "active", User.is_deleted.is_(False), User.id != me.id
    )
    return [(row.id, row.name) for row in tx.execute(able.order_by(User.name))]


def limit(tx: Session) -> int:
    """Up to this sum one is enough, in minor units."""
    return int(getattr(tx.info.get("settings"), "refund_review_above", REVIEW_ABOVE))


def is_needed(tx: Session, amount: int) -> bool:
    return abs(amount) > limit(tx)


def refuse_alone(tx: Session, me: Actor, amount: int, second: Witness | None) -> None:
    """SecondAdminNeeded for a sum that is too large for one."""
    if is_needed(tx, amount) and (second is None or second.id == me.id):
        raise _needed()


def signed(tx: Session, me: Actor, second: Witness | None, kind: str, object_id: str, now: datetime) -> None:
    """The second one stands in the trail, too."""
    if second is not None:
        other = replace(me, id=second.id, name=second.name, session_id="")
        audit.seen(tx, other, "sign", kind, object_id, purpose=f"confirmed ({second.how})", now=now)


def _needed() -> SecondAdminNeeded:
    return SecondAdminNeeded(fields={"confirmed_by": SecondAdminNeeded.title})
