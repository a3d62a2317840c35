"""When the doctor called the patient in: from then on the visit is ended, not cancelled

Suits the previous release too: what it still reads and writes goes on working. Visits that are going on while the
script runs are marked from their rooms.
"""

import sqlalchemy as sa
from alembic import op

from suwen.core import columns

revision = "2026_11_22_99_admitted_at"
down_revision = "2026_11_22_98_claim_tails_refund"
branch_labels = None
depends_on = None

VISITS = sa.table(
    "appointments", sa.column("id", columns.Id), sa.column("status"), sa.column("admitted_at", columns.Instant())
)
ROOMS = sa.table(
    "video_consultations", sa.column("appointment_id", columns.Id), sa.column("status"),
    sa.column("admitted_at", columns.Instant()),
)  # fmt: skip


def upgrade():
    known = {column["name"] for column in sa.inspect(op.get_bind()).get_columns("appointments")}
    if "admitted_at" not in known:  # MySQL keeps the column of an attempt that ended half-way
        op.add_column("appointments", sa.Column("admitted_at", columns.Instant(), nullable=True))
    mark(op.get_bind())


def mark(connection):
    going_on = (
        sa.select(ROOMS.c.admitted_at)
        .where(ROOMS.c.appointment_id == VISITS.c.id, ROOMS.c.status == "in_progress")
        .scalar_subquery()
    )
    here = sa.update(VISITS).where(VISITS.c.status == "checked_in", VISITS.c.admitted_at.is_(None))
    connection.execute(here.values(admitted_at=going_on))
