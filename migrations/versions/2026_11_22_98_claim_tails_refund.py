"""The end of a policy's number beside the sealed number; refunds that waited before script 95 go on

Suits the previous release too: what it still reads and writes goes on working. Claims from before show no end of their
number in lists; their number itself is on the insurer's form.
"""

import sqlalchemy as sa
from alembic import op

from suwen.core import columns

revision = "2026_11_22_98_claim_tails_refund"
down_revision = "2026_11_22_97_second_checker"
branch_labels = None
depends_on = None

REFUNDS = sa.table(
    "refund_records", sa.column("id", columns.Id), sa.column("order_id", columns.Id),
    sa.column("refund_amount", columns.Money()), sa.column("status"), sa.column("created_at", columns.Instant()),
    sa.column("reviewed_at", columns.Instant()),
)  # fmt: skip
ORDERS = sa.table(
    "payment_orders", sa.column("id", columns.Id), sa.column("status"), sa.column("refunded_amount", columns.Money()),
    sa.column("refunding_amount", columns.Money()),
)  # fmt: skip
JOURNALS = sa.table("journals", sa.column("idempotency_key"))


def upgrade():
    known = {column["name"] for column in sa.inspect(op.get_bind()).get_columns("insurance_claims")}
    if "policy_tail" not in known:  # MySQL keeps the column of an attempt that ended half-way
        op.add_column("insurance_claims", sa.Column("policy_tail", sa.String(length=4), nullable=True))
    go_on(op.get_bind())


def go_on(connection):
    """What waited to be handed out was once called pending: approved, booked, and counted as back already. That is
    processing now, and on its way. A request that is only asked for has no journal."""
    waiting = sa.select(REFUNDS.c.id, REFUNDS.c.order_id, REFUNDS.c.refund_amount)
    for refund in connection.execute(waiting.where(REFUNDS.c.status == "pending")).all():
        booked = sa.select(JOURNALS.c.idempotency_key).where(JOURNALS.c.idempotency_key == f"refund:{refund.id}")
        if connection.scalar(booked) is None:
            continue
        left = ORDERS.c.refunded_amount - refund.refund_amount
        order = sa.update(ORDERS).where(ORDERS.c.id == refund.order_id, left >= 0)
        # the state goes first: MySQL shows each value to the next
        moved = order.ordered_values(
            (ORDERS.c.status, sa.case((left > 0, "partial_refunded"), else_="paid")),
            (ORDERS.c.refunded_amount, left),
            (ORDERS.c.refunding_amount, ORDERS.c.refunding_amount + refund.refund_amount),
        )
        if connection.execute(moved).rowcount == 1:
            seen = sa.func.coalesce(REFUNDS.c.reviewed_at, REFUNDS.c.created_at)
            mine = sa.update(REFUNDS).where(REFUNDS.c.id == refund.id)
            connection.execute(mine.values(status="processing", reviewed_at=seen))
