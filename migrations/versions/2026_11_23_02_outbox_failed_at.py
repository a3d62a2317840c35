"""What failed for good is found by an index: the overview of each administrator looks for it

Suits the previous release too: what it still reads and writes goes on working.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_23_02_outbox_failed_at"
down_revision = "2026_11_23_01_sealed_evaluations"
branch_labels = None
depends_on = None


def upgrade():
    known = {index["name"] for index in sa.inspect(op.get_bind()).get_indexes("outbox")}
    if "ix_outbox_failed_at" not in known:  # MySQL keeps the index of an attempt that ended half-way
        op.create_index(op.f("ix_outbox_failed_at"), "outbox", ["failed_at"])
