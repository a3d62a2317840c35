"""The desk's view of bills: a calendar of days and channels, a day with its lines, a difference to resolve."""

from datetime import datetime
from functools import partial

from sqlalchemy.orm import Session

from suwen.accounts.service import Witness
from suwen.core.actor import Actor
from suwen.core.house import House
from suwen.core.i18n import N_
from suwen.core.web.answers import Download, Page, See
from suwen.core.web.routes import form, page, routes_of
from suwen.payments import matching
from suwen.payments.models import GATEWAYS
from suwen.payments.rules import day_of
from suwen.payments.schemas.reconciliation import ResolutionInput, RunInput
from suwen.payments.service import reconciling, second

DESK = ("admin",)


@page("/admin/reconciliation", who=DESK)
def days(
    tx: Session, me: Actor, now: datetime, gateway: str | None = None, status: str | None = None,
    since: str | None = None, until: str | None = None, after: str | None = None,
) -> Page:  # fmt: skip
    typed = {"gateway": gateway, "status": status, "since": since, "until": until}
    part = reconciling.reconciliations(
        tx, me, gateway=gateway or None, status=status or None, since=day_of(since), until=day_of(until), after=after
    )
    shown = {
        "days": reconciling.days(part), "next": part.next, "after": after, "gateways": GATEWAYS,
        "asked": {name: value for name, value in typed.items() if value},
        "newest": matching.last_ready("wechat", now),
    }  # fmt: skip
    return Page("payments/reconciliation.html", shown)


@form("/admin/reconciliation/run", again=days, who=DESK)
def run(tx: Session, me: Actor, now: datetime, data: RunInput) -> See:
    id = reconciling.ask(tx, me, data.gateway, data.day, now)
    return See(f"/admin/reconciliation/{id}", toast=N_("The bill is being fetched."))


@page("/admin/reconciliation/{id:str}", who=DESK)
def day(tx: Session, me: Actor, id: str, result: str | None = None, after: str | None = None) -> Page:
    shown = {
        "one": reconciling.reconciliation(tx, me, id), "result": result, "after": after,
        "part": reconciling.lines(tx, me, id, result=result or None, after=after),
    }  # fmt: skip
    return Page("payments/reconciliation_day.html", shown)


@page("/admin/reconciliation/{id:str}/lines.csv", who=DESK)
def lines_csv(tx: Session, me: Actor, id: str, result: str | None = None) -> Download:
    name = f"reconciliation-{reconciling.reconciliation(tx, me, id).day}.csv"
    return Download(partial(reconciling.lines_csv, actor=me, id=id, result=result or None), "text/csv", name)


@form("/admin/reconciliation/{id:str}/run", again=day, who=DESK)
def run_again(tx: Session, me: Actor, now: datetime, id: str) -> See:
    reconciling.ask_again(tx, me, id, now)
    return See(f"/admin/reconciliation/{id}", toast=N_("The bill is being fetched."))


@form("/admin/reconciliation/{id:str}/settle", again=day, who=DESK)
def settle(tx: Session, me: Actor, now: datetime, id: str) -> See:
    reconciling.settle(tx, me, id, now)
    return See(f"/admin/reconciliation/{id}", toast=N_("The day is settled."))


@page("/admin/reconciliation/lines/{id:str}", who=DESK)
def line(tx: Session, me: Actor, id: str) -> Page:
    found = reconciling.line(tx, me, id)
    return Page(
        "payments/reconciliation_line.html",
        {
            "line": found,
            "one": reconciling.reconciliation(tx, me, found.reconciliation_id),
            "second": second.is_needed(tx, found.missing),
            "colleagues": second.colleagues(tx, me),
        },
    )


def prove_second(house: House, me: Actor, now: datetime, data: ResolutionInput) -> Witness | None:
    return second.second_admin(house, me, data, now)


@form("/admin/reconciliation/lines/{id:str}", again=line, who=DESK, before=prove_second)
def resolve(tx: Session, me: Actor, now: datetime, id: str, data: ResolutionInput, prepared: Witness | None) -> See:
    day_id = reconciling.resolve(tx, me, id, data.kind, data.note, now, prepared)
    return See(f"/admin/reconciliation/{day_id}", toast=N_("Noted."))


ROUTES = routes_of(days, run, day, lines_csv, run_again, settle, line, resolve)
