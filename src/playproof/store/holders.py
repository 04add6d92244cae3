"""What processes hold, and that nobody waits for those that died."""

from __future__ import annotations

from typing import Protocol

from sqlalchemy import Connection, delete

from playproof.clock import Clock, milliseconds
from playproof.store import awaited, batch, outbox
from playproof.store.live_tables import Run
from playproof.store.tables import lease


class Presence(Protocol):
    """Which processes live. Safe to share between threads."""

    def announce(self, name: str) -> None:
        """Show that this process, which nobody else is named as, lives, until it ends or `close`."""
        ...

    def dead(self) -> list[str]:
        """The names of processes that surely live no more, until they are forgotten."""
        ...

    def forget(self, name: str) -> None:
        """Do not name a dead process again."""
        ...

    def close(self) -> None:
        """Show nothing any more: what this process held, it has let go of."""
        ...


def release(connection: Connection, holder: str, now: int) -> None:
    """Let go of all that `holder` holds, in the transaction of `connection`: sessions and letters, which are due then, and leases."""
    awaited.release(connection, holder)
    batch.release(connection, holder)
    outbox.release(connection, holder, now)
    mine = lease.c.holder.startswith(f"{holder}/", autoescape=True)
    connection.execute(delete(lease).where((lease.c.holder == holder) | mine))


class HolderTables:
    """Processes as the tables name them. Safe to share between threads and processes.

    Whatever a process holds is free after a while unless it says otherwise. Where the engine can tell that it died, others need
    not wait for that.
    """

    def __init__(self, write: Run, presence: Presence | None, clock: Clock) -> None:
        """Without `presence` nothing is known of other processes."""
        self._write = write
        self._presence = presence
        self._clock = clock

    def announce(self, name: str) -> None:
        """Have others know, where they can, when the process `name` is dead. Raises `StoreRefused`."""
        if self._presence is not None:
            self._presence.announce(name)

    def relieve(self) -> int:
        """Let go of what dead processes held; how many processes those were. Raises `StoreUnavailable`."""
        dead = self._presence.dead() if self._presence is not None else []
        if self._presence is None or not dead:
            return 0
        now = milliseconds(self._clock.now())

        def work(connection: Connection) -> None:
            for name in dead:
                release(connection, name, now)

        self._write(work)
        for name in dead:
            self._presence.forget(name)
        return len(dead)
