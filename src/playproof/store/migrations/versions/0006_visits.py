"""Visitors who are verified: sites, their challenges, tokens, plays to know again, rates and signing keys."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_sequence = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    _sites()
    _challenges()
    _tokens()
    _replays()
    op.create_table(
        "rate",
        sa.Column("key", sa.LargeBinary, nullable=False),
        sa.Column("window_ms", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("ends_at", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("key", "window_ms", "ends_at", name=op.f("pk_rate")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_rate_ends_at"), "rate", ["ends_at"])
    op.create_table(
        "signing_key",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("key", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signing_key")),
    )
    if op.get_bind().dialect.name == "postgresql":
        # Their rows change with every step, or come and go by the second; what they were before must not pile up.
        for table in ("challenge", "challenge_batch", "rate"):
            op.execute(f"ALTER TABLE {table} SET (autovacuum_vacuum_scale_factor = 0.01)")


def _sites() -> None:
    op.create_table(
        "site",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("sitekey", sa.Text, nullable=False),
        sa.Column("origins", sa.Text, nullable=False),
        sa.Column("policy", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("disabled_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site")),
        sa.UniqueConstraint("name", name=op.f("uq_site_name")),
        sa.UniqueConstraint("sitekey", name=op.f("uq_site_sitekey")),
    )
    op.create_table(
        "site_secret",
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("site", sa.Text, nullable=False),
        sa.Column("hint", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_site_secret")),
        sa.ForeignKeyConstraint(["site"], ["site.id"], name=op.f("fk_site_secret_site_site"), ondelete="CASCADE"),
    )
    op.create_index(op.f("ix_site_secret_site"), "site_secret", ["site"])


def _challenges() -> None:
    op.create_table(
        "challenge",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("site", sa.Text, nullable=False),
        sa.Column("way", sa.Text, nullable=False),
        sa.Column("game", sa.Text, nullable=False),
        sa.Column("state", sa.LargeBinary, nullable=False),
        sa.Column("action", sa.Text),
        sa.Column("cdata", sa.Text),
        sa.Column("hostname", sa.Text, nullable=False),
        sa.Column("address", sa.LargeBinary, nullable=False),
        sa.Column("issued_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("started_at", sa.BigInteger),
        sa.Column("closed_at", sa.BigInteger),
        sa.Column("closing", sa.LargeBinary),
        sa.Column("number", sa.BigInteger),
        sa.Column("token_at", sa.BigInteger),
        sa.Column("session_seq", _sequence),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_challenge")),
        sa.ForeignKeyConstraint(["session_seq"], ["session.seq"], name=op.f("fk_challenge_session_seq_session"), ondelete="CASCADE"),
    )
    op.create_index(op.f("ix_challenge_issued_at"), "challenge", ["issued_at"])
    op.create_index(op.f("ix_challenge_session_seq"), "challenge", ["session_seq"])
    op.create_index(
        op.f("ix_challenge_unfinished"),
        "challenge",
        ["expires_at"],
        sqlite_where=sa.text("session_seq IS NULL"),
        postgresql_where=sa.text("session_seq IS NULL"),
    )
    op.create_table(
        "challenge_batch",
        sa.Column("challenge", sa.Text, nullable=False),
        sa.Column("sequence", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("challenge", "sequence", name=op.f("pk_challenge_batch")),
        sa.ForeignKeyConstraint(["challenge"], ["challenge.id"], name=op.f("fk_challenge_batch_challenge_challenge"), ondelete="CASCADE"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "abandoned",
        sa.Column("hour", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("site", sa.Text, nullable=False),
        sa.Column("game", sa.Text, nullable=False),
        sa.Column("way", sa.Text, nullable=False),
        sa.Column("issued", sa.Integer, nullable=False),
        sa.Column("started", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("hour", "site", "game", "way", name=op.f("pk_abandoned")),
    )


def _tokens() -> None:
    op.create_table(
        "token",
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("challenge", sa.Text, nullable=False),
        sa.Column("site", sa.Text, nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("session_id", sa.Text, nullable=False),
        sa.Column("action", sa.Text),
        sa.Column("cdata", sa.Text),
        sa.Column("hostname", sa.Text, nullable=False),
        sa.Column("issued_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("way", sa.Text, nullable=False),
        sa.Column("game", sa.Text, nullable=False),
        sa.Column("device", sa.Text, nullable=False),
        sa.Column("spent_at", sa.BigInteger),
        sa.Column("idempotency", sa.LargeBinary),
        sa.Column("answer", sa.LargeBinary),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_token")),
        sa.ForeignKeyConstraint(["challenge"], ["challenge.id"], name=op.f("fk_token_challenge_challenge"), ondelete="CASCADE"),
        sa.UniqueConstraint("challenge", name=op.f("uq_token_challenge")),
    )


def _replays() -> None:
    op.create_table(
        "replay_signature",
        sa.Column("number", _sequence, nullable=False),
        sa.Column("signature", sa.LargeBinary, nullable=False),
        sa.Column("received_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_replay_signature")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_replay_signature_received_at"), "replay_signature", ["received_at"])
    op.create_table(
        "replay_row",
        sa.Column("bucket", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("detail", sa.BigInteger, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("bucket", "number", "detail", name=op.f("pk_replay_row")),
        sqlite_with_rowid=False,
    )
