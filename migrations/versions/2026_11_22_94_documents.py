"""The document store's table, and the tags of a review as they were given

Suits the previous release too: what it still reads and writes goes on working.
"""

import json

import sqlalchemy as sa
from alembic import op

from suwen.core import columns, migrate

revision = "2026_11_22_94_documents"
down_revision = "2026_11_22_93_signing"
branch_labels = None
depends_on = None


def upgrade():
    migrate.clear_leftovers(op.get_bind(), "documents")
    op.create_table(
        "documents",
        sa.Column("collection", columns.exact(40), nullable=False),
        sa.Column("id", columns.exact(36), nullable=False),
        sa.Column("body", columns.Json, nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("updated_at", columns.Instant(), server_default=columns.ServerTouch(), nullable=False),
        sa.PrimaryKeyConstraint("collection", "id", name=op.f("pk_documents")),
    )
    known = {column["name"] for column in sa.inspect(op.get_bind()).get_columns("reviews")}
    if "tags" not in known:  # MySQL keeps the column of an attempt that ended half-way
        with op.batch_alter_table("reviews", schema=None) as batch_op:
            batch_op.add_column(sa.Column("tags", columns.Json, nullable=True))
    keep_the_tags_that_were_given()


def keep_the_tags_that_were_given():
    there = op.get_bind()
    given = "SELECT m.review_id, t.name FROM review_tag_mappings m JOIN review_tags t ON t.id = m.tag_id"
    names = {}
    for review_id, name in there.execute(sa.text(given)):
        names.setdefault(review_id, []).append(name)
    for review_id, tags in names.items():
        # `updated_at` stays: it is the reviewer's
        change = sa.text("UPDATE reviews SET tags = :tags, updated_at = updated_at WHERE id = :id")
        there.execute(change, {"id": review_id, "tags": json.dumps(sorted(tags), ensure_ascii=False)})
