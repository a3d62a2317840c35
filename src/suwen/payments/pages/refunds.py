"""Asking money back, looking at requests, paying back at the desk."""

from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from suwen.accounts.service import Witness
from suwen.core.actor import Actor
from suwen.core.house import House
from suwen.core.i18n import N_
from suwen.core.web.answers import Download, Page, See
from suwen.core.web.routes import form, page, routes_of
from suwen.payments import service
from suwen.payments.pages.desk import admin_order
from suwen.payments.rules import day_of
from suwen.payments.schemas import Approval, ByHand, RefundFilters, RefundForm, Rejection
from suwen.payments.service import handing, refund_answers, refund_lists, refunds, second

PAYER, DESK = ("patient",), ("admin",)


@page("/orders/{id:str}/refund-request", who=PAYER)
def ask_back_page(tx: Session, me: Actor, id: str) -> Page:
    return Page("payments/refund_request.html", {"order": service.order(tx, me, id)})


@form("/orders/{id:str}/refund-request", again=ask_back_page, who=PAYER)
def ask_back(tx: Session, me: Actor, now: datetime, id: str, data: RefundForm) -> See:
    service.ask_back(tx, me, id, data.minor(), data.reason, now, reason_code=data.reason_code)
    return See(f"/orders/{id}", toast=N_("We have your request and will look at it."))


@page("/admin/orders/{id:str}/refund", who=DESK)
def refund_page(tx: Session, me: Actor, house: House, id: str) -> Page:
    shown = {"order": service.order(tx, me, id), "alone_up_to": house.settings.refund_review_above}
    return Page("payments/admin_refund.html", shown)


@form("/admin/orders/{id:str}/refund", again=refund_page, who=DESK)
def refund(tx: Session, me: Actor, now: datetime, id: str, data: RefundForm) -> See:
    service.refund_at_desk(tx, me, id, data.minor(), data.reason, now, reason_code=data.reason_code)
    return See(f"/admin/orders/{id}", toast=N_("Noted. Below you see where the money is."))


@form("/admin/orders/{id:str}/hand-out/{refund_id:str}", again=admin_order, who=DESK)
def hand_out(tx: Session, me: Actor, now: datetime, id: str, refund_id: str) -> See:
    refunds.hand_out(tx, me, refund_id, now)
    return See(f"/admin/orders/{id}", toast=N_("Handed out."))


@page("/admin/refunds", who=DESK)
def refund_list(
    tx: Session, me: Actor, house: House, place: str | None = None, method: str | None = None, q: str | None = None,
    since: str | None = None, until: str | None = None, after: str | None = None,
) -> Page:  # fmt: skip
    asked, filters = _asked(house, place, method, q, since, until)
    shown: dict[str, Any] = {
        "part": refund_lists.refund_list(tx, me, filters, after=after), "asked": asked, "after": after,
        "waiting": refund_lists.waiting(tx, me),
    }  # fmt: skip
    return Page("payments/admin_refunds.html", shown)


@page("/admin/refunds.csv", who=DESK)
def refunds_csv(
    me: Actor, house: House, place: str | None = None, method: str | None = None, q: str | None = None,
    since: str | None = None, until: str | None = None,
) -> Download:  # fmt: skip
    _, filters = _asked(house, place, method, q, since, until)
    return Download(partial(refund_lists.refunds_csv, actor=me, filters=filters), "text/csv", "refunds.csv")


@page("/admin/refunds/{id:str}", who=DESK)
def one_refund(tx: Session, me: Actor, id: str) -> Page:
    found = refund_lists.one(tx, me, id)
    shown = {
        "refund": found, "ways": refund_lists.ways(tx, me, found), "order": service.order(tx, me, found.order_id),
        "second": handing.is_large(tx, found.order_id, found.refund_amount), "colleagues": second.colleagues(tx, me),
    }  # fmt: skip
    return Page("payments/admin_refund_one.html", shown)


@form("/admin/refunds/{id:str}/approve", again=one_refund, who=DESK)
def approve(tx: Session, me: Actor, now: datetime, id: str, data: Approval) -> See:
    refunds.approve(tx, me, id, now, note=data.note)
    return See(f"/admin/refunds/{id}", toast=N_("Approved."))


@form("/admin/refunds/{id:str}/reject", again=one_refund, who=DESK)
def reject(tx: Session, me: Actor, now: datetime, id: str, data: Rejection) -> See:
    refunds.reject(tx, me, id, data.note, now)
    return See(f"/admin/refunds/{id}", toast=N_("Rejected."))


@form("/admin/refunds/{id:str}/hand-out", again=one_refund, who=DESK)
def give_cash(tx: Session, me: Actor, now: datetime, id: str) -> See:
    refunds.hand_out(tx, me, id, now)
    return See(f"/admin/refunds/{id}", toast=N_("Handed out."))


@form("/admin/refunds/{id:str}/retry", again=one_refund, who=DESK)
def retry(tx: Session, me: Actor, now: datetime, id: str) -> See:
    refund_answers.retry(tx, me, id, now)
    return See(f"/admin/refunds/{id}", toast=N_("The gateway is being asked."))


def prove_second(house: House, me: Actor, now: datetime, data: ByHand) -> Witness | None:
    return second.second_admin(house, me, data, now)


@form("/admin/refunds/{id:str}/by-hand", again=one_refund, who=DESK, before=prove_second)
def by_hand(tx: Session, me: Actor, now: datetime, id: str, data: ByHand, prepared: Witness | None) -> See:
    handing.by_hand(tx, me, id, data.how, data.note, now, prepared)
    return See(f"/admin/refunds/{id}", toast=N_("Noted."))


def _asked(house: House, *typed: str | None) -> tuple[dict[str, str], RefundFilters]:
    """What is asked for, as it stands in the address, and as a filter."""
    named = zip(("place", "method", "q", "since", "until"), typed, strict=True)
    asked = {name: value for name, value in named if value}
    words = {name: asked.get(name) for name in ("place", "method", "q")}
    first, last = day_of(asked.get("since")), day_of(asked.get("until"))
    return asked, RefundFilters.of_days(house.settings.zone, first, last, **words)


ROUTES = routes_of(
    ask_back_page, ask_back, refund_page, refund, hand_out, refund_list, refunds_csv, one_refund, approve, reject,
    give_cash, retry, by_hand,
)  # fmt: skip
