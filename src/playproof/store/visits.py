"""The tables of visitors who are verified: sites, their challenges, tokens, plays to know again, rates and signing keys.

They belong with those of `tables`. Times are milliseconds since 1970, UTC.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, UniqueConstraint

from playproof.store.tables import metadata, session

_Number = session.c.seq.type

site = Table(
    "site",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("sitekey", Text, nullable=False, unique=True),
    Column("origins", Text, nullable=False),  # JSON
    Column("policy", LargeBinary, nullable=False),  # JSON
    Column("created_at", BigInteger, nullable=False),
    Column("disabled_at", BigInteger),
)

# What the backends of sites say to be known by, hashed; two of a site live while one takes over from the other.
site_secret = Table(
    "site_secret",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("site", Text, ForeignKey("site.id", ondelete="CASCADE"), nullable=False),
    Column("hint", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Index(None, "site"),
)

challenge = Table(
    "challenge",
    metadata,
    Column("id", Text, primary_key=True),
    Column("site", Text, nullable=False),
    Column("way", Text, nullable=False),
    Column("game", Text, nullable=False),
    Column("state", LargeBinary, nullable=False),
    Column("action", Text),
    Column("cdata", Text),
    Column("hostname", Text, nullable=False),
    Column("address", LargeBinary, nullable=False),  # a keyed hash of its prefix
    Column("issued_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("sequence", Integer, nullable=False),  # batches accepted
    Column("started_at", BigInteger),  # when the first one was
    Column("closed_at", BigInteger),
    Column("closing", LargeBinary),  # how it ended
    Column("number", BigInteger),  # of its signature; 0 where it has none, null while it is open
    Column("token_at", BigInteger),
    Column("session_seq", _Number, ForeignKey("session.seq", ondelete="CASCADE")),
    Index(None, "issued_at"),
    Index(None, "session_seq"),
)
# Those that no session came of yet, by when they end.
Index(
    "ix_challenge_unfinished",
    challenge.c.expires_at,
    sqlite_where=challenge.c.session_seq.is_(None),
    postgresql_where=challenge.c.session_seq.is_(None),
)

# What was accepted of a challenge, until its session is stored.
challenge_batch = Table(
    "challenge_batch",
    metadata,
    Column("challenge", Text, ForeignKey("challenge.id", ondelete="CASCADE"), primary_key=True),
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("content", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

# How many challenges of an hour came to nothing and have been removed since.
abandoned = Table(
    "abandoned",
    metadata,
    Column("hour", BigInteger, primary_key=True, autoincrement=False),  # when it began
    Column("site", Text, primary_key=True),
    Column("game", Text, primary_key=True),
    Column("way", Text, primary_key=True),
    Column("issued", Integer, nullable=False),
    Column("started", Integer, nullable=False),
)

# Spent once: whoever finds `spent_at` empty and fills it.
token = Table(
    "token",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("challenge", Text, ForeignKey("challenge.id", ondelete="CASCADE"), nullable=False),
    Column("site", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("session_id", Text, nullable=False),
    Column("action", Text),
    Column("cdata", Text),
    Column("hostname", Text, nullable=False),
    Column("issued_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("way", Text, nullable=False),
    Column("game", Text, nullable=False),
    Column("device", Text, nullable=False),
    Column("spent_at", BigInteger),
    Column("idempotency", LargeBinary),  # of the question that it was spent by
    Column("answer", LargeBinary),  # JSON
    UniqueConstraint("challenge"),
)

# What is kept of a play to know it again, numbered in the order in which others can see them.
replay_signature = Table(
    "replay_signature",
    metadata,
    Column("number", _Number, primary_key=True),
    Column("signature", LargeBinary, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Index(None, "received_at"),
    sqlite_autoincrement=True,
)

# Where it is looked for. Without a foreign key: its buckets follow from the signature, and no index finds them by the number.
replay_row = Table(
    "replay_row",
    metadata,
    Column("bucket", BigInteger, primary_key=True, autoincrement=False),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("detail", BigInteger, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

# How often something happened in a window of time.
rate = Table(
    "rate",
    metadata,
    Column("key", LargeBinary, primary_key=True),
    Column("window_ms", Integer, primary_key=True, autoincrement=False),
    Column("ends_at", BigInteger, primary_key=True, autoincrement=False),
    Column("count", Integer, nullable=False),
    Index(None, "ends_at"),
    sqlite_with_rowid=False,
)

signing_key = Table(
    "signing_key",
    metadata,
    Column("id", Text, primary_key=True),
    Column("key", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)
