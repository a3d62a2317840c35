"""Paying back at the desk."""

from datetime import datetime

from sqlalchemy.orm import Session

from suwen.core.actor import Actor
from suwen.core.i18n import N_
from suwen.core.web.answers import Page, See
from suwen.core.web.routes import form, page, routes_of
from suwen.payments import service
from suwen.payments.pages.desk import admin_order
from suwen.payments.schemas import RefundForm

DESK = ("admin",)


@page("/admin/orders/{id:str}/refund", who=DESK)
def refund_page(tx: Session, me: Actor, id: str) -> Page:
    return Page("payments/admin_refund.html", {"order": service.order(tx, me, id)})


@form("/admin/orders/{id:str}/refund", again=refund_page, who=DESK)
def refund(tx: Session, me: Actor, now: datetime, id: str, data: RefundForm) -> See:
    service.refund_at_desk(tx, me, id, data.minor(), data.reason, now)
    return See(f"/admin/orders/{id}", toast=N_("Paid back."))


@form("/admin/orders/{id:str}/hand-out/{refund_id:str}", again=admin_order, who=DESK)
def hand_out(tx: Session, me: Actor, now: datetime, id: str, refund_id: str) -> See:
    service.hand_out(tx, me, refund_id, now)
    return See(f"/admin/orders/{id}", toast=N_("Handed out."))


ROUTES = routes_of(refund_page, refund, hand_out)
