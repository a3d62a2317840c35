"""suwen: serve, worker, migrate, demo, paysim, payments, check, key, rotate-keys, keys, audit, ledger, documents,
reference, admin"""

import argparse
import getpass
import os
import signal
import sys
import threading
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from suwen.settings import Settings, new_field_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from suwen.core.db import Database
    from suwen.core.ports.documents import Collection, Documents


def main(arguments: list[str] | None = None) -> None:
    given = _parser().parse_args(arguments)
    COMMANDS[given.command](given)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="suwen", description="素问 Suwen, a telemedicine platform")
    commands = parser.add_subparsers(dest="command", required=True)
    serving = commands.add_parser("serve", help="run the server")
    serving.add_argument("--host", default="127.0.0.1")
    serving.add_argument("--port", type=int, default=8000)
    serving.add_argument("--workers", type=int, default=1)
    commands.add_parser("worker", help="deliver events and do timed work, for servers that run with SUWEN_WORKER=0")
    migrating = commands.add_parser("migrate", help="bring the database to the newest schema; safe to repeat")
    migrating.add_argument("--check", action="store_true", help="only say where the database differs from the models")
    showing = commands.add_parser("demo", help="fill an empty database with a believable clinic day")
    showing.add_argument("--again", action="store_true", help="also when the database is not empty: empties it first")
    paying = commands.add_parser("paysim", help="simulate WeChat Pay, Alipay and a card gateway, with a page to pay on")
    paying.add_argument("--folder", type=Path, default=Path("var/paysim"), help="its keys, its memory, its paysim.env")
    paying.add_argument("--host", default="127.0.0.1")
    paying.add_argument("--port", type=int, default=8900, help="and the next one, as a backup host")
    paying.add_argument("--public", default="", help="the address people's browsers reach it at, if it is another")
    paying.add_argument(
        "--card-events", default="", help="where Suwen hears of card payments: a card gateway is told once"
    )
    paying.add_argument("--tied", action="store_true", help="end when the standard input is closed")
    gatewaying = commands.add_parser("payments", help="payment gateways that were set up on /admin/payments")
    gatewaying.add_argument("action", choices=["forget"])
    gatewaying.add_argument("gateway", choices=["wechat", "alipay", "card"])
    commands.add_parser("check", help="say what of the environment is usable, and how to mend the rest")
    commands.add_parser("key", help="print a new key for SUWEN_FIELD_KEYS")
    command = commands.add_parser(
        "rotate-keys", help="write encrypted columns anew with the newest of SUWEN_FIELD_KEYS"
    )
    command.add_argument("--anyway", action="store_true", help="although the key of the look-ups is lost for good")
    keying = commands.add_parser("keys", help="keys that prescriptions are signed with")
    keying.add_argument("action", choices=["retire"])
    keying.add_argument("user", help="account whose key is not used any more; its signatures still verify")
    auditing = commands.add_parser("audit", help="prove that the audit trail was not changed")
    auditing.add_argument("action", choices=["verify"])
    booking = commands.add_parser(
        "ledger", help="prove that the money adds up, and that what was booked has not changed"
    )
    booking.add_argument("action", choices=["check", "verify"])
    keeping = commands.add_parser("documents", help="make the document store's projections anew, or compare them")
    keeping.add_argument("action", choices=["rebuild", "verify"])
    keeping.add_argument("--collection", help="only this one (prescriptions, feedback)")
    administrators = commands.add_parser("admin", help="make the first administrator's account")
    administrators.add_argument("action", choices=["create"])
    administrators.add_argument("--account", required=True)
    administrators.add_argument("--name", required=True)
    _reference_parser(commands.add_parser("reference", help="look at herbs and medicines, review them, take in a list"))
    return parser


def _reference_parser(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True)
    checking = actions.add_parser("check", help="prove the data, together with a folder of your own")
    checking.add_argument("folder", nargs="?", type=Path, help="default: the folder of this installation")
    listing = actions.add_parser("list", help="every row that a pharmacist must confirm")
    listing.add_argument("--unreviewed", action="store_true", help="only those that nobody has confirmed")
    listing.add_argument("--sheet", type=Path, help="write them to a CSV file with a column to fill in")
    reviewing = actions.add_parser("review", help="confirm the rows of a sheet that say yes in column ok")
    reviewing.add_argument("sheet", type=Path)
    reviewing.add_argument("--by", required=True, help="name of the pharmacist")
    importing = actions.add_parser("import", help="aliases and codes from a hospital's own CSV list of pieces")
    importing.add_argument("file", type=Path)
    importing.add_argument(
        "--map", action="append", default=[], metavar="WHAT=COLUMN", help="code, name, aliases or piece = a column"
    )
    importing.add_argument("--by", default="", help="name of the pharmacist who confirms them")


