"""Deposits held from a balance; the database refuses to change seals and checks of the ledger, and what a journal notes

Suits the previous release too: what it still reads and writes goes on working. As for the triggers of number 91: a
later script that rebuilds one of these tables on SQLite loses them and has to make them again.
"""

import logging

import sqlalchemy as sa
from alembic import op
from sqlalchemy.exc import DBAPIError

from suwen.core import columns, migrate

revision = "2026_11_22_96_holds"
down_revision = "2026_11_22_95_payments_in_full"
branch_labels = None
depends_on = None

KEPT = ("journal_seals", "ledger_checks")
JOURNAL = ("id", "idempotency_key", "body_hash", "kind", "occurred_at", "ref_type", "ref_id", "created_at")
NO_RIGHT = {1419, 1227, 1142}  # MySQL with a binary log lets only a privileged account make triggers
log = logging.getLogger("alembic.suwen")


def upgrade():
    migrate.clear_leftovers(op.get_bind(), "wallet_holds")
    op.create_table(
        "wallet_holds",
        sa.Column("id", columns.Id, server_default=columns.ServerId(), nullable=False),
        sa.Column("user_id", columns.Id, nullable=False),
        sa.Column("amount", columns.Money(), nullable=False),
        sa.Column("captured", columns.Money(), server_default=sa.text("0"), nullable=False),
        sa.Column("currency", sa.String(length=10), server_default="CNY", nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column(
            "status",
            columns.choice("held", "released", "captured", name="status"),
            server_default="held",
            nullable=False,
        ),
        sa.Column("placed_by", columns.Id, nullable=False),
        sa.Column("ended_by", columns.Id, nullable=True),
        sa.Column("ended_at", columns.Instant(), nullable=True),
        sa.Column("note", sa.String(length=200), nullable=True),
        sa.Column("order_id", columns.Id, nullable=True),
        sa.Column("created_at", columns.Instant(), server_default=columns.ServerNow(), nullable=False),
        sa.Column("updated_at", columns.Instant(), server_default=columns.ServerTouch(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_wallet_holds_amount")),
        sa.CheckConstraint("captured >= 0 AND captured <= amount", name=op.f("ck_wallet_holds_captured")),
        sa.ForeignKeyConstraint(["ended_by"], ["users.id"], name=op.f("fk_wallet_holds_ended_by")),
        sa.ForeignKeyConstraint(["order_id"], ["payment_orders.id"], name=op.f("fk_wallet_holds_order_id")),
        sa.ForeignKeyConstraint(["placed_by"], ["users.id"], name=op.f("fk_wallet_holds_placed_by")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_wallet_holds_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wallet_holds")),
    )
    with op.batch_alter_table("wallet_holds", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_wallet_holds_status_created_at"), ["status", "created_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_wallet_holds_user_id_status"), ["user_id", "status"], unique=False)

    connection = op.get_bind()
    try:
        protect_journals(connection, (*JOURNAL, "meta"))
        for table in KEPT:
            for action in ("UPDATE", "DELETE"):
                _make(connection, table, action, f"{action} ON {table}", None)
    except DBAPIError as error:
        if not error.orig or error.orig.args[0] not in NO_RIGHT:
            raise
        log.warning(
            "The triggers of the ledger's seals could not be made with this account. Run the migration once with an "
            "account that may, or set log_bin_trust_function_creators; until then `suwen ledger verify` watches alone."
        )


def protect_journals(connection, columns):
    """All but `reversed_by`, which is written once, later."""
    same = " AND ".join(f"NEW.{column} <=> OLD.{column}" for column in columns)
    what = f"UPDATE OF {', '.join(columns)}" if connection.dialect.name == "sqlite" else "UPDATE"
    _make(connection, "journals", "UPDATE", f"{what} ON journals", same)


def _make(connection, table, action, what, unless):
    name, says = f"{table}_no_{action.lower()}", f"{table} is append-only"
    connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}")
    if connection.dialect.name == "sqlite":
        body = f"BEGIN SELECT RAISE(ABORT, '{says}'); END"
    else:
        body = f"FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '{says}'"
        if unless:
            body = body.replace("ROW ", f"ROW BEGIN IF NOT ({unless}) THEN ") + "; END IF; END"
    connection.exec_driver_sql(f"CREATE TRIGGER {name} BEFORE {what} {body}")


def downgrade():
    connection = op.get_bind()
    for table in KEPT:
        for action in ("update", "delete"):
            op.execute(f"DROP TRIGGER IF EXISTS {table}_no_{action}")
    protect_journals(connection, JOURNAL)
    op.drop_table("wallet_holds")
