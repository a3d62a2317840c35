"""Write a migration from what the models say and the database does not have yet.

    python tools/migration.py new "what changed"    a dated script under migrations/versions, to be read and completed
    python tools/migration.py first                 write the scripts of the first release anew (only until it is out)

A throw-away SQLite file is brought to the newest script and compared with the models. The first
release has one script per package, in an order in which foreign keys find their tables.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from alembic import command

from suwen import tables
from suwen.core import migrate, revision

VERSIONS = revision.scripts() / "versions"
FIRST_DAY = "2026_11_22"
# "core" first; then every package after those that its tables point to
PACKAGES = ("core", "accounts", "clinics", "scheduling", "payments", "consultations", "prescribing", "reviews",
            "notifications")  # fmt: skip
VIEWS = VERSIONS / f"{FIRST_DAY}_90_views.py"


def new(what: str) -> Path:
    day = datetime.now(UTC).strftime("%Y_%m_%d")
    numbers = [int(path.stem[11:13]) for path in VERSIONS.glob(f"{day}_*.py")]
    with tempfile.TemporaryDirectory() as scratch:
        # Sorted by name the scripts are in their order; 32 is the width of Alembic's own column.
        revision = f"{day}_{max(numbers, default=0) + 1:02}_{_slug(what)}"[:32].rstrip("_")
        return _write(f"sqlite:///{scratch}/now.db", what, revision, None)


def first() -> list[Path]:
    """Scripts from number 90 on are written by hand (views, triggers): they only follow the last one made here."""
    old = [path for path in VERSIONS.glob(f"{FIRST_DAY}_*.py") if path.name < VIEWS.name]
    by_hand = [path for path in VERSIONS.glob("*.py") if path not in old]
    aside = {path: path.rename(path.with_suffix(".aside")) for path in old + by_hand}
    made: list[Path] = []
    try:
        with tempfile.TemporaryDirectory() as scratch:
            for number, (package, names) in enumerate(_in_order(), start=1):
                revision = f"{FIRST_DAY}_{number:02}_{package}"
                made.append(_write(f"sqlite:///{scratch}/now.db", f"Tables of {package}", revision, names))
    except BaseException:
        for path in made:
            path.unlink()
        by_hand += old
        raise
    finally:
        for path in by_hand:
            aside.pop(path).rename(path)
    for path in aside.values():
        path.unlink()
    text = re.sub(r"down_revision = .*", f'down_revision = "{made[-1].stem}"', VIEWS.read_text())
    VIEWS.write_text(text)
    return made


def _in_order() -> Iterator[tuple[str, set[str]]]:
    """Packages with their tables; a table that points to a later package (care_relations) is made with that one."""
    owner = {table.name: _package(module) for module, table in tables.by_module()}
    missing = set(owner.values()) - set(PACKAGES)
    if missing:
        raise SystemExit(f"Add to PACKAGES in {__file__}: {sorted(missing)}")
    waiting, made = dict(owner), set()
    metadata = tables.metadata()
    for package in PACKAGES:
        names = set()
        for table in metadata.sorted_tables:
            parents = {key.column.table.name for key in table.foreign_keys} - {table.name}
            reached = PACKAGES.index(owner[table.name]) <= PACKAGES.index(package)
            if table.name in waiting and reached and parents <= made | names:
                names.add(table.name)
        for name in names:
            del waiting[name]
        made |= names
        yield package, names
    if waiting:
        raise SystemExit(f"No place found for {sorted(waiting)}")


def _package(module: str) -> str:
    return module.split(".")[1]


def _write(url: str, what: str, revision: str, names: set[str] | None) -> Path:
    migrate.upgrade(url)
    with migrate.locked(url) as connection:
        config = migrate.config(connection)
        config.attributes["tables"] = names
        config.set_main_option("file_template", "%%(rev)s")
        command.revision(config, what, autogenerate=True, rev_id=revision)
    path = VERSIONS / f"{revision}.py"
    for arguments in (["format", "-q"], ["check", "--fix", "-q"]):
        subprocess.run([sys.executable, "-m", "ruff", *arguments, str(path)], check=True)
    return path


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=("new", "first"))
    parser.add_argument("what", nargs="?", help="what changed, in a few words")
    given = parser.parse_args()
    if given.action == "new" and not given.what:
        parser.error("say what changed")
    for path in [new(given.what)] if given.action == "new" else first():
        print(path)


if __name__ == "__main__":
    main()
