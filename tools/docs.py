"""Writes docs/developers/generated/ from the code: `python tools/docs.py --check | --write`."""

import argparse
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields
from importlib import import_module
from pathlib import Path
from typing import Any

from sqlalchemy import CheckConstraint, Column, Enum, Table, UniqueConstraint
from sqlalchemy.dialects.mysql import dialect as mysql

from suwen.app import create_app
from suwen.core import outbox
from suwen.core.db import Base
from suwen.core.errors import catalogue
from suwen.payments.gateways.configuration import MEANINGS
from suwen.prescribing.rules import safety as engine
from suwen.settings import Settings, new_field_key
from suwen.tables import metadata

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs/developers/generated"
NOTE = "<!-- Written by `make docs` from the code. Changes by hand are lost. -->\n"
ROLES = ("guest", "patient", "doctor", "pharmacist", "admin")
KINDS = {"ASGIRouteHandler": "files", "WebsocketRouteHandler": "socket"}
NAMES = {frozenset(ROLES): "anyone", frozenset(ROLES[1:]): "signed in", frozenset(ROLES[2:]): "staff"}


def table(head: Iterable[str], lines: Iterable[Iterable[Any]]) -> str:
    heads = list(head)
    rows = [f"| {' | '.join(_cell(value) for value in line)} |" for line in lines]
    return "\n".join([f"| {' | '.join(heads)} |", "|" + "---|" * len(heads), *rows]) + "\n"


def _cell(value: Any) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ").strip()


def first_sentence(thing: Any) -> str:
    """Of its own docstring; a dataclass makes itself one that says nothing."""
    text = (getattr(thing, "__doc__", None) or "").strip()
    if isinstance(thing, type) and text.startswith(f"{thing.__name__}("):
        return ""
    return " ".join(text.split("\n\n")[0].split())


def package_of(thing: Any) -> str:
    parts = thing.__module__.split(".")
    return parts[1] if parts[0] == "suwen" and len(parts) > 1 else parts[0]


def routes() -> str:
    """By package; what is not JSON says so."""
    found: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    for package, line in sorted(_routes(), key=lambda pair: (pair[1][1], pair[1][0])):
        found[package].append(line)
    text = (
        "# Routes and who may call them\n\nWho may call a route says nothing of what is seen: services decide that.\n"
    )
    head = ("Method", "Path", "Who", "What", "Notes")
    return text + "".join(f"\n## {name}\n\n{table(head, found[name])}" for name in sorted(found))


def _routes() -> Iterator[tuple[str, tuple[str, ...]]]:
    # nothing is opened: a file that is never looked at will do
    settings = Settings(database_url="sqlite:///var/none.db", secret="x" * 40, field_keys=new_field_key())
    for route in create_app(settings).routes:
        handlers = getattr(route, "route_handlers", None) or [route.route_handler]  # type: ignore[attr-defined]
        for handler in handlers:
            plan = handler.opt.get("plan")
            function = plan.function if plan else handler.fn
            methods = sorted(
                set(getattr(handler, "http_methods", [KINDS.get(type(handler).__name__, "socket")]))
                - {"OPTIONS", "HEAD"}
            )
            if package_of(function) == "litestar" or not methods:
                continue
            notes = [word for word in ("audited", "kept", "slow") if plan and getattr(plan, word)]
            notes = [f"audited: {plan.audited}" if note == "audited" else note for note in notes]
            if handler.opt.get("html"):
                notes.insert(0, "page" if methods == ["GET"] else "form")
            who = _who(handler.opt.get("who"))
            yield package_of(function), (
                ", ".join(methods), f"`{route.path}`", who, first_sentence(function), ", ".join(notes)
            )  # fmt: skip


def _who(roles: Any) -> str:
    if roles is None:
        return "as its messages say"
    return NAMES.get(frozenset(roles), ", ".join(role for role in ROLES if role in roles))


def tables() -> str:
    known = metadata()
    classes = {mapper.class_.__tablename__: mapper.class_ for mapper in Base.registry.mappers}
    found: dict[str, list[str]] = defaultdict(list)
    for name in sorted(known.tables):
        found[package_of(classes[name])].append(_table(known.tables[name], first_sentence(classes[name])))
    text = "# Tables\n\nTypes as MariaDB has them; on SQLite enumerations are checked texts and money an integer.\n"
    return text + "".join(f"\n## {name}\n" + "".join(found[name]) for name in sorted(found))


def _table(one: Table, meaning: str) -> str:
    columns = table(("Column", "Type", "Null", "Refers to"), (_column(column) for column in one.columns))
    keys = sorted(f"unique ({', '.join(c.name for c in key.columns)})" for key in one.constraints
                  if isinstance(key, UniqueConstraint))  # fmt: skip
    keys += sorted(f"index ({', '.join(c.name for c in index.columns)})" for index in one.indexes)
    keys += sorted(
        f"check {key.name}" for key in one.constraints if isinstance(key, CheckConstraint) and not _of_enum(key)
    )
    return f"\n### {one.name}\n\n{meaning}\n\n{columns}" + (f"\nKeys: {'; '.join(keys)}\n" if keys else "")


