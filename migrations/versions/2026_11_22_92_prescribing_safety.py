"""Formulas, evaluations, signatures, reviews, dispensings; templates and phrases

Suits the previous release too: what it still reads and writes goes on working.
"""

import sqlalchemy as sa
from alembic import op

from suwen.core import columns, migrate

revision = "2026_11_22_92_prescribing_safety"
down_revision = "2026_11_22_91_append_only"
branch_labels = None
depends_on = None


def upgrade():
    migrate.clear_leftovers(
        op.get_bind(),
        "medicine_prices",
        "signing_keys",
        "common_phrases",
        "prescription_templates",
        "dispensings",
        "prescription_reviews",
        "safety_evaluations",
        "prescription_signatures",
    )
    op.create_table(
        "medicine_prices",
        sa.Column("id", columns.Id, server_default=columns.ServerId(), nullable=False),
        sa.Column("code", columns.exact(60), nullable=False),
        sa.Column("amount", columns.Money(), nullable=False),
        sa.Column("currency", sa.String(length=10), server_default="CNY", nullable=False),
        sa.Column("created_at", columns.Instant(), server_default=columns.ServerNow(), nullable=False),
        sa.Column("updated_at", columns.Instant(), server_default=columns.ServerTouch(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_medicine_prices")),
        sa.UniqueConstraint("code", name=op.f("uq_medicine_prices_code")),
    )
    op.create_table(
        "signing_keys",
        sa.Column("id", columns.Id, server_default=columns.ServerId(), nullable=False),
        sa.Column("user_id", columns.Id, nullable=False),
        sa.Column("public_key", sa.String(length=64), nullable=False),
        sa.Column("private_key", columns.LongText, nullable=True),
        sa.Column("retired_at", columns.Instant(), nullable=True),
        sa.Column("created_at", columns.Instant(), server_default=columns.ServerNow(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_signing_keys_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signing_keys")),
    )
    with op.batch_alter_table("signing_keys", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_signing_keys_user_id"), ["user_id"], unique=False)

    op.create_table(
        "common_phrases",
        sa.Column("id", columns.Id, server_default=columns.ServerId(), nullable=False),
        sa.Column("doctor_id", columns.Id, nullable=False),
        sa.Column("category", sa.String(length=50), nullable=False),
        sa.Column("content", columns.LongText, nullable=False),
        sa.Column("usage_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", columns.Instant(), server_default=columns.ServerNow(), nullable=False),
        sa.Column("updated_at", columns.Instant(), server_default=columns.ServerTouch(), nullable=False),
        sa.ForeignKeyConstraint(["doctor_id"], ["doctors.id"], name=op.f("fk_common_phrases_doctor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_common_phrases")),
    )
    with op.batch_alter_table("common_phrases", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_common_phrases_doctor_id_category_usage_count"),
            ["doctor_id", "category", "usage_count"],
            unique=False,
        )

    op.create_table(
        "prescription_templates",
        sa.Column("id", columns.Id, server_default=columns.ServerId(), nullable=False),
        sa.Column("doctor_id", columns.Id, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("description", sa.String(length=500), nullable=True),
        sa.Column(
            "kind",
            columns.choice("herbal", "compound", "general", name="kind"),
            server_default="general",
            nullable=False,
        ),
        sa.Column("formula", sa.String(length=60), nullable=True),
        sa.Column("diagnosis", columns.LongText, nullable=False),
        sa.Column("medicines", columns.Json, nullable=False),
        sa.Column("regimen", columns.Json, nullable=True),
        sa.Column("instructions", columns.LongText, nullable=False),
        sa.Column("usage_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", columns.Instant(), server_default=columns.ServerNow(), nullable=False),
        sa.Column("updated_at", columns.Instant(), server_default=columns.ServerTouch(), nullable=False),
        sa.ForeignKeyConstraint(["doctor_id"], ["doctors.id"], name=op.f("fk_prescription_templates_doctor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prescription_templates")),
    )
    with op.batch_alter_table("prescription_templates", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_prescription_templates_doctor_id_usage_count"), ["doctor_id", "usage_count"], unique=False
        )

    op.create_table(
        "dispensings",
        sa.Column("id", columns.Id, server_default=columns.ServerId(), nullable=False),
        sa.Column("prescription_id", columns.Id, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("dispensed_by", columns.Id, nullable=False),
        sa.Column("checked_by", columns.Id, nullable=True),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.Column("created_at", columns.Instant(), server_default=columns.ServerNow(), nullable=False),
        sa.ForeignKeyConstraint(["checked_by"], ["users.id"], name=op.f("fk_dispensings_checked_by")),
        sa.ForeignKeyConstraint(["dispensed_by"], ["users.id"], name=op.f("fk_dispensings_dispensed_by")),
        sa.ForeignKeyConstraint(["prescription_id"], ["prescriptions.id"], name=op.f("fk_dispensings_prescription_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispensings")),
        sa.UniqueConstraint("prescription_id", "number", name=op.f("uq_dispensings_prescription_id_number")),
    )
    op.create_table(
        "prescription_reviews",
        sa.Column("id", columns.Id, server_default=columns.ServerId(), nullable=False),
        sa.Column("prescription_id", columns.Id, nullable=False),
        sa.Column("reviewer_id", columns.Id, nullable=False),
        sa.Column("verdict", columns.choice("accepted", "returned", name="verdict"), nullable=False),
        sa.Column("checks", columns.Json, nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("created_at", columns.Instant(), server_default=columns.ServerNow(), nullable=False),
        sa.ForeignKeyConstraint(
            ["prescription_id"], ["prescriptions.id"], name=op.f("fk_prescription_reviews_prescription_id")
        ),
        sa.ForeignKeyConstraint(["reviewer_id"], ["users.id"], name=op.f("fk_prescription_reviews_reviewer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prescription_reviews")),
    )
    with op.batch_alter_table("prescription_reviews", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_prescription_reviews_prescription_id_created_at"),
            ["prescription_id", "created_at"],
            unique=False,
        )

    op.create_table(
        "safety_evaluations",
        sa.Column("id", columns.Id, server_default=columns.ServerId(), nullable=False),
        sa.Column("prescription_id", columns.Id, nullable=False),
        sa.Column("rule_set", sa.String(length=40), nullable=False),
        sa.Column("reviewed", sa.Boolean(), server_default=sa.text("0"), nullable=False),
        sa.Column("input_hash", sa.String(length=64), nullable=False),
        sa.Column("input", columns.Json, nullable=False),
        sa.Column("findings", columns.Json, nullable=False),
        sa.Column("worst", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("purpose", columns.choice("draft", "sign", "review", "dispense", name="purpose"), nullable=False),
        sa.Column("created_at", columns.Instant(), server_default=columns.ServerNow(), nullable=False),
        sa.ForeignKeyConstraint(
            ["prescription_id"], ["prescriptions.id"], name=op.f("fk_safety_evaluations_prescription_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_safety_evaluations")),
    )
    with op.batch_alter_table("safety_evaluations", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_safety_evaluations_prescription_id_created_at"),
            ["prescription_id", "created_at"],
            unique=False,
        )

    op.create_table(
        "prescription_signatures",
        sa.Column("id", columns.Id, server_default=columns.ServerId(), nullable=False),
        sa.Column("prescription_id", columns.Id, nullable=False),
        sa.Column("user_id", columns.Id, nullable=False),
        sa.Column("role", columns.choice("prescriber", "pharmacist", name="role"), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("key_id", columns.Id, nullable=False),
        sa.Column("evaluation_id", columns.Id, nullable=True),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("signed", columns.LongText, nullable=False),
        sa.Column("signature", sa.String(length=128), nullable=False),
        sa.Column("invalidated_at", columns.Instant(), nullable=True),
        sa.Column("created_at", columns.Instant(), server_default=columns.ServerNow(), nullable=False),
        sa.ForeignKeyConstraint(
            ["evaluation_id"], ["safety_evaluations.id"], name=op.f("fk_prescription_signatures_evaluation_id")
        ),
        sa.ForeignKeyConstraint(["key_id"], ["signing_keys.id"], name=op.f("fk_prescription_signatures_key_id")),
        sa.ForeignKeyConstraint(
            ["prescription_id"], ["prescriptions.id"], name=op.f("fk_prescription_signatures_prescription_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_prescription_signatures_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prescription_signatures")),
    )
    with op.batch_alter_table("prescription_signatures", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_prescription_signatures_prescription_id_created_at"),
            ["prescription_id", "created_at"],
            unique=False,
        )

    add_choice("prescriptions", "kind", ("herbal", "compound", "general"), "general")
    add_choice("prescriptions", "channel", ("online", "offline"), "online")
    added = (
        sa.Column("jurisdiction", sa.String(length=10), server_default="OFF", nullable=False),
        sa.Column("regimen", columns.Json, nullable=True),
        sa.Column("facts", columns.Json, nullable=True),
        sa.Column("answers", columns.Json, nullable=True),
        sa.Column("evaluation_id", columns.Id, nullable=True),
        sa.Column("total", columns.Money(), nullable=True),
        sa.Column("currency", sa.String(length=10), server_default="CNY", nullable=False),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("effective_at", columns.Instant(), nullable=True),
        sa.Column("extended_days", sa.Integer(), server_default=sa.text("0"), nullable=False),
    )
    there = known("prescriptions")
    with op.batch_alter_table("prescriptions", schema=None) as batch_op:
        for column in added:
            if column.name not in there:
                batch_op.add_column(column)


def known(table):
    """MySQL keeps the columns of an attempt that ended half-way."""
    return {column["name"] for column in sa.inspect(op.get_bind()).get_columns(table)}


def add_choice(table, column, values, default):
    """SQLite takes the check with the new column; Alembic would leave it out, and a rebuilt table loses its other checks."""
    if column in known(table):
        return
    kind = columns.choice(*values, name=column)
    if op.get_bind().dialect.name != "sqlite":
        op.add_column(table, sa.Column(column, kind, server_default=default, nullable=False))
        return
    allowed = ", ".join(f"'{value}'" for value in values)
    op.execute(
        f"ALTER TABLE {table} ADD COLUMN {column} VARCHAR({max(map(len, values))}) DEFAULT '{default}' NOT NULL "
        f"CONSTRAINT ck_{table}_{column} CHECK ({column} IN ({allowed}))"
    )
