"""Register, sign in, sign out, set a new password: pages."""

from datetime import datetime
from typing import Any
from urllib.parse import quote

from litestar import Request
from sqlalchemy.orm import Session

from suwen.accounts import service
from suwen.accounts.pages import cookies
from suwen.accounts.schemas import CodeForm, Registration, Reset, ResetRequest, SignInForm
from suwen.accounts.service import codes
from suwen.accounts.service.entry import Entered, Halfway
from suwen.core.actor import Actor
from suwen.core.house import House
from suwen.core.i18n import N_
from suwen.core.web.answers import Page, See
from suwen.core.web.reader import reader_of
from suwen.core.web.routes import ANYONE, form, page, routes_of
from suwen.core.web.system import inside

Asked = Request[Any, Any, Any]
HALFWAY, TICKET = "second-step", "reset-ticket"
HOME = {"admin": "/admin", "doctor": "/doctor/today", "pharmacist": "/pharmacy"}


@page("/sign-in", who=ANYONE)
def sign_in_page(next: str = "/") -> Page:
    return Page("accounts/sign_in.html", {"next": inside(next)})


@form("/sign-in", again=sign_in_page, who=ANYONE, own=True)
def sign_in(house: House, me: Actor, now: datetime, data: SignInForm) -> See:
    outcome = service.sign_in_page(house, me, data.login, data.password, now)
    if isinstance(outcome, Halfway):
        ticket = cookies.private(house, HALFWAY, outcome.ticket, path="/sign-in", max_age=300)
        return See(f"/sign-in/code?next={quote(inside(data.next))}", cookies=[ticket])
    return _enter(house, outcome, data.next)


@page("/sign-in/code", who=ANYONE)
def code_page(next: str = "/") -> Page:
    return Page("accounts/sign_in_code.html", {"next": inside(next)})


@form("/sign-in/code", again=code_page, who=ANYONE, own=True)
def give_code(house: House, request: Asked, me: Actor, now: datetime, data: CodeForm) -> See:
    ticket = request.cookies.get(HALFWAY, "")
    return _enter(house, service.second_step(house, me, ticket, data.code, now), data.next)


@page("/register", who=ANYONE)
def register_page(next: str = "/") -> Page:
    return Page("accounts/register.html", {"next": inside(next)})


def hash_new_password(house: House, me: Actor, data: Registration) -> str:
    house.limiter.hit(f"register from {me.ip}", 20, 3600)
    return service.password_for(data)


@form("/register", again=register_page, who=ANYONE, before=hash_new_password)
def register(
    tx: Session, house: House, request: Asked, me: Actor, now: datetime, data: Registration, prepared: str,
    next: str = "/",
) -> See:  # fmt: skip
    reader = reader_of(request.scope, me, house.settings.zone)
    user = service.register(tx, data, prepared, now, reader.locale, reader.zone.key)
    return _enter(house, service.enter_new(house, tx, me, user, now), next, N_("Welcome. Your account is ready."))


@form("/sign-out", again=sign_in_page, who=ANYONE)
def sign_out(tx: Session, house: House, me: Actor, now: datetime) -> See:
    service.sign_out(tx, me, now)
    return See("/", toast=N_("You are signed out."), cookies=[cookies.no_session(house)])


@page("/reset", who=ANYONE)
def reset_page() -> Page:
    return Page("accounts/reset.html", {})


@form("/reset", again=reset_page, who=ANYONE, own=True)
def ask_for_code(house: House, request: Asked, me: Actor, now: datetime, data: ResetRequest) -> Page:
    """The next page comes as the answer: an address with somebody's phone number in it would stay in logs."""
    locale = reader_of(request.scope, me, house.settings.zone).locale
    ticket = codes.ask(house, me, data.login, locale, now)
    bound = cookies.private(house, TICKET, ticket, path="/reset", max_age=codes.MINUTES * 60)
    return Page("accounts/reset_code.html", {"login": data.login, "asked": True}, cookies=[bound])


@page("/reset/code", who=ANYONE)
def reset_code_page() -> Page:
    return Page("accounts/reset_code.html", {"login": "", "asked": False})


@form("/reset/code", again=reset_code_page, who=ANYONE, own=True)
def reset_password(house: House, request: Asked, me: Actor, now: datetime, data: Reset) -> See:
    ticket = request.cookies.get(TICKET, "")
    codes.reset_password(house, me, data.login, data.code, ticket, data.password, now)
    used = cookies.private(house, TICKET, "", path="/reset", max_age=0)
    return See("/sign-in", toast=N_("The new password is set. Please sign in with it."), cookies=[used])


def _enter(house: House, entered: Entered, target: str, toast: str | None = None) -> See:
    done = cookies.private(house, HALFWAY, "", path="/sign-in", max_age=0)
    target = inside(target)
    if entered.second_factor_needed:
        target = "/account/second-factor"
    elif target == "/":
        target = HOME.get(entered.actor.role, "/")
    return See(target, toast, [cookies.session(house, entered.token), done])


ROUTES = routes_of(
    sign_in_page, sign_in, code_page, give_code, register_page, register, sign_out, reset_page, ask_for_code,
    reset_code_page, reset_password,
)  # fmt: skip
