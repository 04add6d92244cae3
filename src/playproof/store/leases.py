"""Leases: what one process at a time does, whichever that is."""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, or_, update

from playproof.clock import Clock, milliseconds
from playproof.store.live_tables import Run
from playproof.store.once import insert_once
from playproof.store.tables import lease


def take(connection: Connection, name: str, holder: str, now: int, until: int) -> bool:
    """Whether `holder` has the lease `name` now, until a time in milliseconds; who has it already extends it."""
    free = or_(lease.c.holder == holder, lease.c.held_until <= now)
    if connection.execute(update(lease).where(lease.c.name == name, free).values(holder=holder, held_until=until)).rowcount:
        return True
    return insert_once(connection, insert(lease).values(name=name, holder=holder, held_until=until))


def give_up(connection: Connection, name: str, holder: str) -> None:
    """Remove the lease `name`, if it is `holder`'s."""
    connection.execute(delete(lease).where(lease.c.name == name, lease.c.holder == holder))


class LeaseTables:
    """Leases by name. Safe to share between threads and processes; every method raises `StoreUnavailable`."""

    def __init__(self, write: Run, clock: Clock) -> None:
        self._write = write
        self._clock = clock

    def take(self, name: str, holder: str, seconds: float) -> bool:
        """Whether `holder` has the lease `name` for so many seconds from now; who has it already extends it so."""
        now = milliseconds(self._clock.now())
        return self._write(lambda connection: take(connection, name, holder, now, now + int(seconds * 1000)))

    def give_up(self, name: str, holder: str) -> None:
        """Let others take the lease `name`, if `holder` has it."""
        self._write(lambda connection: give_up(connection, name, holder))
