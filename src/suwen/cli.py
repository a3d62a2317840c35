"""suwen: serve | worker | migrate | demo | check | key | rotate-keys | audit verify | admin"""

import argparse
import sys
import threading

from suwen.settings import Settings, new_field_key


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="suwen", description="素问 Suwen, a telemedicine platform")
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="run the server")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=8000)
    serve.add_argument("--workers", type=int, default=1)
    commands.add_parser("worker", help="deliver events and do timed work, for servers that run with SUWEN_WORKER=0")
    migrating = commands.add_parser("migrate", help="bring the database to the newest schema; safe to repeat")
    migrating.add_argument("--check", action="store_true", help="change nothing; say where database and models differ")
    commands.add_parser("key", help="print a new key for SUWEN_FIELD_KEYS")
    given = parser.parse_args(arguments)
    COMMANDS[given.command](given)


def serve(given: argparse.Namespace) -> None:
    settings = Settings.from_environment()
    if given.workers > 1 and not settings.redis_url:
        raise SystemExit("--workers above 1 needs SUWEN_REDIS_URL: without it, rooms and live pages would be split.")
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    Granian(
        "suwen.app:create_app",
        factory=True,
        interface=Interfaces.ASGI,
        address=given.host,
        port=given.port,
        workers=given.workers,
        websockets=True,
        respawn_failed_workers=True,
        log_level=LogLevels.warning,
    ).serve()


def worker(_given: argparse.Namespace) -> None:
    from suwen.app import build_house
    from suwen.core import outbox

    house, stop = build_house(Settings.from_environment()), threading.Event()
    try:
        outbox.work_until(stop, house.db, house.clock)
    except KeyboardInterrupt:
        stop.set()


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


def key(_given: argparse.Namespace) -> None:
    print(new_field_key())


COMMANDS = {"serve": serve, "worker": worker, "migrate": migrate, "key": key}


if __name__ == "__main__":
    main(sys.argv[1:])
