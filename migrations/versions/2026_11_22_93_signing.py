"""Signing: when a session's person was last confirmed; evaluations, signatures, reviews and dispensings stay as written

A later script that rebuilds one of these tables on SQLite loses its triggers and has to call `protect` again.
"""

import logging

import sqlalchemy as sa
from alembic import op
from sqlalchemy.exc import DBAPIError

from suwen.core import columns

revision = "2026_11_22_93_signing"
down_revision = "2026_11_22_92_prescribing_safety"
branch_labels = None
depends_on = None

# The column of a signature that may change later: that it is worth nothing any more.
FIXED = {
    "safety_evaluations": (
        *("id", "prescription_id", "rule_set", "reviewed", "input_hash", "input", "findings", "worst", "purpose"),
        "created_at",
    ),
    "prescription_signatures": (
        *("id", "prescription_id", "user_id", "role", "name", "key_id", "evaluation_id", "content_hash", "signed"),
        *("signature", "created_at"),
    ),
    "prescription_reviews": ("id", "prescription_id", "reviewer_id", "verdict", "checks", "reason", "created_at"),
    "dispensings": ("id", "prescription_id", "number", "dispensed_by", "checked_by", "note", "created_at"),
}
NO_RIGHT = {1419, 1227, 1142}  # MySQL with a binary log lets only a privileged account make triggers
log = logging.getLogger("alembic.suwen")


def upgrade():
    known = {column["name"] for column in sa.inspect(op.get_bind()).get_columns("sessions")}
    if "confirmed_at" not in known:  # MySQL keeps the column of an attempt that ended half-way
        with op.batch_alter_table("sessions", schema=None) as batch_op:
            batch_op.add_column(sa.Column("confirmed_at", columns.Instant(), nullable=True))
    connection = op.get_bind()
    try:
        for table in FIXED:
            protect(connection, table)
    except DBAPIError as error:
        if not error.orig or error.orig.args[0] not in NO_RIGHT:
            raise
        log.warning(
            "The triggers that keep signatures as they are could not be made with this account. Run the migration once "
            "with an account that may, or set log_bin_trust_function_creators; what is changed is still found out."
        )


def protect(connection, table):
    for action in ("UPDATE", "DELETE"):
        connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {table}_no_{action.lower()}")
        connection.exec_driver_sql(_trigger(connection.dialect.name, table, action))


def _trigger(dialect, table, action):
    name, says = f"{table}_no_{action.lower()}", f"{table} is append-only"
    if dialect == "sqlite":
        what = f"UPDATE OF {', '.join(FIXED[table])}" if action == "UPDATE" else "DELETE"
        return f"CREATE TRIGGER {name} BEFORE {what} ON {table} BEGIN SELECT RAISE(ABORT, '{says}'); END"
    refuse = f"SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '{says}'"
    if action == "UPDATE":
        same = " AND ".join(f"NEW.{column} <=> OLD.{column}" for column in FIXED[table])
        refuse = f"BEGIN IF NOT ({same}) THEN {refuse}; END IF; END"
    return f"CREATE TRIGGER {name} BEFORE {action} ON {table} FOR EACH ROW {refuse}"


def downgrade():
    for table in FIXED:
        for action in ("update", "delete"):
            op.execute(f"DROP TRIGGER IF EXISTS {table}_no_{action}")
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.drop_column("confirmed_at")
