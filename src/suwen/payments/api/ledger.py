"""The ledger and deposits, as JSON."""

from datetime import datetime

from sqlalchemy.orm import Session

from suwen.core.actor import Actor
from suwen.core.house import House
from suwen.core.schemas import Slice
from suwen.core.web.routes import get, post, routes_of
from suwen.payments import service
from suwen.payments.schemas import OrderDetail
from suwen.payments.schemas.ledger import (
    AccountView,
    CaptureInput,
    CheckView,
    HoldInput,
    HoldView,
    JournalDetail,
    JournalView,
)
from suwen.payments.service import books

TAGS = ["Payments"]
DESK = ("admin",)


@get("/api/v1/ledger/accounts", who=DESK, tags=TAGS)
def accounts(tx: Session, me: Actor) -> list[AccountView]:
    """Balances of the house's accounts, and of all wallets together."""
    return books.accounts(tx, me)


@get("/api/v1/ledger/journals", who=DESK, tags=TAGS)
def journals(
    tx: Session, me: Actor, kind: str | None = None, account: str | None = None, ref: str | None = None,
    after: str | None = None, limit: int | None = None,
) -> Slice[JournalView]:  # fmt: skip
    """Newest first; `account` is a code, `ref` the id of what a journal belongs to, say an order."""
    return books.journals(tx, me, kind=kind, account=account, ref=ref, after=after, limit=limit)


@get("/api/v1/ledger/journals/{id:str}", who=DESK, tags=TAGS)
def journal(tx: Session, me: Actor, id: str) -> JournalDetail:
    return books.journal(tx, me, id)


@get("/api/v1/ledger/checks", who=DESK, tags=TAGS)
def checks(tx: Session, me: Actor) -> list[CheckView]:
    """The last looks at the ledger; no faults: the money adds up."""
    return books.checks(tx, me)


def _examined(house: House) -> service.Examined:
    return house.db.read(service.examine)


@post("/api/v1/ledger/checks", who=DESK, tags=TAGS, before=_examined)
def check(tx: Session, me: Actor, now: datetime, prepared: service.Examined) -> CheckView:
    """Look at the ledger now."""
    service.run_check(tx, me, now, prepared)
    return books.checks(tx, me)[0]


@get("/api/v1/wallet/holds", who=("patient",), tags=TAGS)
def own_holds(tx: Session, me: Actor, after: str | None = None, limit: int | None = None) -> Slice[HoldView]:
    """What is held of the reader's own balance, and what became of it."""
    return books.holds(tx, me, after=after, limit=limit)


@get("/api/v1/wallets/{user_id:str}/holds", who=DESK, tags=TAGS)
def holds(tx: Session, me: Actor, user_id: str, after: str | None = None, limit: int | None = None) -> Slice[HoldView]:
    return books.holds(tx, me, user_id, after=after, limit=limit)


@post("/api/v1/wallets/{user_id:str}/holds", who=DESK, tags=TAGS)
def hold(tx: Session, me: Actor, house: House, now: datetime, user_id: str, data: HoldInput) -> HoldView:
    """Set an amount of somebody's balance aside as a deposit."""
    service.hold(tx, me, user_id, data.amount, data.reason, now, currency=house.settings.currency)
    return books.holds(tx, me, user_id, limit=1).items[0]


@post("/api/v1/holds/{id:str}/release", who=DESK, tags=TAGS)
def release(tx: Session, me: Actor, now: datetime, id: str) -> Slice[HoldView]:
    """All of a deposit comes back; answered with the person's deposits."""
    return books.holds(tx, me, service.release(tx, me, id, now))


@post("/api/v1/holds/{id:str}/capture", who=DESK, tags=TAGS)
def capture(tx: Session, me: Actor, now: datetime, id: str, data: CaptureInput) -> OrderDetail:
    """Spend a deposit, or a part of it, on an order that this opens; the rest comes back."""
    return service.order(tx, me, service.capture(tx, me, id, data.amount, data.reason, now))


ROUTES = routes_of(accounts, journals, journal, checks, check, own_holds, holds, hold, release, capture)
