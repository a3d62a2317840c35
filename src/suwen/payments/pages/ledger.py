"""The ledger, for admins: balances, looks at it, journals."""

from datetime import datetime
from functools import partial

from sqlalchemy.orm import Session

from suwen.core.actor import Actor
from suwen.core.house import House
from suwen.core.i18n import N_
from suwen.core.web.answers import Download, Page, See
from suwen.core.web.routes import form, page, routes_of
from suwen.payments import service
from suwen.payments.service import books

DESK = ("admin",)


@page("/admin/ledger", who=DESK)
def ledger(tx: Session, me: Actor) -> Page:
    shown = {
        "accounts": books.accounts(tx, me), "checks": books.checks(tx, me), "invariants": service.INVARIANTS,
        "newest": books.journals(tx, me, limit=8).items,
    }  # fmt: skip
    return Page("payments/ledger.html", shown)


def _examined(house: House) -> service.Examined:
    return house.db.read(service.examine)


@form("/admin/ledger/check", again=ledger, who=DESK, before=_examined)
def check_now(tx: Session, me: Actor, now: datetime, prepared: service.Examined) -> See:
    service.run_check(tx, me, now, prepared)
    return See("/admin/ledger", toast=N_("Looked at. The result is below."))


@page("/admin/ledger/journals", who=DESK)
def journals(
    tx: Session, me: Actor, kind: str | None = None, account: str | None = None, ref: str | None = None,
    after: str | None = None,
) -> Page:  # fmt: skip
    typed = {"kind": kind, "account": account, "ref": ref}
    shown = {
        "part": books.journals(tx, me, kind=kind or None, account=account or None, ref=ref or None, after=after),
        "kinds": books.kinds(tx), "accounts": books.accounts(tx, me), "after": after,
        "asked": {name: value for name, value in typed.items() if value},
    }  # fmt: skip
    return Page("payments/journals.html", shown)


@page("/admin/ledger/journals.csv", who=DESK, slow=True)
def journals_csv(me: Actor, kind: str | None = None, account: str | None = None, ref: str | None = None) -> Download:
    lines = partial(books.journals_csv, actor=me, kind=kind or None, account=account or None, ref=ref or None)
    return Download(lines, "text/csv", "journals.csv")


@page("/admin/ledger/journals/{id:str}", who=DESK)
def journal(tx: Session, me: Actor, id: str) -> Page:
    return Page("payments/journal.html", {"journal": books.journal(tx, me, id)})


ROUTES = routes_of(ledger, check_now, journals, journals_csv, journal)
