"""The ledger is only ever added to: the database refuses to change or remove what was booked

A later script that rebuilds one of these tables on SQLite loses its triggers and has to call `protect` again.
"""

import logging

from alembic import op
from sqlalchemy.exc import DBAPIError

revision = "2026_11_22_91_append_only"
down_revision = "2026_11_22_90_views"
branch_labels = None
depends_on = None

# The column of a journal that may change later: that it was reversed.
FIXED = {
    "postings": ("id", "journal_id", "account_id", "amount_minor", "currency", "created_at"),
    "journals": ("id", "idempotency_key", "body_hash", "kind", "occurred_at", "ref_type", "ref_id", "created_at"),
    "balance_transactions": (
        *("id", "user_id", "transaction_type", "amount", "balance_before", "balance_after", "currency"),
        *("related_type", "related_id", "journal_id", "created_at"),
    ),
}
NO_RIGHT = {1419, 1227, 1142}  # MySQL with a binary log lets only a privileged account make triggers
log = logging.getLogger("alembic.suwen")


def upgrade():
    connection = op.get_bind()
    try:
        for table in FIXED:
            protect(connection, table)
    except DBAPIError as error:
        if not error.orig or error.orig.args[0] not in NO_RIGHT:
            raise
        log.warning(
            "The ledger's triggers could not be made with this account. Run the migration once with an account that may, "
            "or set log_bin_trust_function_creators; until then only the nightly check watches the ledger."
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