def serve(given: argparse.Namespace) -> None:
    settings = Settings.from_environment()
    if given.workers > 1 and not settings.redis_url:
        raise SystemExit("--workers above 1 needs SUWEN_REDIS_URL: without it, rooms and live pages would be split.")
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    print(f"素问 Suwen on http://{given.host}:{given.port}", flush=True)
    with _cashier(settings, given.host, given.port):
        Granian(
            "suwen.serving:app",
            factory=True,
            interface=Interfaces.ASGI,
            address=given.host,
            port=given.port,
            workers=given.workers,
            websockets=True,
            respawn_failed_workers=True,
            log_level=LogLevels.warning,
        ).serve()


def _gateways_configured() -> bool:
    return any(name.startswith(("SUWEN_WECHAT_", "SUWEN_ALIPAY_", "SUWEN_CARD_")) for name in os.environ)


@contextmanager
def _cashier(settings: Settings, host: str, port: int) -> "Iterator[None]":
    """Beside a demonstration: the simulator of gateways, so that a newcomer pays by WeChat on the first day.

    Not in production, and not where somebody has configured a gateway: then that one is meant.
    """
    if settings.production or _gateways_configured():
        yield
        return
    from suwen.paysim.beside import beside, practising

    folder = practising(settings.data_dir)
    if folder is None:
        yield
        return
    here = f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{port}"  # noqa: S104  where browsers find it
    base_url = os.environ.setdefault("SUWEN_BASE_URL", here)  # reports of payments come to this very port
    with beside(folder, base_url) as running:
        os.environ.update(running.told)  # the processes that serve inherit it
        why = " (the usual port was taken)" if running.moved else ""
        print(f"Practice cashier on {running.url}{why}: no real money moves.", flush=True)
        yield


def worker(_given: argparse.Namespace) -> None:
    from suwen.app import build_house, refuse_lost_keys
    from suwen.core import outbox

    house, stop = build_house(Settings.from_environment()), threading.Event()
    refuse_lost_keys(house)
    signal.signal(signal.SIGTERM, lambda *_: stop.set())  # what is in hand is ended: a mail cut off is not sent again
    with suppress(KeyboardInterrupt):
        outbox.work_until(stop, house.db, house.clock)


def migrate(given: argparse.Namespace) -> None:
    from suwen.core import migrate as migrations
    from suwen.tables import metadata

    url = Settings.from_environment().database_url
    if given.check:
        if differences := migrations.check(url, metadata()):
            raise SystemExit("The database differs from the models:\n  " + "\n  ".join(differences))
        print("The database has what the models say.")
        return
    migrations.upgrade(url)
    print("The database has the newest schema.")


def check(_given: argparse.Namespace) -> None:
    from suwen.accounts.checkup import lookups
    from suwen.core.checkup import findings
    from suwen.payments.checkup import findings as of_payments
    from suwen.prescribing.reference.commands import state

    marks = {"ok": "ok  ", "note": "note", "bad": "BAD "}
    bad = False
    settings = Settings.from_environment()
    for finding in (*findings(settings), lookups(settings), state(settings), *of_payments(settings)):
        bad = bad or finding.state == "bad"
        print(f"{marks[finding.state]}  {finding.name}: {finding.words}")
        if finding.fix and finding.state != "ok":
            print(f"      -> {finding.fix}")
    if bad:
        raise SystemExit(1)


def key(_given: argparse.Namespace) -> None:
    print(new_field_key())


def rotate_keys(given: argparse.Namespace) -> None:
    from suwen.accounts.checkup import FIX, LOST, people_are_found
    from suwen.app import SEALED, build_house
    from suwen.core import sealed

    house = build_house(Settings.from_environment())
    if not given.anyway and not house.db.read(people_are_found):
        raise SystemExit(f"{LOST}\n  {FIX}")
    for model, column in SEALED:
        total = 0
        while done := house.db.write(partial(sealed.rotate, model=model, column=column)):
            total += done
        print(f"{model.__tablename__}.{column}: {total} written anew")


def keys(given: argparse.Namespace) -> None:
    from suwen.app import build_house
    from suwen.core.errors import DomainError
    from suwen.prescribing import service

    house = build_house(Settings.from_environment())
    try:
        retired = house.db.write(lambda tx: service.retire(tx, given.user, house.clock()))
    except DomainError as error:
        raise SystemExit(f"{given.user}: {error.title}") from None
    finally:
        house.db.close()
    print(f"{given.user}: {'retired; the next signature makes a new key' if retired else 'had no key in use'}.")


def audit(_given: argparse.Namespace) -> None:
    from suwen.app import build_house
    from suwen.core.audit import verify

    broken = build_house(Settings.from_environment()).db.read(verify)
    if broken:
        raise SystemExit(f"The audit trail does not fit: {broken}.")
    print("The audit trail is unbroken.")


def payments(given: argparse.Namespace) -> None:
    """Without the house: it may be what was saved that keeps the house from opening."""
    from suwen.core.crypto import FieldKeys
    from suwen.core.db import Database
    from suwen.payments.service.configs import forget
    from suwen.tables import metadata

    settings = Settings.from_environment()
    metadata()
    db = Database(settings.database_url, connections=2, keys=FieldKeys(settings.field_keys), settings=settings)
    try:
        gone = db.write(lambda tx: forget(tx, given.gateway, datetime.now(UTC)))
    finally:
        db.close()
    print(f"{given.gateway}: {gone} saved settings are removed. What the environment sets is still there.")


