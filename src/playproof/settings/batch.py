"""The settings of the batch queue."""

from __future__ import annotations

from typing import Annotated

import msgspec

from playproof.settings.kinds import FLAG, duration, integer
from playproof.settings.row import Setting

_DAY = 86400.0


class BatchSettings(msgspec.Struct, frozen=True, kw_only=True):
    """When queued sessions are scored together, and how many; a part of `Settings`."""

    batch_scheduler: Annotated[
        bool,
        Setting(
            FLAG,
            "Whether batches are formed on schedule as long as nobody has started or stopped the scheduler; what was said last holds, "
            "over restarts and in every process.",
            env="BATCH_SCHEDULER",
        ),
    ] = True
    batch_work: Annotated[
        bool,
        Setting(
            FLAG,
            "Whether this process works at batches. A server that leaves them to separate workers queues sessions all the same; a worker "
            "does not mind.",
            env="BATCH_WORK",
        ),
    ] = True
    batch_interval: Annotated[
        float,
        Setting(
            duration(0.1, 3600),
            "How often somebody looks whether there is a batch to form: one process at a time, whichever is first.",
            env="BATCH_INTERVAL",
        ),
    ] = 30.0
    batch_min: Annotated[
        int,
        Setting(integer(1, 500), "So many queued sessions make a batch. Not more than BATCH_MAX.", env="BATCH_MIN"),
    ] = 10
    batch_wait: Annotated[
        float,
        Setting(duration(0, _DAY), "How long the oldest queued session waits for company; then fewer make a batch too.", env="BATCH_WAIT"),
    ] = 300.0
    batch_max: Annotated[
        int,
        Setting(integer(1, 500), "Most sessions of a batch.", env="BATCH_MAX"),
    ] = 50
    batch_attempts: Annotated[
        int,
        Setting(
            integer(1, 100),
            "How often a session may fail for what it is, by itself in the end, before it is buried. Outages do not count.",
            env="BATCH_ATTEMPTS",
        ),
    ] = 5
    batch_queue_max: Annotated[
        int,
        Setting(
            integer(1, 100_000_000),
            "Most sessions that wait; past it a session is scored at once, its verdict is final, and its sender is told so with 503.",
            env="BATCH_QUEUE_MAX",
        ),
    ] = 100_000
    batch_keep: Annotated[
        float,
        Setting(
            duration(0, 3650 * _DAY),
            "How long the queue remembers what it has settled; verdicts stay as long as PLAYPROOF_KEEP_VERDICTS says.",
            env="BATCH_KEEP",
        ),
    ] = _DAY
