"""Paying an order through a gateway."""

from datetime import datetime

from sqlalchemy.orm import Session

from suwen.core.actor import Actor
from suwen.core.web.routes import get, post, routes_of
from suwen.payments import service
from suwen.payments.schemas import Asked, AttemptView, Choice, Way

TAGS = ["Payments"]
PAYER = ("patient",)


@get("/api/v1/orders/{id:str}/ways", who=PAYER, tags=TAGS)
def ways(tx: Session, me: Actor, id: str, phone: bool = False) -> list[Way]:
    """The gateways through which this order can be paid, with the scene that suits a desktop, or a phone."""
    return service.ways_of(tx, me, id, phone=phone)


@get("/api/v1/orders/{id:str}/attempts", who=PAYER, tags=TAGS)
def attempts(tx: Session, me: Actor, id: str) -> list[AttemptView]:
    """Newest first. Ask again, or listen, until the first one's `phase` is paid."""
    return service.attempts_of(tx, me, id)


@post("/api/v1/orders/{id:str}/attempts", who=PAYER, tags=TAGS)
def begin(tx: Session, me: Actor, now: datetime, id: str, data: Choice) -> AttemptView:
    """Choose a way. The same way again is the same attempt; another one closes it at its gateway first."""
    return service.begin_attempt(
        tx, me, id, data.gateway, data.scene, now, payer_ip=me.ip, payer_ref=data.payer_ref,
        return_url=service.return_url(tx, id),
    )  # fmt: skip


@post("/api/v1/orders/{id:str}/questions", who=PAYER, status=202, tags=TAGS)
def ask(tx: Session, me: Actor, now: datetime, id: str) -> Asked:
    """Have the gateway asked what became of it, say after coming back from its page."""
    return Asked(asking=service.ask_now(tx, me, id, now))


ROUTES = routes_of(ways, attempts, begin, ask)
