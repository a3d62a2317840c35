"""Refunds that the first release left at the desk go on where this one would have them."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from suwen.core import columns, migrate
from tests.support.database import drop, own_url

NOW = datetime(2029, 12, 1, tzinfo=UTC)
MONEY = ("amount", "refunded_amount", "refund_amount", "refunding_amount")


def table(name, *names):
    return sa.table(name, *(sa.column(one, columns.Money() if one in MONEY else _type(one)) for one in names))


def _type(name):
    return columns.Instant() if name.endswith(("_at", "_time")) else None


ORDERS = table("payment_orders", "id", "order_no", "user_id", "order_type", "amount", "refunded_amount", "status",
               "expire_time")  # fmt: skip
PAYMENTS = table("payment_transactions", "id", "transaction_no", "order_id", "payment_method", "transaction_type",
                 "amount", "status")  # fmt: skip
REFUNDS = table("refund_records", "id", "refund_no", "order_id", "transaction_id", "user_id", "refund_amount",
                "refund_reason", "status", "reviewed_at")  # fmt: skip
JOURNALS = table("journals", "id", "idempotency_key", "kind", "occurred_at")


@pytest.fixture
def before(tmp_path):
    """A database of the release before refunds had more than two states."""
    url = own_url("older", tmp_path)
    migrate.upgrade(url, "2026_11_22_94_documents")
    yield url
    drop(url)


def order(connection, name, amount, refunded, status, refund, *, booked, state="pending"):
    connection.execute(ORDERS.insert().values(
        id=name, order_no=name, user_id="u", order_type="appointment", amount=amount, refunded_amount=refunded,
        status=status, expire_time=NOW,
    ))  # fmt: skip
    connection.execute(PAYMENTS.insert().values(
        id=f"p{name}", transaction_no=f"p{name}", order_id=name, payment_method="cash", transaction_type="payment",
        amount=amount, status="success",
    ))  # fmt: skip
    connection.execute(REFUNDS.insert().values(
        id=f"r{name}", refund_no=f"r{name}", order_id=name, transaction_id=f"p{name}", user_id="u",
        refund_amount=refund, refund_reason="x", status=state,
    ))  # fmt: skip
    if booked:
        connection.execute(JOURNALS.insert().values(
            id=f"j{name}", idempotency_key=f"refund:r{name}", kind="refund", occurred_at=NOW
        ))  # fmt: skip


def test_what_waited_at_the_desk_is_on_its_way_and_not_back_yet(before):
    engine = sa.create_engine(before, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO users (id, account, name, password_hash) VALUES ('u', 'u', 'u', '!')")
        order(connection, "whole", 8000, 8000, "refunded", 8000, booked=True)
        order(connection, "part", 8000, 5000, "partial_refunded", 3000, booked=True)
        order(connection, "done", 8000, 8000, "refunded", 8000, booked=True, state="success")
        order(connection, "asked", 8000, 0, "paid", 3000, booked=False)
    migrate.upgrade(before)
    orders = table("payment_orders", "id", "status", "refunded_amount", "refunding_amount")
    with engine.connect() as connection:
        found = {row.id: tuple(row)[1:] for row in connection.execute(sa.select(orders))}
        states = {row.id: row for row in connection.execute(sa.select(REFUNDS))}
    assert found == {
        "whole": ("paid", 0, 8000), "part": ("partial_refunded", 2000, 3000), "done": ("refunded", 8000, 0),
        "asked": ("paid", 0, 0),
    }  # fmt: skip
    assert {id: row.status for id, row in states.items()} == {
        "rwhole": "processing", "rpart": "processing", "rdone": "success", "rasked": "pending"
    }  # fmt: skip
    assert states["rwhole"].reviewed_at is not None
    assert states["rasked"].reviewed_at is None
