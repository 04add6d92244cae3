"""What stands for the live dataset at Woodwide: made once, found again, replaced once where it is lost.

A lease in the store lets one process at a time make it. One that dies between making and noting it leaves a dataset with the
right name, which the next finds and adopts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from playproof.errors import HostedError, HostedReason
from playproof.store import Dataset, Store

LEASE_SECONDS = 120.0
"""How long one process may take to make the remote dataset before another tries."""
LOOK_SECONDS = 0.5
"""How often the others look whether it is there."""


class Remote(Protocol):
    """Datasets at Woodwide."""

    async def find(self, name: str) -> str | None:
        """The id of the dataset of that name; `None` where there is none. Raises `HostedError`."""
        ...

    async def create(self, name: str) -> str:
        """Make the dataset of that name; its id. Raises `HostedError`, with reason `conflict` where the name is taken."""
        ...


async def ensure_remote(
    store: Store,
    name: str,
    remote: Remote,
    *,
    holder: str,
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    lease_seconds: float = LEASE_SECONDS,
) -> str:
    """The id of what stands for dataset `name` at Woodwide, found or made where nothing is noted yet.

    `holder` names this process, as no other is named. However many ask at once, one makes it and the others wait. Raises
    `HostedError` where Woodwide does not answer usably; the next to ask tries again
    at once, or after the lease where the call may still have its effect.
    """
    live = store.live
    while True:
        dataset, _, _ = await asyncio.to_thread(live.ensure, name)
        if dataset.remote_id is not None:
            return dataset.remote_id
        if not await asyncio.to_thread(live.take_lease, dataset, holder, lease_seconds):
            await pause(LOOK_SECONDS)
            continue
        try:
            # Shorter than the lease, so that nobody else makes it while this call is still on its way.
            async with asyncio.timeout(lease_seconds / 2):
                made = await _adopt_or_create(dataset, remote)
        except TimeoutError:
            raise HostedError(
                f"the dataset {dataset.remote_name} was not there after {lease_seconds / 2:g} s",
                reason=HostedReason.TIMEOUT,
                uncertain=True,
            ) from None
        except HostedError as error:
            if not error.uncertain:
                await asyncio.to_thread(live.give_up_lease, dataset, holder)
            raise
        await asyncio.to_thread(live.record_remote, dataset, made)


async def replace_remote(store: Store, name: str, lost_id: str, reason: str) -> bool:
    """Give up the remote dataset `lost_id`, deleted or with a schema that takes these rows no more; whether nobody did before.

    The next `ensure_remote` makes the replacement, under a name of its own.
    """
    dataset, _, _ = await asyncio.to_thread(store.live.ensure, name)
    return await asyncio.to_thread(store.live.replace_remote, dataset, lost_id, reason)


async def _adopt_or_create(dataset: Dataset, remote: Remote) -> str:
    found = await remote.find(dataset.remote_name)
    if found is not None:
        return found
    try:
        return await remote.create(dataset.remote_name)
    except HostedError as error:
        if error.reason is not HostedReason.CONFLICT:
            raise
        conflict = error
    found = await remote.find(dataset.remote_name)
    if found is None:
        raise conflict
    return found
