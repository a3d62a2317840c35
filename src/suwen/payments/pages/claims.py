"""Asking insurers, at the desk."""

from datetime import datetime
from functools import partial

from sqlalchemy.orm import Session

from suwen.core.actor import Actor
from suwen.core.i18n import N_
from suwen.core.web.answers import Download, Page, See
from suwen.core.web.routes import form, page, routes_of
from suwen.payments import service
from suwen.payments.schemas.claims import ClaimFilters, ClaimGranted, ClaimInput, ClaimNote, ClaimRefused
from suwen.payments.service import claims

DESK = ("admin",)


@page("/admin/orders/{id:str}/claim", who=DESK)
def claim_page(tx: Session, me: Actor, id: str) -> Page:
    return Page("payments/claim_new.html", {"order": service.order(tx, me, id)})


@form("/admin/orders/{id:str}/claim", again=claim_page, who=DESK)
def submit(tx: Session, me: Actor, now: datetime, id: str, data: ClaimInput) -> See:
    return See(f"/admin/claims/{claims.submit(tx, me, id, data, now)}", toast=N_("The claim is noted."))


@page("/admin/claims", who=DESK)
def claim_list(
    tx: Session, me: Actor, status: str | None = None, q: str | None = None, after: str | None = None
) -> Page:
    asked = {name: value for name, value in (("status", status), ("q", q)) if value}
    part = claims.claim_list(tx, me, ClaimFilters(**asked), after=after)
    shown = {"part": part, "asked": asked, "after": after, "waiting": claims.waiting(tx, me)}
    return Page("payments/claims.html", shown)


@page("/admin/claims.csv", who=DESK)
def claims_csv(me: Actor, status: str | None = None, q: str | None = None) -> Download:
    filters = ClaimFilters(status=status or None, q=q or None)
    return Download(partial(claims.claims_csv, actor=me, filters=filters), "text/csv", "claims.csv")


@page("/admin/claims/{id:str}", who=DESK, audited=claims.KIND)
def one_claim(tx: Session, me: Actor, now: datetime, id: str) -> Page:
    return Page("payments/claim.html", {"claim": claims.one(tx, me, id, now)})


@form("/admin/claims/{id:str}/approve", again=one_claim, who=DESK)
def approve(tx: Session, me: Actor, now: datetime, id: str, data: ClaimGranted) -> See:
    claims.approve(tx, me, id, data.insurer_reference, now)
    return See(f"/admin/claims/{id}", toast=N_("The order is paid; the insurer owes it."))


@form("/admin/claims/{id:str}/reject", again=one_claim, who=DESK)
def reject(tx: Session, me: Actor, now: datetime, id: str, data: ClaimRefused) -> See:
    claims.reject(tx, me, id, data.note, now)
    return See(f"/admin/claims/{id}", toast=N_("The order can be paid another way."))


@form("/admin/claims/{id:str}/withdraw", again=one_claim, who=DESK)
def withdraw(tx: Session, me: Actor, now: datetime, id: str, data: ClaimNote) -> See:
    claims.withdraw(tx, me, id, data.note, now)
    return See(f"/admin/claims/{id}", toast=N_("The order can be paid another way."))


@form("/admin/claims/{id:str}/settle", again=one_claim, who=DESK)
def settle(tx: Session, me: Actor, now: datetime, id: str) -> See:
    claims.settle(tx, me, id, now)
    return See(f"/admin/claims/{id}", toast=N_("The insurer has paid."))


ROUTES = routes_of(claim_page, submit, claim_list, claims_csv, one_claim, approve, reject, withdraw, settle)
