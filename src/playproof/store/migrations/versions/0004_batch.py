"""The batch queue: sessions to be scored together, the gate that forms batches, and the ticks of the scheduler."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_sequence = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "batch_entry",
        sa.Column("session_seq", _sequence, autoincrement=False, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("sharing", sa.Integer, nullable=False),
        sa.Column("enqueued_at", sa.BigInteger, nullable=False),
        sa.Column("next_at", sa.BigInteger, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("holder", sa.Text),
        sa.Column("reason", sa.Text),
        sa.Column("error", sa.Text),
        sa.Column("assessment", sa.LargeBinary),
        sa.PrimaryKeyConstraint("session_seq", name=op.f("pk_batch_entry")),
        sa.ForeignKeyConstraint(["session_seq"], ["session.seq"], name=op.f("fk_batch_entry_session_seq_session"), ondelete="CASCADE"),
    )
    op.create_index(op.f("ix_batch_entry_state_sharing_next_at_session_seq"), "batch_entry", ["state", "sharing", "next_at", "session_seq"])
    op.create_table(
        "batch_gate",
        sa.Column("id", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("batches", sa.BigInteger, nullable=False),
        sa.Column("scheduler", sa.Boolean),
        sa.Column("changed_at", sa.BigInteger),
        sa.Column("paused_until", sa.BigInteger, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("reason", sa.Text),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch_gate")),
    )
    op.create_table(
        "batch_tick",
        sa.Column("due_at", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("holder", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("due_at", name=op.f("pk_batch_tick")),
    )
    op.execute("INSERT INTO batch_gate (id, batches, paused_until, failures) VALUES (1, 0, 0, 0)")
    if op.get_bind().dialect.name == "postgresql":
        # Every session's row changes a few times; what it was before must not pile up in the way of claims.
        op.execute("ALTER TABLE batch_entry SET (autovacuum_vacuum_scale_factor = 0.01)")
