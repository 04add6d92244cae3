"""The tables. Times are milliseconds since 1970, UTC; sizes are bytes."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, ForeignKey, Index, Integer, LargeBinary, MetaData, Table, Text, UniqueConstraint

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

features = Table(
    "features",
    metadata,
    Column("seq", _Sequence, ForeignKey("session.seq", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("catalogue_version", Text, nullable=False),
    Column("vector", LargeBinary, nullable=False),
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