def ledger(given: argparse.Namespace) -> None:
    """Exit status 1 where something does not hold."""
    from suwen.app import build_house
    from suwen.payments import service

    db = build_house(Settings.from_environment()).db
    try:
        if given.action == "verify":
            if faults := db.read(service.broken_seals):
                raise SystemExit(f"The seals of the ledger do not fit: {faults[0]}.")
            print("Every sealed day is as it was sealed.")
            return
        examined = db.read(service.examine)
    finally:
        db.close()
    looked = f"{examined.journals} journals, {examined.postings} postings in {examined.took_ms / 1000:.1f} s"
    if examined.faults:
        raise SystemExit(f"The money does not add up ({looked}):\n  " + "\n  ".join(map(str, examined.faults)))
    print(f"The money adds up: {looked}.")


def documents(given: argparse.Namespace) -> None:
    """Exit status 1: documents differ; 2: the store, or a collection of this name, is not there."""
    from suwen.app import DOCUMENTS, build_house
    from suwen.core.ports import documents as store

    wanted = [one for one in DOCUMENTS if given.collection in (None, one.name)]
    if not wanted:
        print(f"There is no collection {given.collection!r}; there are: {', '.join(one.name for one in DOCUMENTS)}.")
        raise SystemExit(2)
    db = build_house(Settings.from_environment()).db
    try:
        work = _rebuild if given.action == "rebuild" else _verify
        faults = sum(work(db, store.store_of(db), one) for one in wanted)
    except store.StoreUnavailable as error:
        print(f"The document store cannot be reached: {error.detail}")
        raise SystemExit(2) from None
    finally:
        db.close()
    if faults:
        raise SystemExit("Some documents are not as the records say. `suwen documents rebuild` makes them anew.")


def _rebuild(db: "Database", store: "Documents", collection: "Collection") -> int:
    from suwen.core.ports import documents

    seen = 0
    for seen in documents.rebuild(db, store, collection):
        print(f"{collection.name}: {seen}", flush=True)
    print(f"{collection.name}: {seen} made anew in {store.about()}.")
    return 0


def _verify(db: "Database", store: "Documents", collection: "Collection") -> int:
    from suwen.core.ports import documents

    number = 0
    for difference in documents.verify(db, store, collection):
        number += 1
        print(f"{collection.name}: {difference.id} is {difference.what}", flush=True)
    waiting = documents.on_their_way(db, collection)
    more = f"; {waiting} on their way" if waiting else ""
    print(f"{collection.name}: {number or 'no'} difference{'' if number == 1 else 's'} in {store.about()}{more}.")
    return number


def admin(given: argparse.Namespace) -> None:
    from suwen.accounts import service
    from suwen.app import build_house

    password = getpass.getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    house = build_house(Settings.from_environment())
    service.create_admin(house, given.account, given.name, password)
    print(f"{given.account} can sign in as administrator.")


def reference(given: argparse.Namespace) -> None:
    from suwen.prescribing.reference import BadReference
    from suwen.prescribing.reference.commands import answer

    try:
        for line in answer(given, Settings.from_environment(), datetime.now(UTC).date()):
            print(line)
    except BadReference as error:
        raise SystemExit(str(error)) from None


def demo(given: argparse.Namespace) -> None:
    import gc

    from suwen.app import build_house
    from suwen.demo import day

    gc.disable()  # it runs for seconds and ends: collecting what is in the way costs more than the memory
    house = build_house(Settings.from_environment())
    if house.production:
        raise SystemExit(day.NOT_FOR_PRODUCTION)
    from suwen.paysim import beside

    # Another processor makes the keys meanwhile: the interpreter is not held while primes are looked for.
    folder = house.settings.data_dir / beside.FOLDER
    making = threading.Thread(target=beside.keys, args=(folder,))
    making.start()

    def ready() -> None:
        making.join()
        if not _gateways_configured():
            os.environ.update(beside.keys(folder).environment("http://127.0.0.1:9"))  # nobody is asked while it fills

    if day.fill(house, again=given.again, ready=ready):
        from suwen.demo import back, bills, till

        read = house.db.read
        refunds, told = read(back.refunds_at_gateways), read(bills.differences)
        beside.remember(folder, read(till.paid_at_gateways), refunds, told)
    making.join()


def paysim(given: argparse.Namespace) -> None:
    try:
        from suwen.paysim.running import run
    except ImportError as error:
        raise SystemExit(str(error)) from None
    run(given.folder, given.host, given.port, public=given.public, card_events=given.card_events, tied=given.tied)


COMMANDS = {
    "serve": serve,
    "worker": worker,
    "migrate": migrate,
    "check": check,
    "payments": payments,
    "key": key,
    "rotate-keys": rotate_keys,
    "keys": keys,
    "audit": audit,
    "ledger": ledger,
    "documents": documents,
    "admin": admin,
    "reference": reference,
    "demo": demo,
    "paysim": paysim,
}


if __name__ == "__main__":
    main(sys.argv[1:])
