"""The tables. Times are milliseconds since 1970, UTC; sizes are bytes."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite counts rows by itself only in a column that says INTEGER.
_Sequence = BigInteger().with_variant(Integer, "sqlite")

session = Table(
    "session",
    metadata,
    Column("seq", _Sequence, primary_key=True),  # in order of arrival, never used again
    Column("scope", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("game_type", Text, nullable=False),
    Column("device_type", Text, nullable=False),
    Column("decision", Text, nullable=False),
    Column("anomaly_score", Float),
    Column("raw_score", Float),
    Column("source", Text, nullable=False),
    Column("model_version", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("verdict", LargeBinary, nullable=False),
    # The id first: an erasure looks for it in every scope.
    UniqueConstraint("id", "scope"),
    Index(None, "received_at"),
    sqlite_autoincrement=True,
)

# A dataset that lives: rows in order of arrival, and which dataset at Woodwide stands for it.
live_dataset = Table(
    "live_dataset",
    metadata,
    Column("id", _Sequence, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("created_at", BigInteger, nullable=False),
    Column("window_from", BigInteger, nullable=False),  # the first row that is published
    Column("generation", Integer, nullable=False),  # counted up when the remote dataset is replaced
    Column("remote_id", Text),
    Column("lease_holder", Text),  # who may make the remote dataset now
    Column("lease_until", BigInteger),
)

# What stood for a dataset before, and why it no longer does.
live_replaced = Table(
    "live_replaced",
    metadata,
    Column("dataset", _Sequence, ForeignKey("live_dataset.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("remote_id", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("replaced_at", BigInteger, nullable=False),
)

# The rows, with the features of every session; what a session's row shares with the session stands there alone.
live_row = Table(
    "live_row",
    metadata,
    Column("seq", _Sequence, primary_key=True),  # in order of arrival, never used again
    Column("dataset", _Sequence, ForeignKey("live_dataset.id"), nullable=False),
    Column("session_seq", _Sequence, ForeignKey("session.seq", ondelete="CASCADE"), unique=True),
    Column("catalogue_version", Text, nullable=False),
    Column("vector", LargeBinary, nullable=False),
    Column("origin", Text, nullable=False),  # who sent it
    Column("stratum", Text, nullable=False),
    Column("label", Text),
    Column("eligible", Boolean, nullable=False),  # may keep new rows company
    Column("awaiting", Boolean, nullable=False),  # its hosted result is still to come
    sqlite_autoincrement=True,
)
Index("ix_live_row_awaiting", live_row.c.seq, sqlite_where=live_row.c.awaiting.is_(True), postgresql_where=live_row.c.awaiting.is_(True))

# What a row without a session has in its place.
imported_row = Table(
    "imported_row",
    metadata,
    Column("seq", _Sequence, ForeignKey("live_row.seq", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("dataset", _Sequence, ForeignKey("live_dataset.id"), nullable=False),
    Column("scope", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("scorer", Text),
    Column("decision", Text),
    Column("reference", Boolean, nullable=False),  # one of the dataset's first rows, which stay
    UniqueConstraint("id", "scope", "dataset"),
    Index(None, "reference", "received_at"),
)

# Apart from the session, so that lists of verdicts need not read past it, and because it leaves sooner.
telemetry = Table(
    "telemetry",
    metadata,
    Column("seq", _Sequence, ForeignKey("session.seq", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("received_at", BigInteger, nullable=False),
    Column("content", LargeBinary, nullable=False),  # zstd
    Index(None, "received_at"),
)

erasure = Table(
    "erasure",
    metadata,
    Column("subject", LargeBinary, primary_key=True),  # a hash of scope and id: nothing of the session itself
    Column("erased_at", BigInteger, nullable=False),
)

# One row, written to find out whether the disk takes writes again.
probe = Table(
    "probe",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("count", BigInteger, nullable=False),
)
