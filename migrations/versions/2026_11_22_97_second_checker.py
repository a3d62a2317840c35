"""Who checked what was dispensed: by what they proved to be there

Suits the previous release too: what it still reads and writes goes on working.
"""

import logging

import sqlalchemy as sa
from alembic import op
from sqlalchemy.exc import DBAPIError

revision = "2026_11_22_97_second_checker"
down_revision = "2026_11_22_96_holds"
branch_labels = None
depends_on = None

FIXED = ("id", "prescription_id", "number", "dispensed_by", "checked_by", "checked_how", "note", "created_at")
NO_RIGHT = {1419, 1227, 1142}  # MySQL with a binary log lets only a privileged account make triggers
log = logging.getLogger("alembic.suwen")


def upgrade():
    known = {column["name"] for column in sa.inspect(op.get_bind()).get_columns("dispensings")}
    if "checked_how" not in known:  # MySQL keeps the column of an attempt that ended half-way
        op.add_column("dispensings", sa.Column("checked_how", sa.String(length=20), nullable=True))
    protect(FIXED)


def protect(fixed):
    """The trigger of script 93, which names the columns that stay as they are, over the new one too."""
    try:
        op.execute("DROP TRIGGER IF EXISTS dispensings_no_update")
        op.execute(_trigger(op.get_bind().dialect.name, fixed))
    except DBAPIError as error:
        if not error.orig or error.orig.args[0] not in NO_RIGHT:
            raise
        log.warning(
            "The trigger that keeps dispensings as they are could not be made with this account. Run the migration "
            "once with an account that may, or set log_bin_trust_function_creators."
        )


def _trigger(dialect, fixed):
    says = "dispensings is append-only"
    if dialect == "sqlite":
        return (
            f"CREATE TRIGGER dispensings_no_update BEFORE UPDATE OF {', '.join(fixed)} ON dispensings "
            f"BEGIN SELECT RAISE(ABORT, '{says}'); END"
        )
    same = " AND ".join(f"NEW.{column} <=> OLD.{column}" for column in fixed)
    return (
        f"CREATE TRIGGER dispensings_no_update BEFORE UPDATE ON dispensings FOR EACH ROW "
        f"BEGIN IF NOT ({same}) THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '{says}'; END IF; END"
    )


def downgrade():
    protect([column for column in FIXED if column != "checked_how"])
    op.drop_column("dispensings", "checked_how")
