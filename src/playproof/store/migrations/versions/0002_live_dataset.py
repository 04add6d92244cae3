"""The live dataset: its rows take over the features of every session."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_sequence = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "live_dataset",
        sa.Column("id", _sequence, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("window_from", sa.BigInteger, nullable=False),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("remote_id", sa.Text),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_live_dataset")),
        sa.UniqueConstraint("name", name=op.f("uq_live_dataset_name")),
    )
    op.create_table(
        "live_replaced",
        sa.Column("dataset", _sequence, autoincrement=False, nullable=False),
        sa.Column("generation", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("remote_id", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("replaced_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("dataset", "generation", name=op.f("pk_live_replaced")),
        sa.ForeignKeyConstraint(["dataset"], ["live_dataset.id"], name=op.f("fk_live_replaced_dataset_live_dataset"), ondelete="CASCADE"),
    )
    op.create_table(
        "live_row",
        sa.Column("seq", _sequence, nullable=False),
        sa.Column("dataset", _sequence, nullable=False),
        sa.Column("session_seq", _sequence),
        sa.Column("catalogue_version", sa.Text, nullable=False),
        sa.Column("vector", sa.LargeBinary, nullable=False),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("stratum", sa.Text, nullable=False),
        sa.Column("label", sa.Text),
        sa.Column("eligible", sa.Boolean, nullable=False),
        sa.Column("awaiting", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_live_row")),
        sa.ForeignKeyConstraint(["dataset"], ["live_dataset.id"], name=op.f("fk_live_row_dataset_live_dataset")),
        sa.ForeignKeyConstraint(["session_seq"], ["session.seq"], name=op.f("fk_live_row_session_seq_session"), ondelete="CASCADE"),
        sa.UniqueConstraint("session_seq", name=op.f("uq_live_row_session_seq")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_live_row_awaiting"),
        "live_row",
        ["seq"],
        sqlite_where=sa.text("awaiting IS 1"),
        postgresql_where=sa.text("awaiting IS true"),
    )
    op.create_table(
        "imported_row",
        sa.Column("seq", _sequence, autoincrement=False, nullable=False),
        sa.Column("dataset", _sequence, nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("received_at", sa.BigInteger, nullable=False),
        sa.Column("scorer", sa.Text),
        sa.Column("decision", sa.Text),
        sa.Column("reference", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_imported_row")),
        sa.ForeignKeyConstraint(["seq"], ["live_row.seq"], name=op.f("fk_imported_row_seq_live_row"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["dataset"], ["live_dataset.id"], name=op.f("fk_imported_row_dataset_live_dataset")),
        sa.UniqueConstraint("id", "scope", "dataset", name=op.f("uq_imported_row_id_scope_dataset")),
    )
    op.create_index(op.f("ix_imported_row_reference_received_at"), "imported_row", ["reference", "received_at"])
    _take_over()
    op.drop_table("features")


def _take_over() -> None:
    """The sessions that are there become rows, none of them eligible: nobody noted where they came from."""
    op.execute(
        "INSERT INTO live_dataset (name, created_at, window_from, generation) "
        "SELECT 'movement_live_inference', min(received_at), 1, 1 FROM session HAVING count(*) > 0"
    )
    op.execute(
        "INSERT INTO live_row (dataset, session_seq, catalogue_version, vector, origin, stratum, eligible, awaiting) "
        "SELECT d.id, s.seq, f.catalogue_version, f.vector, s.scope, s.game_type || '/' || s.device_type, false, false "
        "FROM session s JOIN features f ON f.seq = s.seq CROSS JOIN live_dataset d ORDER BY s.seq"
    )
