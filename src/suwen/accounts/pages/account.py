"""One's own account: who one is, how one signs in, password, sessions, second step, tokens."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from suwen.accounts import schemas as s
from suwen.accounts.pages import cookies
from suwen.accounts.rules import devices, names
from suwen.accounts.service import account, second_factor, sessions, tokens
from suwen.core.actor import Actor
from suwen.core.house import House
from suwen.core.i18n import N_
from suwen.core.web.answers import Page, See
from suwen.core.web.routes import SIGNED_IN, form, page, routes_of

ZONES = (
    "Asia/Shanghai", "Asia/Hong_Kong", "Asia/Taipei", "Asia/Singapore", "Asia/Tokyo", "Asia/Seoul", "Asia/Bangkok",
    "Asia/Jakarta", "Asia/Kolkata", "Asia/Dubai", "Asia/Urumqi", "Australia/Sydney", "Australia/Perth",
    "Pacific/Auckland", "Europe/London", "Europe/Berlin", "Europe/Paris", "Europe/Madrid", "Europe/Rome",
    "Europe/Moscow", "Africa/Johannesburg", "America/New_York", "America/Chicago", "America/Denver",
    "America/Los_Angeles", "America/Toronto", "America/Vancouver", "America/Sao_Paulo", "UTC",
)  # fmt: skip


@page("/account", who=SIGNED_IN, weak=True)
def overview(tx: Session, house: House, me: Actor, now: datetime) -> Page:
    mine = account.me(tx, me, house.settings.second_factor_required)
    counted = {"sessions": len(sessions.running(tx, me.id, me.role, now)), "tokens": len(tokens.listed(tx, me, now))}
    shown = {"mine": mine, "phone": names.show_phone(mine.phone), **counted}
    return Page("accounts/account.html", shown)


@page("/account/about", who=SIGNED_IN)
def about_page(tx: Session, house: House, me: Actor) -> Page:
    mine = account.me(tx, me, house.settings.second_factor_required)
    return Page(
        "accounts/account_about.html",
        {"mine": mine, "zones": list(dict.fromkeys((mine.zone, *ZONES)))},
    )


@form("/account/about", again=about_page, who=SIGNED_IN)
def change_about(tx: Session, house: House, me: Actor, now: datetime, data: s.AboutMe) -> See:
    user = account.change_about(tx, me, data, now)
    spoken = cookies.private(house, "lang", user.locale, max_age=365 * 24 * 3600)
    zone = cookies.private(house, "zone", user.zone)  # until the browser is closed, chosen goes before seen
    renewed = cookies.session(house, account.renewed(house, tx, me))
    return See("/account", toast=N_("Saved."), cookies=[renewed, spoken, zone])


@page("/account/ways-in", who=SIGNED_IN)
def ways_in_page(tx: Session, house: House, me: Actor) -> Page:
    mine = account.me(tx, me, house.settings.second_factor_required)
    return Page("accounts/account_ways_in.html", {"mine": mine, "phone": names.show_phone(mine.phone)})


@form("/account/ways-in", again=ways_in_page, who=SIGNED_IN, own=True)
def change_ways_in(house: House, me: Actor, now: datetime, data: s.WaysIn) -> See:
    account.change_ways_in(house, me, data, now)
    return See("/account", toast=N_("Saved."))


@page("/account/password", who=SIGNED_IN, weak=True)
def password_page() -> Page:
    return Page("accounts/account_password.html", {})


@form("/account/password", again=password_page, who=SIGNED_IN, own=True, weak=True)
def change_password(house: House, me: Actor, now: datetime, data: s.PasswordChange) -> See:
    account.change_password(house, me, data.password, data.new_password, now)
    return See("/account", toast=N_("Your password is changed. Everywhere else you are signed out."))


@page("/account/sessions", who=SIGNED_IN)
def sessions_page(tx: Session, me: Actor, now: datetime) -> Page:
    running = sessions.running(tx, me.id, me.role, now)
    shown = [{"row": one, "device": devices.named(one.user_agent), "mine": one.id == me.session_id} for one in running]
    return Page("accounts/account_sessions.html", {"sessions": shown})


@form("/account/sessions/end-others", again=sessions_page, who=SIGNED_IN)
def end_others(tx: Session, me: Actor, now: datetime) -> See:
    sessions.end_others(tx, me, now)
    return See("/account/sessions", toast=N_("Everywhere else you are signed out."))


@form("/account/sessions/{id:str}/end", again=sessions_page, who=SIGNED_IN)
def end_session(tx: Session, me: Actor, now: datetime, id: str) -> See:
    sessions.end_own(tx, me, id, now)
    return See("/account/sessions", toast=N_("That device is signed out."))


@page("/account/second-factor", who=SIGNED_IN, weak=True)
def second_factor_page(tx: Session, house: House, me: Actor, now: datetime) -> Page:
    mine = account.me(tx, me, house.settings.second_factor_required)
    pending = second_factor.pending(tx, me, now)
    shown = {
        "mine": mine, "pending": pending, "qr": qr(pending.uri) if pending else "",
        "left": second_factor.recovery_codes_left(tx, me.id), "fresh": sessions.is_fresh(tx, me, now),
    }  # fmt: skip
    return Page("accounts/account_second_factor.html", shown)


@form("/account/second-factor/begin", again=second_factor_page, who=SIGNED_IN, own=True, weak=True)
def begin_second_factor(house: House, me: Actor, now: datetime, data: s.PasswordProof) -> See:
    account.begin_second_factor(house, me, data.password, now)
    return See("/account/second-factor")


@form("/account/second-factor", again=second_factor_page, who=SIGNED_IN, weak=True, once=False)
def confirm_second_factor(tx: Session, house: House, me: Actor, now: datetime, data: s.CodeInput) -> Page:
    """The recovery codes are the answer itself: they are shown once and stand in no address and no row."""
    shown, entered = account.confirm_second_factor(house, tx, me, data.code, now, "web")
    return Page("accounts/recovery_codes.html", {"codes": shown}, cookies=[cookies.session(house, entered.token)])


@form("/account/recovery-codes", again=second_factor_page, who=SIGNED_IN, own=True)
def new_recovery_codes(house: House, me: Actor, now: datetime, data: s.PasswordProof) -> Page:
    shown = account.new_recovery_codes(house, me, data.password, now)
    return Page("accounts/recovery_codes.html", {"codes": shown})


@form("/account/second-factor/off", again=second_factor_page, who=SIGNED_IN, own=True)
def switch_off(house: House, me: Actor, now: datetime, data: s.SwitchOff) -> See:
    account.switch_off_second_factor(house, me, data.password, data.code, now)
    return See("/account", toast=N_("The second sign-in step is switched off."))


@page("/account/tokens", who=SIGNED_IN)
def tokens_page(tx: Session, me: Actor, now: datetime) -> Page:
    return Page("accounts/account_tokens.html", {"tokens": tokens.listed(tx, me, now), "made": None})


@form("/account/tokens", again=tokens_page, who=SIGNED_IN, own=True)
def make_token(house: House, me: Actor, now: datetime, data: s.TokenInput) -> Page:
    made = tokens.make(house, me, data.name, data.days, data.password, now)
    listed = house.db.read(lambda tx: tokens.listed(tx, me, now))
    return Page("accounts/account_tokens.html", {"tokens": listed, "made": made})


@form("/account/tokens/{id:str}/revoke", again=tokens_page, who=SIGNED_IN)
def revoke_token(tx: Session, me: Actor, now: datetime, id: str) -> See:
    tokens.revoke(tx, me, id, now)
    return See("/account/tokens", toast=N_("The token is revoked."))


def qr(text: str) -> Any:
    """An inline SVG without styles: the content policy allows none."""
    import segno

    return segno.make(text, error="m", micro=False).svg_inline(scale=5, border=3, light="#fff", dark="#000")


ROUTES = routes_of(
    overview, about_page, change_about, ways_in_page, change_ways_in, password_page, change_password, sessions_page,
    end_others, end_session, second_factor_page, begin_second_factor, confirm_second_factor, new_recovery_codes,
    switch_off, tokens_page, make_token, revoke_token,
)  # fmt: skip
