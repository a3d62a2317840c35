"""Sign in, register, sign out: pages."""

from datetime import datetime
from typing import Any

from litestar import Request
from litestar.datastructures import Cookie
from sqlalchemy.orm import Session

from suwen.accounts import service
from suwen.accounts.schemas import CodeForm, Registration, SignInForm
from suwen.accounts.service.entry import Entered, Halfway
from suwen.core.actor import Actor
from suwen.core.house import House
from suwen.core.i18n import N_
from suwen.core.web.answers import Page, See
from suwen.core.web.identity import cookie_name
from suwen.core.web.reader import reader_of
from suwen.core.web.routes import ANYONE, form, page, routes_of
from suwen.core.web.system import inside

HALFWAY = "second-step"


@page("/sign-in", who=ANYONE)
def sign_in_page(next: str = "/") -> Page:
    return Page("accounts/sign_in.html", {"next": inside(next)})


@form("/sign-in", again=sign_in_page, who=ANYONE, own=True)
def sign_in(house: House, me: Actor, now: datetime, data: SignInForm) -> See:
    outcome = service.sign_in_page(house, me, data.login, data.password, now)
    if isinstance(outcome, Halfway):
        return See(f"/sign-in/code?next={inside(data.next)}", cookies=[_halfway(house, outcome.ticket)])
    return _enter(house, outcome, inside(data.next))


@page("/sign-in/code", who=ANYONE)
def code_page(next: str = "/") -> Page:
    return Page("accounts/sign_in_code.html", {"next": inside(next)})


@form("/sign-in/code", again=code_page, who=ANYONE, own=True)
def give_code(house: House, request: Request[Any, Any, Any], me: Actor, now: datetime, data: CodeForm) -> See:
    ticket = request.cookies.get(HALFWAY, "")
    return _enter(house, service.second_step(house, me, ticket, data.code, now), inside(data.next))


@page("/register", who=ANYONE)
def register_page(next: str = "/") -> Page:
    return Page("accounts/register.html", {"next": inside(next)})


def hash_new_password(house: House, me: Actor, data: Registration) -> str:
    house.limiter.hit(f"register from {me.ip}", 20, 3600)
    return service.password_for(data)


@form("/register", again=register_page, who=ANYONE, before=hash_new_password)
def register(
    tx: Session, house: House, request: Request[Any, Any, Any], me: Actor, now: datetime, data: Registration,
    prepared: str,
) -> See:  # fmt: skip
    reader = reader_of(request.scope, me, house.settings.zone)
    user = service.register(tx, data, prepared, now, reader.locale, reader.zone.key)
    return _enter(house, service.enter_new(house, tx, me, user, now), "/", N_("Welcome. Your account is ready."))


@form("/sign-out", again=sign_in_page, who=ANYONE)
def sign_out(tx: Session, house: House, me: Actor, now: datetime) -> See:
    service.sign_out(tx, me, now)
    gone = _cookie(house, cookie_name(house.production), "", max_age=0)
    return See("/", toast=N_("You are signed out."), cookies=[gone])


def _enter(house: House, entered: Entered, target: str, toast: str | None = None) -> See:
    session = _cookie(house, cookie_name(house.production), entered.token)
    done = _cookie(house, HALFWAY, "", path="/sign-in", max_age=0)
    return See("/account/second-factor" if entered.second_factor_needed else target, toast, [session, done])


def _halfway(house: House, ticket: str) -> Cookie:
    return _cookie(house, HALFWAY, ticket, path="/sign-in", max_age=300)


def _cookie(house: House, name: str, value: str, path: str = "/", max_age: int | None = None) -> Cookie:
    return Cookie(
        name, value=value, path=path, httponly=True, secure=house.production, samesite="lax", max_age=max_age
    )  # fmt: skip


ROUTES = routes_of(sign_in_page, sign_in, code_page, give_code, register_page, register, sign_out)
