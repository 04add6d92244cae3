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
    Column("queued", Boolean),  # true where it was queued for a batch; null where that was not noted yet
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

# Sessions whose verdict is preliminary; the row goes when it becomes final, which is how that happens once.
awaited = Table(
    "awaited",
    metadata,
    Column("session_seq", _Sequence, ForeignKey("session.seq", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("next_at", BigInteger, nullable=False),  # not asked for again before
    Column("attempts", Integer, nullable=False),  # that failed for what was sent, not for the provider's state
    Column("reason", Text),  # why the latest one failed
    Column("told", Boolean),  # true where somebody who does not wait for it was answered the preliminary verdict
    Column("assessment", LargeBinary, nullable=False),  # JSON: what the rules said, to judge with again
    Column("holder", Text),  # the process that asks for it now
    Column("held_until", BigInteger),
    Index(None, "next_at"),
    Index(None, "holder"),
)

# Who may do what only one process does at a time.
lease = Table(
    "lease",
    metadata,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("held_until", BigInteger, nullable=False),
)

# What was sent of a live dataset to Woodwide, as far as that came.
publication = Table(
    "publication",
    metadata,
    Column("id", Text, primary_key=True),  # Woodwide knows the upload by it
    Column("dataset", _Sequence, ForeignKey("live_dataset.id"), nullable=False),
    Column("generation", Integer, nullable=False),  # of the remote dataset it went to
    Column("created_at", BigInteger, nullable=False),
    Column("target_id", Text),
    Column("target_name", Text),
    Column("model_id", Text, nullable=False),
    Column("model_version_id", Text, nullable=False),
    Column("columns", Text, nullable=False),  # JSON
    Column("dataset_id", Text),
    Column("version_id", Text),
    Column("job_id", Text),
    Column("batch_job_id", Text),
    Column("state", Text, nullable=False),
    Column("reason", Text),
    Index(None, "dataset", "state"),
    Index(None, "created_at"),
)

# Whose each row of a publication is; a row that is gone from the live dataset meanwhile keeps its place.
publication_row = Table(
    "publication_row",
    metadata,
    Column("publication", Text, ForeignKey("publication.id", ondelete="CASCADE"), primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("live_seq", BigInteger, nullable=False),
    Column("session_seq", BigInteger),  # of a session that awaits its score; the others are company
)

# What was sent to train on, and the rows of people who were kept out of it.
hosted_upload = Table(
    "hosted_upload",
    metadata,
    Column("id", Text, primary_key=True),  # Woodwide knows the upload by it
    Column("name", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("dataset_id", Text),
    Column("version_id", Text),
    Column("job_id", Text),
    Column("columns", Text, nullable=False),  # JSON
    Column("rows", Integer, nullable=False),
    Column("people", Integer, nullable=False),
    Column("synthetic", Boolean, nullable=False),  # made up, not recorded
    Column("catalogue_version", Text, nullable=False),
    Column("kept_rows", LargeBinary, nullable=False),
    Column("kept_people", LargeBinary, nullable=False),  # JSON: whose each is
    Column("content", LargeBinary),  # the file, as long as it may have to be sent again
    Column("state", Text, nullable=False),
    Column("reason", Text),
)

# Versions of hosted models that were trained from here, with their yardsticks.
hosted_model = Table(
    "hosted_model",
    metadata,
    Column("version_id", Text, primary_key=True),
    Column("model_id", Text, nullable=False),
    Column("upload", Text, ForeignKey("hosted_upload.id"), nullable=False),
    Column("job_id", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text),
    Column("calibration", LargeBinary),  # JSON
    Index(None, "model_id", "created_at"),
)

# What a site is still to be told, or was.
outbox = Table(
    "outbox",
    metadata,
    Column("id", Text, primary_key=True),
    Column("session_seq", _Sequence, ForeignKey("session.seq", ondelete="CASCADE"), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("next_at", BigInteger, nullable=False),  # waiting: not sent before, or its hold ends; else since when
    Column("attempts", Integer, nullable=False),
    Column("reason", Text),
    Column("holder", Text),
    Index(None, "state", "next_at"),
    Index(None, "session_seq"),
)

# Sessions that are scored together with others; the work itself, while `awaited` keeps what is needed to judge again.
batch_entry = Table(
    "batch_entry",
    metadata,
    Column("session_seq", _Sequence, ForeignKey("session.seq", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("state", Text, nullable=False),
    Column("sharing", Integer, nullable=False),  # with how many it may share a batch; 0: any
    Column("enqueued_at", BigInteger, nullable=False),
    Column("next_at", BigInteger, nullable=False),  # queued: not claimed before; claimed: its hold ends; else since when
    Column("attempts", Integer, nullable=False),
    Column("epoch", Integer, nullable=False),  # counted up with every claim
    Column("holder", Text),
    Column("reason", Text),
    Column("error", Text),
    Column("assessment", LargeBinary),  # of a buried one, which has no row in `awaited`
    Index(None, "state", "sharing", "next_at", "session_seq"),
)

# One row, which whoever forms a batch locks.
batch_gate = Table(
    "batch_gate",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("batches", BigInteger, nullable=False),
    Column("scheduler", Boolean),
    Column("changed_at", BigInteger),
    Column("paused_until", BigInteger, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("reason", Text),
)

# When the scheduler looked, once for all processes.
batch_tick = Table(
    "batch_tick",
    metadata,
    Column("due_at", BigInteger, primary_key=True, autoincrement=False),
    Column("holder", Text, nullable=False),
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

# What is left of sessions that were queued for a batch, when retention has removed them.
tombstone = Table(
    "tombstone",
    metadata,
    Column("id", Text, primary_key=True),
    Column("scope", Text, primary_key=True),
    Column("gone_at", BigInteger, nullable=False),
    Index(None, "gone_at"),
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
