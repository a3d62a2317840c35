"""`suwen demo`: a believable clinic day, made through the services like any other day."""

import random
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import func, inspect, select
from sqlalchemy.orm import Session

from suwen.accounts.models import User
from suwen.core import migrate, revision
from suwen.core.house import House
from suwen.core.outbox import drain
from suwen.demo import back, bills, books, cast, clinic, money, pharmacy, shelf, till, today, visits
from suwen.prescribing import service as prescribing
from suwen.scheduling.service import horizon

BACK = timedelta(days=21)
NOT_FOR_PRODUCTION = "The demonstration has known passwords: it is not for production."


def fill(house: House, again: bool = False, ready: Callable[[], None] = lambda: None) -> bool:
    """Fill an empty database, or one that may be emptied (`again`); print who can sign in.

    `ready` is called before the first payment. False where the database was left as it is.
    """
    began, now = time.monotonic(), house.clock()
    if house.production:
        raise SystemExit(NOT_FOR_PRODUCTION)
    bring_up(house)
    if house.db.read(lambda tx: tx.scalar(select(func.count()).select_from(User))):
        if not again:
            say("The clinic is already there. (`suwen demo --again` empties it and begins anew.)")
            show_logins(house)
            return False
        _empty(house)
    made, held = house.db.write(lambda tx: _play(house, tx, now, random.Random(18), ready))  # noqa: S311  always the same
    bills.play(house.db, made.admin, made.patients, now, random.Random(19))  # noqa: S311
    drain(house.db, house.clock())
    house.db.write(lambda tx: back.begun(tx, made, held, now))
    house.db.write(lambda tx: books.look(tx, made, now))
    say(f"A clinic was made in {time.monotonic() - began:.1f} s.")
    show_logins(house)
    return True


def bring_up(house: House) -> None:
    """To the newest schema: whoever wants to see a clinic has not read about `suwen migrate`."""
    if not house.db.read(revision.is_current):
        migrate.upgrade(house.settings.database_url)


def _play(
    house: House, tx: Session, now: datetime, dice: random.Random, ready: Callable[[], None]
) -> tuple[clinic.Clinic, list[visits.Visit]]:  # fmt: skip
    """The clinic, and the visits that took place."""
    opened = (now - BACK).replace(minute=0, second=0, microsecond=0)
    made = clinic.build(house, tx, opened, dice)
    shelf.keep(tx, made, opened)
    ready()
    held = visits.past(tx, made, opened + timedelta(hours=6), now, dice)
    till.wallets(tx, made, now, dice)  # before what is booked today: each balance follows from the one below it
    horizon.keep(tx, now, doctors=100)
    today.play(tx, made, now, dice)
    visits.coming(tx, made, now, dice)
    told = {visit.id for visit in pharmacy.play(tx, made, held, now)}
    _after(tx, made, [visit for visit in held if visit.id not in told], now, dice)
    money.play(tx, made, held, now, dice)
    back.paid_back(tx, made, held, now)
    books.play(tx, made, now)
    prescribing.expire(tx, now)
    return made, held


def _after(tx: Session, made: clinic.Clinic, held: list[visits.Visit], now: datetime, dice: random.Random) -> None:
    """Every third visit ends with a prescription, many are reviewed, some reviews are answered."""
    for visit in held:
        if dice.random() < 0.35:
            pharmacy.prescribe(tx, made, visit, now)
        if dice.random() < 0.45:
            visits.praise(tx, visit, now, dice)


def _empty(house: House) -> None:
    """Drop everything and begin with the newest schema: the ledger's rows cannot be deleted one by one."""
    engine = house.db.engine
    mysql = engine.dialect.name != "sqlite"
    with engine.begin() as connection:
        connection.exec_driver_sql("SET FOREIGN_KEY_CHECKS=0" if mysql else "PRAGMA defer_foreign_keys=ON")
        found = inspect(connection)
        for view in found.get_view_names():
            connection.exec_driver_sql(f"DROP VIEW {view}")
        for table in found.get_table_names():
            connection.exec_driver_sql(f"DROP TABLE {table}")
        if mysql:
            connection.exec_driver_sql("SET FOREIGN_KEY_CHECKS=1")
    house.db.close()
    migrate.upgrade(house.settings.database_url)


def show_logins(house: House) -> None:
    logins = [("patient", "patient (苏晓梅)"), ("doctor", f"{cast.DOCTORS[0].account} ({cast.DOCTORS[0].name})"),
              ("pharmacist", cast.PHARMACIST[0]), ("administrator", cast.ADMIN[0])]  # fmt: skip
    say(f"\nOpen {house.settings.base_url} and sign in; the password is {cast.PASSWORD} for all:")
    for role, login in logins:
        say(f"  {role:14} {login}")
    others = ", ".join(one.account for one in cast.DOCTORS[1:])
    say(f"  other doctors  {others}")
    say("\nPay by WeChat, Alipay or card: the server has a practice cashier beside it, and no real money moves.")
    say("  the code       stands with a link to the page that a phone would open")
    say("  cards          4242 4242 4242 4242 pays, 4000 0000 0000 0002 is refused, 4000 0025 0000 3155 asks back")


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
