"""Attempts at gateways, claims, refunds on their way; reports, anomalies, reconciliations; seals and checks of the ledger

Suits the previous release too: what it still reads and writes goes on working.
"""

import sqlalchemy as sa
from alembic import op

from suwen.core import columns, migrate

revision = "2026_11_22_95_payments_in_full"
down_revision = "2026_11_22_94_documents"
branch_labels = None
depends_on = None

PHASES = ("begun", "offered", "closing", "closed", "paid", "failed")


def upgrade():
    migrate.clear_leftovers(
        op.get_bind(),
        "gateway_exchanges",
        "gateway_reports",
        "journal_seals",
        "reconciliations",
        "ledger_checks",
        "insurance_claims",
        "reconciliation_lines",
        "payment_anomalies",
    )
    op.create_table(
        "gateway_exchanges",
        sa.Column("id", columns.Id, server_default=columns.ServerId(), nullable=False),
        sa.Column("gateway", columns.choice("wechat", "alipay", "card", name="gateway"), nullable=False),
        sa.Column("out_no", columns.exact(64), nullable=True),
        sa.Column("method", sa.String(length=10), nullable=False),
        sa.Column("path", sa.String(length=255), nullable=False),
        sa.Column("host", sa.String(length=100), nullable=False),
        sa.Column("http_status", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("sent", columns.Json, nullable=True),
        sa.Column("received", columns.Json, nullable=True),
        sa.Column("created_at", columns.Instant(), server_default=columns.ServerNow(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateway_exchanges")),
    )
    with op.batch_alter_table("gateway_exchanges", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_gateway_exchanges_created_at"), ["created_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_gateway_exchanges_out_no"), ["out_no"], unique=False)

    op.create_table(
        "gateway_reports",
        sa.Column("id", columns.Id, server_default=columns.ServerId(), nullable=False),
        sa.Column("gateway", columns.choice("wechat", "alipay", "card", name="gateway"), nullable=False),
        sa.Column("event_id", columns.exact(150), nullable=False),
        sa.Column("event_type", sa.String(length=80), nullable=False),
        sa.Column("kind", columns.choice("payment", "refund", "other", name="kind"), nullable=False),
        sa.Column("nonce", columns.exact(80), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("out_no", columns.exact(64), nullable=True),
        sa.Column("content", columns.Json, nullable=False),
        sa.Column("deliveries", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column(
            "outcome",
            columns.choice("stored", "applied", "repeated", "ignored", "anomaly", "waiting", name="outcome"),
            server_default="stored",
            nullable=False,
        ),
        sa.Column("processed_at", columns.Instant(), nullable=True),
        sa.Column("created_at", columns.Instant(), server_default=columns.ServerNow(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateway_reports")),
        sa.UniqueConstraint("gateway", "event_id", name=op.f("uq_gateway_reports_gateway_event_id")),
    )
    with op.batch_alter_table("gateway_reports", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_gateway_reports_gateway_nonce_created_at"), ["gateway", "nonce", "created_at"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_gateway_reports_out_no"), ["out_no"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_gateway_reports_outcome_created_at"), ["outcome", "created_at"], unique=False
        )

    op.create_table(
        "journal_seals",
        sa.Column("id", columns.Id, server_default=columns.ServerId(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("journals", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=True),
        sa.Column("created_at", columns.Instant(), server_default=columns.ServerNow(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal_seals")),
        sa.UniqueConstraint("day", name=op.f("uq_journal_seals_day")),
    )
    op.create_table(
        "reconciliations",
        sa.Column("id", columns.Id, server_default=columns.ServerId(), nullable=False),
        sa.Column("gateway", columns.choice("wechat", "alipay", "card", name="gateway"), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column(
            "status",
            columns.choice("waiting", "running", "matched", "different", "settled", name="status"),
            server_default="waiting",
            nullable=False,
        ),
        sa.Column("runs", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("bill_lines", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("local_lines", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("matched", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("differences", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("sums", columns.Json, nullable=True),
        sa.Column("bill_digest", sa.String(length=64), nullable=True),
        sa.Column("error", sa.String(length=500), nullable=True),
        sa.Column("run_at", columns.Instant(), nullable=True),
        sa.Column("created_at", columns.Instant(), server_default=columns.ServerNow(), nullable=False),
        sa.Column("updated_at", columns.Instant(), server_default=columns.ServerTouch(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reconciliations")),
        sa.UniqueConstraint("gateway", "day", name=op.f("uq_reconciliations_gateway_day")),
    )
    op.create_table(
        "ledger_checks",
        sa.Column("id", columns.Id, server_default=columns.ServerId(), nullable=False),
        sa.Column("took_ms", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("journals", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("postings", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("faults", columns.Json, nullable=False),
        sa.Column("asked_by", columns.Id, nullable=True),
        sa.Column("created_at", columns.Instant(), server_default=columns.ServerNow(), nullable=False),
        sa.ForeignKeyConstraint(["asked_by"], ["users.id"], name=op.f("fk_ledger_checks_asked_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_checks")),
    )
    with op.batch_alter_table("ledger_checks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ledger_checks_created_at"), ["created_at"], unique=False)

    op.create_table(
        "insurance_claims",
        sa.Column("id", columns.Id, server_default=columns.ServerId(), nullable=False),
        sa.Column("claim_no", columns.exact(50), nullable=False),
        sa.Column("order_id", columns.Id, nullable=False),
        sa.Column("live_order_id", columns.exact(36), nullable=True),
        sa.Column("user_id", columns.Id, nullable=False),
        sa.Column("insurer", sa.String(length=100), nullable=False),
        sa.Column("holder", sa.String(length=100), nullable=False),
        sa.Column("policy_no", columns.LongText, nullable=False),
        sa.Column("amount", columns.Money(), nullable=False),
        sa.Column("currency", sa.String(length=10), server_default="CNY", nullable=False),
        sa.Column(
            "status",
            columns.choice("submitted", "approved", "rejected", "withdrawn", "settled", name="status"),
            server_default="submitted",
            nullable=False,
        ),
        sa.Column("insurer_reference", sa.String(length=100), nullable=True),
        sa.Column("submitted_by", columns.Id, nullable=False),
        sa.Column("decided_by", columns.Id, nullable=True),
        sa.Column("decided_at", columns.Instant(), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.Column("settled_at", columns.Instant(), nullable=True),
        sa.Column("created_at", columns.Instant(), server_default=columns.ServerNow(), nullable=False),
        sa.Column("updated_at", columns.Instant(), server_default=columns.ServerTouch(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_insurance_claims_amount")),
        sa.ForeignKeyConstraint(["decided_by"], ["users.id"], name=op.f("fk_insurance_claims_decided_by")),
        sa.ForeignKeyConstraint(["order_id"], ["payment_orders.id"], name=op.f("fk_insurance_claims_order_id")),
        sa.ForeignKeyConstraint(["submitted_by"], ["users.id"], name=op.f("fk_insurance_claims_submitted_by")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_insurance_claims_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_insurance_claims")),
        sa.UniqueConstraint("claim_no", name=op.f("uq_insurance_claims_claim_no")),
        sa.UniqueConstraint("live_order_id", name=op.f("uq_insurance_claims_live_order_id")),
    )
    with op.batch_alter_table("insurance_claims", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_insurance_claims_status_created_at"), ["status", "created_at"], unique=False
        )

    op.create_table(
        "reconciliation_lines",
        sa.Column("id", columns.Id, server_default=columns.ServerId(), nullable=False),
        sa.Column("reconciliation_id", columns.Id, nullable=False),
        sa.Column("line_key", columns.exact(190), nullable=False),
        sa.Column(
            "result",
            columns.choice(
                "match", "amount_mismatch", "local_only", "gateway_only", "status_mismatch", "duplicate", name="result"
            ),
            nullable=False,
        ),
        sa.Column("kind", columns.choice("payment", "refund", name="kind"), nullable=False),
        sa.Column("out_no", columns.exact(64), nullable=False),
        sa.Column("external_id", columns.exact(100), nullable=True),
        sa.Column("transaction_id", columns.Id, nullable=True),
        sa.Column("local_amount", columns.Money(), nullable=True),
        sa.Column("bill_amount", columns.Money(), nullable=True),
        sa.Column("fee", columns.Money(), server_default=sa.text("0"), nullable=False),
        sa.Column("currency", sa.String(length=10), server_default="CNY", nullable=False),
        sa.Column("local_state", sa.String(length=40), nullable=True),
        sa.Column("bill_state", sa.String(length=40), nullable=True),
        sa.Column("happened_at", columns.Instant(), nullable=True),
        sa.Column("resolution", sa.String(length=40), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.Column("resolved_by", columns.Id, nullable=True),
        sa.Column("resolved_at", columns.Instant(), nullable=True),
        sa.Column("created_at", columns.Instant(), server_default=columns.ServerNow(), nullable=False),
        sa.ForeignKeyConstraint(
            ["reconciliation_id"], ["reconciliations.id"], name=op.f("fk_reconciliation_lines_reconciliation_id")
        ),
        sa.ForeignKeyConstraint(["resolved_by"], ["users.id"], name=op.f("fk_reconciliation_lines_resolved_by")),
        sa.ForeignKeyConstraint(
            ["transaction_id"], ["payment_transactions.id"], name=op.f("fk_reconciliation_lines_transaction_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reconciliation_lines")),
        sa.UniqueConstraint(
            "reconciliation_id", "line_key", name=op.f("uq_reconciliation_lines_reconciliation_id_line_key")
        ),
    )
    with op.batch_alter_table("reconciliation_lines", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reconciliation_lines_out_no"), ["out_no"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_reconciliation_lines_reconciliation_id_result"),
            ["reconciliation_id", "result"],
            unique=False,
        )

    op.create_table(
        "payment_anomalies",
        sa.Column("id", columns.Id, server_default=columns.ServerId(), nullable=False),
        sa.Column("once", columns.exact(190), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("gateway", sa.String(length=20), nullable=True),
        sa.Column("order_id", columns.Id, nullable=True),
        sa.Column("transaction_id", columns.Id, nullable=True),
        sa.Column("refund_id", columns.Id, nullable=True),
        sa.Column("facts", columns.Json, nullable=False),
        sa.Column("count", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("last_at", columns.Instant(), nullable=True),
        sa.Column("status", columns.choice("open", "resolved", name="status"), server_default="open", nullable=False),
        sa.Column("resolved_by", columns.Id, nullable=True),
        sa.Column("resolved_at", columns.Instant(), nullable=True),
        sa.Column("resolution", sa.String(length=40), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.Column("created_at", columns.Instant(), server_default=columns.ServerNow(), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["payment_orders.id"], name=op.f("fk_payment_anomalies_order_id")),
        sa.ForeignKeyConstraint(["refund_id"], ["refund_records.id"], name=op.f("fk_payment_anomalies_refund_id")),
        sa.ForeignKeyConstraint(["resolved_by"], ["users.id"], name=op.f("fk_payment_anomalies_resolved_by")),
        sa.ForeignKeyConstraint(
            ["transaction_id"], ["payment_transactions.id"], name=op.f("fk_payment_anomalies_transaction_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_anomalies")),
        sa.UniqueConstraint("once", name=op.f("uq_payment_anomalies_once")),
    )
    with op.batch_alter_table("payment_anomalies", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_payment_anomalies_order_id"), ["order_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_payment_anomalies_status_created_at"), ["status", "created_at"], unique=False
        )

    add("payment_orders", sa.Column("refunding_amount", columns.Money(), server_default=sa.text("0"), nullable=False))
    add(
        "payment_transactions",
        sa.Column("scene", sa.String(length=20), nullable=True),
        sa.Column("live_order_id", columns.exact(36), nullable=True),
        sa.Column("offer", columns.Json, nullable=True),
        sa.Column("expires_at", columns.Instant(), nullable=True),
        sa.Column("ask_at", columns.Instant(), nullable=True),
        sa.Column("asks", sa.Integer(), server_default=sa.text("0"), nullable=False),
    )
    add_phase()
    index("payment_transactions", "ask_at")
    index("payment_transactions", "live_order_id", unique=True)
    add_requester()
    add(
        "refund_records",
        sa.Column("reason_code", sa.String(length=20), server_default="other", nullable=False),
        sa.Column("abnormal", sa.Boolean(), server_default=sa.text("0"), nullable=False),
        sa.Column("ask_at", columns.Instant(), nullable=True),
        sa.Column("asks", sa.Integer(), server_default=sa.text("0"), nullable=False),
    )
    index("refund_records", "ask_at")


# MySQL keeps the columns, indexes and keys of an attempt that ended half-way.


def known(table):
    return {column["name"] for column in sa.inspect(op.get_bind()).get_columns(table)}


def add(table, *wanted):
    there = known(table)
    for column in wanted:
        if column.name not in there:
            op.add_column(table, column)


def index(table, column, *, unique=False):
    name = f"ix_{table}_{column}"
    if name not in {each["name"] for each in sa.inspect(op.get_bind()).get_indexes(table)}:
        op.create_index(op.f(name), table, [column], unique=unique)


def add_phase():
    """SQLite takes the check with the new column; a rebuilt table would lose its other checks and triggers."""
    if op.get_bind().dialect.name != "sqlite":
        add("payment_transactions", sa.Column("phase", columns.choice(*PHASES, name="phase"), nullable=True))
        return
    allowed = ", ".join(f"'{value}'" for value in PHASES)
    op.execute(
        "ALTER TABLE payment_transactions ADD COLUMN phase VARCHAR(7) "
        f"CONSTRAINT ck_payment_transactions_phase CHECK (phase IN ({allowed}))"
    )


def add_requester():
    name = "fk_refund_records_requested_by"
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"ALTER TABLE refund_records ADD COLUMN requested_by VARCHAR(36) CONSTRAINT {name} REFERENCES users (id)"
        )
        return
    add("refund_records", sa.Column("requested_by", columns.Id, nullable=True))
    if name not in {each["name"] for each in sa.inspect(op.get_bind()).get_foreign_keys("refund_records")}:
        op.create_foreign_key(op.f(name), "refund_records", "users", ["requested_by"], ["id"])
