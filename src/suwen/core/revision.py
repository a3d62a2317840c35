"""Which schema this release wants and which one the database has, without loading the migration tool."""

from functools import cache
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.orm import Session

PACKAGE = Path(__file__).parents[1]


def scripts() -> Path:
    """Where the migration scripts are: inside the installed package, or beside `src` in a checkout."""
    installed = PACKAGE / "_migrations"
    return installed if installed.is_dir() else PACKAGE.parents[1] / "migrations"


@cache
def newest() -> str:
    """Scripts are named by date, and a revision is called like its file."""
    return max(path.stem for path in (scripts() / "versions").glob("2*.py"))


def of_database(tx: Session) -> str:
    """Empty for a database that was never migrated."""
    try:
        return tx.scalar(text("SELECT version_num FROM alembic_version")) or ""
    except (OperationalError, ProgrammingError) as error:
        if "alembic_version" in str(error.orig):
            return ""  # there is no such table yet
        raise


def is_current(tx: Session) -> bool:
    return of_database(tx) == newest()
