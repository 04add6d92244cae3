"""Whether a session was queued for a batch, and what is left of such a session when retention has removed it."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("session", sa.Column("queued", sa.Boolean))
    op.execute("UPDATE session SET queued = TRUE WHERE seq IN (SELECT session_seq FROM batch_entry)")
    op.create_table(
        "tombstone",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("gone_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", "scope", name=op.f("pk_tombstone")),
    )
    op.create_index(op.f("ix_tombstone_gone_at"), "tombstone", ["gone_at"])
