"""Gateways for administrators: settings, the talk with them, reports, and what did not fit."""

from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from suwen.accounts.service import Witness, confirmed_until, reauthenticate
from suwen.core.actor import Actor
from suwen.core.house import House
from suwen.core.i18n import N_
from suwen.core.web.answers import Download, Page, See
from suwen.core.web.routes import form, page, routes_of
from suwen.payments.anomaly_kinds import MEANINGS, RESOLUTIONS, meaning
from suwen.payments.config_fields import GATEWAYS, LABELS, reason
from suwen.payments.schemas.channels import (
    AnomalyFilters,
    ConfigForm,
    ConnectionView,
    OffersForm,
    Proof,
    ResolutionInput,
    TalkFilters,
)
from suwen.payments.service import configs, resolving, second, talk
from suwen.payments.service.connection import try_connection

DESK = ("admin",)
HOME = "/admin/payments"
OUTCOMES = ("stored", "applied", "repeated", "ignored", "anomaly", "waiting")


@page(HOME, who=DESK, slow=True)
def overview(tx: Session) -> Page:
    shown = {"channels": configs.channels(tx), "open": resolving.open_anomalies(tx), "reason": reason}
    return Page("payments/channels.html", shown)


@page("/admin/payments/gateways/{gateway:str}", who=DESK, slow=True)
def channel(tx: Session, me: Actor, now: datetime, gateway: str) -> Page:
    return _channel(tx, me, now, gateway)


def _channel(
    tx: Session, me: Actor, now: datetime, gateway: str, tested: ConnectionView | None = None
) -> Page:  # fmt: skip
    shown: dict[str, Any] = {
        "one": configs.channel(tx, gateway), "labels": LABELS, "reason": reason, "tested": tested,
        "confirmed": confirmed_until(tx, me, now),
    }  # fmt: skip
    return Page("payments/channel.html", shown)


def prove(house: House, me: Actor, now: datetime, data: Proof) -> None:
    """Passwords are hashed before the transaction. Who has proved it lately need not do it again."""
    if data.password or data.code:
        reauthenticate(house, me, data.password, data.code, now)


def prove_for_settings(house: House, me: Actor, now: datetime, data: ConfigForm) -> None:
    prove(house, me, now, data)


def prove_for_offers(house: House, me: Actor, now: datetime, data: OffersForm) -> None:
    prove(house, me, now, data)


@form(
    "/admin/payments/gateways/{gateway:str}", again=channel, who=DESK, before=prove_for_settings, once=False
)  # fmt: skip
def save(tx: Session, me: Actor, now: datetime, gateway: str, data: ConfigForm) -> See:
    configs.save(tx, me, gateway, data.entry(), now)
    return See(f"{HOME}/gateways/{gateway}", toast=N_("Saved. Test the connection now."))


@form(
    "/admin/payments/gateways/{gateway:str}/offers", again=channel, who=DESK, before=prove_for_offers, once=False
)  # fmt: skip
def offer(tx: Session, me: Actor, now: datetime, gateway: str, data: OffersForm) -> See:
    configs.offer(tx, me, gateway, data.entry(), now)
    return See(f"{HOME}/gateways/{gateway}", toast=N_("Saved."))


@form("/admin/payments/gateways/{gateway:str}/test", again=channel, who=DESK, own=True)
def test(house: House, me: Actor, now: datetime, gateway: str) -> Page:
    house.limiter.hit(f"gateway test of {me.id}", 20, 300)
    tested = try_connection(house.db, gateway)
    found: Page = house.db.read(lambda tx: _channel(tx, me, now, gateway, tested))
    return found


