"""Sessions, their features and telemetry, erasures."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_sequence = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "session",
        sa.Column("seq", _sequence, nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("received_at", sa.BigInteger, nullable=False),
        sa.Column("game_type", sa.Text, nullable=False),
        sa.Column("device_type", sa.Text, nullable=False),
        sa.Column("decision", sa.Text, nullable=False),
        sa.Column("anomaly_score", sa.Float),
        sa.Column("raw_score", sa.Float),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("model_version", sa.Text, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("verdict", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_session")),
        sa.UniqueConstraint("id", "scope", name=op.f("uq_session_id_scope")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_session_received_at"), "session", ["received_at"])
    op.create_table(
        "features",
        sa.Column("seq", _sequence, autoincrement=False, nullable=False),
        sa.Column("catalogue_version", sa.Text, nullable=False),
        sa.Column("vector", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_features")),
        sa.ForeignKeyConstraint(["seq"], ["session.seq"], name=op.f("fk_features_seq_session"), ondelete="CASCADE"),
    )
    op.create_table(
        "telemetry",
        sa.Column("seq", _sequence, autoincrement=False, nullable=False),
        sa.Column("received_at", sa.BigInteger, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_telemetry")),
        sa.ForeignKeyConstraint(["seq"], ["session.seq"], name=op.f("fk_telemetry_seq_session"), ondelete="CASCADE"),
    )
    op.create_index(op.f("ix_telemetry_received_at"), "telemetry", ["received_at"])
    op.create_table(
        "erasure",
        sa.Column("subject", sa.LargeBinary, nullable=False),
        sa.Column("erased_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_erasure")),
    )
    op.create_table(
        "probe",
        sa.Column("id", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("count", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_probe")),
    )