def _of_enum(key: CheckConstraint) -> bool:
    return bool(getattr(key, "_type_bound", False))


def _column(column: Column[Any]) -> tuple[str, ...]:
    kind = f"one of {', '.join(column.type.enums)}" if isinstance(column.type, Enum) else _type(column)
    target = ", ".join(sorted(key.target_fullname for key in column.foreign_keys))
    name = f"**{column.name}**" if column.primary_key else column.name
    return name, kind, "yes" if column.nullable else "", target


def _type(column: Column[Any]) -> str:
    return str(column.type.compile(dialect=mysql())).split(" CHARACTER SET")[0].split(" COLLATE")[0]


def errors() -> str:
    text = "# Errors\n\nProblem details under `/api/` and over sockets; elsewhere a page, or the form again.\n\n"
    lines = [(f"`{kind.code}`", kind.status, kind.title, package_of(kind)) for kind in catalogue()]
    return text + table(("Code", "Status", "Title", "Package"), sorted(set(lines), key=lambda line: (line[3], line[0])))


def events() -> str:
    kinds, waiting = [], [outbox.Event]
    while waiting:
        below = waiting.pop().__subclasses__()
        kinds += below
        waiting += below
    lines = []
    named = [kind for kind in kinds if kind.name and kind.__module__.startswith("suwen.")]  # bases have no name
    for kind in sorted(named, key=lambda kind: kind.name):
        heard = [
            f"`{job.__module__.removeprefix('suwen.')}.{job.__qualname__}`" for job in outbox.JOBS.get(kind.name, ())
        ]
        carries = ", ".join(field.name for field in fields(kind))
        lines.append((f"`{kind.name}`", carries, "<br>".join(heard) or "nobody", first_sentence(kind)))
    timed = [
        (f"`{one.name.removeprefix('suwen.')}`", f"{one.seconds:g} s", first_sentence(one.job)) for one in outbox.TIMED
    ]
    text = "# Events and timed work\n\nEvents are written with the change and delivered after it, at least once.\n\n"
    text += table(("Event", "Carries", "Heard by", "Meaning"), lines)
    return text + "\n## By the clock\n\n" + table(("Job", "Every", "What"), sorted(timed))


def settings() -> str:
    text = "# Settings\n\nEnvironment variables. `suwen check` says which of them are in effect and usable.\n\n"
    lines = [
        (f"`{one.metadata['variable']}`", _default(one.default), one.metadata["meaning"]) for one in fields(Settings)
    ]
    gateways = "\n## Gateways\n\nOr on `/admin/payments`: see docs/operators/payments.md. The environment wins.\n\n"
    found = table(("Variable", "Meaning"), ((f"`{name}`", meaning) for name, meaning in MEANINGS.items()))
    return text + table(("Variable", "Default", "Meaning"), lines) + gateways + found


def _default(value: Any) -> str:
    return {True: "1", False: "0", "": ""}.get(value, f"`{value}`") if isinstance(value, (bool, str)) else f"`{value}`"


def packages() -> str:
    """Lowest last, as in the import contract."""
    lines = []
    for path in sorted((ROOT / "src/suwen").glob("*/__init__.py")):
        name = path.parent.name
        modules = [one for one in path.parent.rglob("*.py") if one != path]
        inside = sorted({one.relative_to(path.parent).parts[0].removesuffix(".py") for one in modules})
        lines.append((f"`{name}`", first_sentence(import_module(f"suwen.{name}")), ", ".join(inside)))
    return "# Packages\n\n" + table(("Package", "What it is for", "Inside"), lines)


def safety() -> str:
    """What the safety engine may find, by the module that finds it."""
    text = (
        "# Rules of the safety engine\n\n[How it is built](../safety.md). Rows of the reference data stand behind many "
        "rules: 十八反 and 十九畏 in `incompatible.yaml`, interactions, allergies, cautions, ranges.\n"
    )
    head = ("Rule", "Severity", "What is found", "After")
    for part in engine.PARTS:
        rules = [(f"`{rule.id}`", rule.severities, rule.says, rule.source) for rule in part.RULES]
        text += f"\n## {part.__name__.rpartition('.')[2]}\n\n{first_sentence(part)}\n\n{table(head, rules)}"
    return text


PAGES: dict[str, Callable[[], str]] = {
    "routes": routes, "tables": tables, "errors": errors, "events": events, "settings": settings, "packages": packages,
    "safety": safety,
}  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("--check", action="store_true")
    mode.add_argument("--write", action="store_true")
    given = parser.parse_args()
    old = []
    for name, make in PAGES.items():
        path, text = FOLDER / f"{name}.md", NOTE + make()
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        old.append(name)
        if given.write:
            FOLDER.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    if given.check and old:
        print(f"Not as the code is: {', '.join(old)}. Run `make docs`.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
