"""The hosted model: sessions that await its score, what was sent to it, its versions, and what sites are told."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_sequence = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    _awaited()
    _publications()
    _models()
    _outbox()


def _awaited() -> None:
    op.create_table(
        "awaited",
        sa.Column("session_seq", _sequence, autoincrement=False, nullable=False),
        sa.Column("next_at", sa.BigInteger, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("told", sa.Boolean),
        sa.Column("assessment", sa.LargeBinary, nullable=False),
        sa.Column("holder", sa.Text),
        sa.Column("held_until", sa.BigInteger),
        sa.PrimaryKeyConstraint("session_seq", name=op.f("pk_awaited")),
        sa.ForeignKeyConstraint(["session_seq"], ["session.seq"], name=op.f("fk_awaited_session_seq_session"), ondelete="CASCADE"),
    )
    op.create_index(op.f("ix_awaited_next_at"), "awaited", ["next_at"])
    op.create_index(op.f("ix_awaited_holder"), "awaited", ["holder"])
    op.create_table(
        "lease",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("holder", sa.Text, nullable=False),
        sa.Column("held_until", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )


def _publications() -> None:
    op.create_table(
        "publication",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("dataset", _sequence, nullable=False),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("target_id", sa.Text),
        sa.Column("target_name", sa.Text),
        sa.Column("model_id", sa.Text, nullable=False),
        sa.Column("model_version_id", sa.Text, nullable=False),
        sa.Column("columns", sa.Text, nullable=False),
        sa.Column("dataset_id", sa.Text),
        sa.Column("version_id", sa.Text),
        sa.Column("job_id", sa.Text),
        sa.Column("batch_job_id", sa.Text),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publication")),
        sa.ForeignKeyConstraint(["dataset"], ["live_dataset.id"], name=op.f("fk_publication_dataset_live_dataset")),
    )
    op.create_index(op.f("ix_publication_dataset_state"), "publication", ["dataset", "state"])
    op.create_index(op.f("ix_publication_created_at"), "publication", ["created_at"])
    op.create_table(
        "publication_row",
        sa.Column("publication", sa.Text, nullable=False),
        sa.Column("place", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("live_seq", sa.BigInteger, nullable=False),
        sa.Column("session_seq", sa.BigInteger),
        sa.PrimaryKeyConstraint("publication", "place", name=op.f("pk_publication_row")),
        sa.ForeignKeyConstraint(
            ["publication"], ["publication.id"], name=op.f("fk_publication_row_publication_publication"), ondelete="CASCADE"
        ),
    )


def _models() -> None:
    op.create_table(
        "hosted_upload",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("dataset_id", sa.Text),
        sa.Column("version_id", sa.Text),
        sa.Column("job_id", sa.Text),
        sa.Column("columns", sa.Text, nullable=False),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("people", sa.Integer, nullable=False),
        sa.Column("synthetic", sa.Boolean, nullable=False),
        sa.Column("catalogue_version", sa.Text, nullable=False),
        sa.Column("kept_rows", sa.LargeBinary, nullable=False),
        sa.Column("kept_people", sa.LargeBinary, nullable=False),
        sa.Column("content", sa.LargeBinary),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hosted_upload")),
    )
    op.create_table(
        "hosted_model",
        sa.Column("version_id", sa.Text, nullable=False),
        sa.Column("model_id", sa.Text, nullable=False),
        sa.Column("upload", sa.Text, nullable=False),
        sa.Column("job_id", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("calibration", sa.LargeBinary),
        sa.PrimaryKeyConstraint("version_id", name=op.f("pk_hosted_model")),
        sa.ForeignKeyConstraint(["upload"], ["hosted_upload.id"], name=op.f("fk_hosted_model_upload_hosted_upload")),
    )
    op.create_index(op.f("ix_hosted_model_model_id_created_at"), "hosted_model", ["model_id", "created_at"])


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("session_seq", _sequence, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("next_at", sa.BigInteger, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("holder", sa.Text),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.ForeignKeyConstraint(["session_seq"], ["session.seq"], name=op.f("fk_outbox_session_seq_session"), ondelete="CASCADE"),
    )
    op.create_index(op.f("ix_outbox_state_next_at"), "outbox", ["state", "next_at"])
    op.create_index(op.f("ix_outbox_session_seq"), "outbox", ["session_seq"])