@page("/admin/payments/exchanges", who=DESK)
def exchanges(
    tx: Session, number: str | None = None, gateway: str | None = None, failed: str | None = None,
    after: str | None = None,
) -> Page:  # fmt: skip
    filters = TalkFilters(number=number or None, gateway=gateway or None, failed=bool(failed))
    asked = {name: value for name, value in (("number", number), ("gateway", gateway), ("failed", failed)) if value}
    shown = {"part": talk.exchanges(tx, filters, after=after), "asked": asked, "after": after, "names": list(GATEWAYS)}
    return Page("payments/exchanges.html", shown)


@page("/admin/payments/exchanges/{id:str}", who=DESK)
def exchange(tx: Session, id: str) -> Page:
    return Page("payments/exchange.html", {"one": talk.exchange(tx, id)})


@page("/admin/payments/reports", who=DESK)
def reports(
    tx: Session, number: str | None = None, gateway: str | None = None, outcome: str | None = None,
    after: str | None = None,
) -> Page:  # fmt: skip
    filters = TalkFilters(number=number or None, gateway=gateway or None, outcome=outcome or None)
    asked = {name: value for name, value in (("number", number), ("gateway", gateway), ("outcome", outcome)) if value}
    shown = {
        "part": talk.reports(tx, filters, after=after), "asked": asked, "after": after, "names": list(GATEWAYS),
        "outcomes": OUTCOMES,
    }  # fmt: skip
    return Page("payments/reports.html", shown)


@page("/admin/payments/reports/{id:str}", who=DESK)
def report(tx: Session, id: str) -> Page:
    return Page("payments/report.html", {"one": talk.report(tx, id)})


@page("/admin/payments/anomalies", who=DESK)
def anomalies(
    tx: Session, status: str | None = None, kind: str | None = None, gateway: str | None = None,
    after: str | None = None,
) -> Page:  # fmt: skip
    filters, asked = _filters(status, kind, gateway)
    kinds = sorted({*MEANINGS, *resolving.kinds(tx)})
    shown = {
        "part": resolving.anomalies(tx, filters, after=after), "asked": asked, "after": after, "meaning": meaning,
        "kinds": kinds, "names": list(GATEWAYS),
    }  # fmt: skip
    return Page("payments/anomalies.html", shown)


@page("/admin/payments/anomalies.csv", who=DESK)
def anomalies_csv(
    me: Actor, status: str | None = None, kind: str | None = None, gateway: str | None = None
) -> Download:  # fmt: skip
    filters, _ = _filters(status, kind, gateway)
    return Download(partial(resolving.anomalies_csv, actor=me, filters=filters), "text/csv", "anomalies.csv")


@page("/admin/payments/anomalies/{id:str}", who=DESK)
def anomaly(tx: Session, me: Actor, id: str) -> Page:
    one = resolving.anomaly(tx, id)
    shown = {
        "one": one, "meaning": meaning(one.kind), "resolutions": RESOLUTIONS,
        "second": second.is_needed(tx, resolving.unbooked(one)), "colleagues": second.colleagues(tx, me),
    }  # fmt: skip
    return Page("payments/anomaly.html", shown)


def prove_second(house: House, me: Actor, now: datetime, data: ResolutionInput) -> Witness | None:
    return second.second_admin(house, me, data, now)


@form("/admin/payments/anomalies/{id:str}", again=anomaly, who=DESK, before=prove_second)
def resolve(tx: Session, me: Actor, now: datetime, id: str, data: ResolutionInput, prepared: Witness | None) -> See:
    resolving.resolve(tx, me, id, data, now, prepared)
    return See(f"{HOME}/anomalies", toast=N_("Resolved."))


def _filters(status: str | None, kind: str | None, gateway: str | None) -> tuple[AnomalyFilters, dict[str, str]]:
    typed = {"status": status, "kind": kind, "gateway": gateway}
    asked = {name: value for name, value in typed.items() if value}
    return AnomalyFilters(**asked), asked


ROUTES = routes_of(
    overview, channel, save, offer, test, exchanges, exchange, reports, report, anomalies, anomalies_csv, anomaly,
    resolve,
)  # fmt: skip
