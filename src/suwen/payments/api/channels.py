"""Gateways for administrators: their settings without a value, the talk with them, and what did not fit."""

from datetime import datetime

from sqlalchemy.orm import Session

from suwen.accounts.service import Witness
from suwen.core.actor import Actor
from suwen.core.house import House
from suwen.core.schemas import Slice
from suwen.core.web.routes import get, post, put, routes_of
from suwen.payments.schemas.channels import (
    AnomalyFilters,
    AnomalyRow,
    AnomalyView,
    ChannelView,
    ConfigInput,
    ConnectionView,
    ExchangeRow,
    ExchangeView,
    GatewayName,
    OffersInput,
    ReportRow,
    ReportView,
    ResolutionInput,
    TalkFilters,
)
from suwen.payments.service import configs, resolving, talk
from suwen.payments.service.connection import try_connection
from suwen.payments.service.second import second_admin

TAGS, DESK = ["Payment gateways"], ("admin",)


@get("/api/v1/payment-gateways", who=DESK, tags=TAGS, slow=True)
def gateways(tx: Session) -> list[ChannelView]:
    """What is set of each gateway, and from where. No value is ever shown again: four characters at most."""
    return configs.channels(tx)


@put("/api/v1/payment-gateways/{gateway:str}/settings", who=DESK, tags=TAGS)
def save(tx: Session, me: Actor, now: datetime, gateway: str, data: ConfigInput) -> ChannelView:
    """Write settings of a gateway; each is sealed. A binding act: see `/me/confirmation`. What the environment sets
    wins over what is saved here."""
    configs.save(tx, me, gateway, data, now)
    return configs.channel(tx, gateway)


@put("/api/v1/payment-gateways/{gateway:str}/offers", who=DESK, tags=TAGS)
def offer(tx: Session, me: Actor, now: datetime, gateway: str, data: OffersInput) -> ChannelView:
    """Switch a gateway on or off for new payments, and choose what is offered (see `/me/confirmation`)."""
    configs.offer(tx, me, gateway, data, now)
    return configs.channel(tx, gateway)


@post("/api/v1/payment-gateways/{gateway:str}/tests", who=DESK, tags=TAGS, own=True)
def test(house: House, me: Actor, gateway: str) -> ConnectionView:
    """Ask the gateway about a payment that does not exist: that it says so proves the connection."""
    house.limiter.hit(f"gateway test of {me.id}", 20, 300)
    return try_connection(house.db, gateway)


@get("/api/v1/payment-exchanges", who=DESK, tags=TAGS)
def exchanges(
    tx: Session, number: str | None = None, gateway: GatewayName | None = None, failed: bool = False,
    after: str | None = None, limit: int | None = None,
) -> Slice[ExchangeRow]:  # fmt: skip
    """What was asked of gateways, newest first. `number` is that of an attempt or a refund."""
    return talk.exchanges(tx, TalkFilters(number=number, gateway=gateway, failed=failed), after=after, limit=limit)


@get("/api/v1/payment-exchanges/{id:str}", who=DESK, tags=TAGS)
def exchange(tx: Session, id: str) -> ExchangeView:
    """With what was sent and answered: people are hashes in it, keys are gone."""
    return talk.exchange(tx, id)


@get("/api/v1/payment-reports", who=DESK, tags=TAGS)
def reports(
    tx: Session, number: str | None = None, gateway: GatewayName | None = None, outcome: str | None = None,
    after: str | None = None, limit: int | None = None,
) -> Slice[ReportRow]:  # fmt: skip
    """What gateways reported, each event once however often it was delivered."""
    return talk.reports(tx, TalkFilters(number=number, gateway=gateway, outcome=outcome), after=after, limit=limit)


@get("/api/v1/payment-reports/{id:str}", who=DESK, tags=TAGS)
def report(tx: Session, id: str) -> ReportView:
    return talk.report(tx, id)


@get("/api/v1/payment-anomalies", who=DESK, tags=TAGS)
def anomalies(
    tx: Session, status: str | None = None, kind: str | None = None, gateway: GatewayName | None = None,
    after: str | None = None, limit: int | None = None,
) -> Slice[AnomalyRow]:  # fmt: skip
    """What did not fit. `status` is open or resolved."""
    return resolving.anomalies(tx, AnomalyFilters(status=status, kind=kind, gateway=gateway), after=after, limit=limit)


@get("/api/v1/payment-anomalies/{id:str}", who=DESK, tags=TAGS)
def anomaly(tx: Session, id: str) -> AnomalyView:
    return resolving.anomaly(tx, id)


def second(house: House, me: Actor, now: datetime, data: ResolutionInput) -> Witness | None:
    return second_admin(house, me, data, now)


@post("/api/v1/payment-anomalies/{id:str}/resolution", who=DESK, tags=TAGS, before=second)
def resolve(
    tx: Session, me: Actor, now: datetime, id: str, data: ResolutionInput, prepared: Witness | None
) -> AnomalyView:
    """Settle it, once; a large sum that stands in no book with another admin who confirms."""
    return resolving.resolve(tx, me, id, data, now, prepared)


ROUTES = routes_of(gateways, save, offer, test, exchanges, exchange, reports, report, anomalies, anomaly, resolve)
