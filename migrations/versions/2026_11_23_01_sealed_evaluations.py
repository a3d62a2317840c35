"""What went into an evaluation and what was found is sealed: it repeats what stands sealed in the profile

Rows from before stay readable as they are; `suwen rotate-keys` seals them. The previous release cannot read what this
one writes: end its processes first. The table still refuses to be changed, but for these two columns, which may become
sealed, or sealed by another key, and never clear.
"""

import logging

from alembic import op
from sqlalchemy.exc import DBAPIError

revision = "2026_11_23_01_sealed_evaluations"
down_revision = "2026_11_22_99_admitted_at"
branch_labels = None
depends_on = None

FIXED = ("id", "prescription_id", "rule_set", "reviewed", "input_hash", "worst", "purpose", "created_at")
SEALED = ("input", "findings")
NO_RIGHT = {1419, 1227, 1142}  # MySQL with a binary log lets only a privileged account make triggers
SAYS = "safety_evaluations is append-only"
log = logging.getLogger("alembic.suwen")


def upgrade():
    try:
        op.execute("DROP TRIGGER IF EXISTS safety_evaluations_no_update")
        op.execute(_trigger(op.get_bind().dialect.name))
    except DBAPIError as error:
        if not error.orig or error.orig.args[0] not in NO_RIGHT:
            raise
        log.warning(
            "The trigger that keeps evaluations as they are could not be changed with this account. Run the migration "
            "once with an account that may, or set log_bin_trust_function_creators; until then keys cannot be rotated."
        )


def _trigger(dialect):
    begin = "CREATE TRIGGER safety_evaluations_no_update BEFORE UPDATE ON safety_evaluations"
    if dialect == "sqlite":
        changed = " OR ".join(
            [f"NEW.{one} IS NOT OLD.{one}" for one in FIXED]
            + [f"(NEW.{one} IS NOT OLD.{one} AND substr(NEW.{one}, 1, 1) <> '\"')" for one in SEALED]
        )
        return f"{begin} WHEN {changed} BEGIN SELECT RAISE(ABORT, '{SAYS}'); END"
    changed = " OR ".join(
        [f"NOT (NEW.{one} <=> OLD.{one})" for one in FIXED]
        + [f"(NOT (NEW.{one} <=> OLD.{one}) AND JSON_TYPE(NEW.{one}) <> 'STRING')" for one in SEALED]
    )
    return (
        f"{begin} FOR EACH ROW BEGIN IF {changed} THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '{SAYS}'; END IF; END"
    )
