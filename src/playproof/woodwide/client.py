"""Woodwide as a whole: what can be done there, over one pool of connections."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playproof.clock import Clock, SystemClock
from playproof.errors import HostedNotConfigured
from playproof.ids import RandomBytes
from playproof.woodwide.caller import Caller, Sleep
from playproof.woodwide.connection import Connection
from playproof.woodwide.datasets import Datasets
from playproof.woodwide.inference import Inference
from playproof.woodwide.jobs import Jobs
from playproof.woodwide.report import CallReport, Listener, unheard
from playproof.woodwide.results import Results
from playproof.woodwide.retry import Retries
from playproof.woodwide.sdk import Sdk
from playproof.woodwide.training import Trainings
from playproof.woodwide.uploads import Uploads


class Woodwide:
    """What can be done at Woodwide. Every method raises `HostedError`, and nothing else."""

    def __init__(self, caller: Caller) -> None:
        self.datasets = Datasets(caller)
        self.jobs = Jobs(caller)
        self.uploads = Uploads(caller, self.jobs, self.datasets)
        self.training = Trainings(caller, self.jobs)
        self.inference = Inference(caller, self.jobs, Results(caller))


@asynccontextmanager
async def connect(
    connection: Connection | None,
    *,
    listener: Listener[CallReport] = unheard,
    clock: Clock | None = None,
    sleep: Sleep = asyncio.sleep,
    random: RandomBytes = os.urandom,
) -> AsyncIterator[Woodwide]:
    """Woodwide as `connection` says, for as long as the context lasts.

    `listener` hears of every call. Raises `HostedNotConfigured` where there is no connection.
    """
    if connection is None:
        raise HostedNotConfigured
    sdk = await Sdk.open(connection.base_url, connection.keys)
    try:
        retries = Retries(connection.attempts, connection.retry_patience, random)
        yield Woodwide(Caller(connection, sdk, clock=clock or SystemClock(), sleep=sleep, retries=retries, listener=listener))
    finally:
        await sdk.close()
