"""Publications of the live dataset, on whatever engine is below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from playproof.clock import Clock, milliseconds
from playproof.store import leases, live, publications
from playproof.store.live_tables import Run
from playproof.store.published import PublicationRecord, PublicationRow
from playproof.store.rows import Dataset


class Unfinished(NamedTuple):
    """A publication that somebody began, and whose its rows are."""

    record: PublicationRecord
    rows: list[PublicationRow]


class PublicationTables:
    """What is sent of a live dataset to Woodwide. Safe to share between threads; what is written is on disk when a method returns.

    Every method raises `StoreUnavailable`.
    """

    def __init__(self, write: Run, read: Run, clock: Clock) -> None:
        self._write = write
        self._read = read
        self._clock = clock

    def _now(self) -> int:
        return milliseconds(self._clock.now())

    def lead(
        self, dataset: Dataset, lease: str, holder: str, seconds: float, *, settled: Sequence[str], longest: float
    ) -> list[Unfinished] | None:
        """The open publications of `dataset`, the oldest first, for `holder` to carry on; `None` where somebody else has the `lease`.

        `holder` has it for so many seconds then. `settled` are closed before, as are those whose sessions all have their
        verdicts, and those begun over `longest` seconds ago.
        """
        now = self._now()

        def work(connection: Connection) -> list[Unfinished] | None:
            for name in settled:
                publications.close(connection, name, publications.SETTLED)
            if not leases.take(connection, lease, holder, now, now + int(seconds * 1000)):
                return None
            publications.settle_unawaited(connection, dataset.id)
            publications.close_older(connection, dataset.id, now - int(longest * 1000), "job_timeout")
            found = publications.unfinished(connection, dataset.id)
            return [Unfinished(record, publications.rows(connection, record.id)) for record in found]

        return self._write(work)

    def begin(self, record: PublicationRecord, rows: Sequence[PublicationRow]) -> None:
        """Note a publication and whose its rows are, in the order of the file."""
        now = self._now()
        self._write(lambda connection: publications.begin(connection, record, rows, now))

    def announced(self, name: str, dataset: Dataset, *, target_id: str | None, dataset_id: str, version_id: str, job_id: str) -> None:
        """Note what the file becomes, announced by the id of its dataset or by a name alone.

        That dataset stands for `dataset` from now on, if nothing else did or does.
        """

        def work(connection: Connection) -> None:
            publications.announced(connection, name, target_id, dataset_id, version_id, job_id)
            live.record_remote(connection, dataset, dataset_id)

        self._write(work)

    def begun(self, name: str, job_id: str) -> None:
        """Note what scores it."""
        self._write(lambda connection: publications.begun(connection, name, job_id))

    def settle(self, names: Sequence[str]) -> None:
        """Note that the answers of publications came."""

        def work(connection: Connection) -> None:
            for name in names:
                publications.close(connection, name, publications.SETTLED)

        if names:
            self._write(work)

    def over(self, name: str, reason: str, *, dataset: Dataset, lost_id: str | None = None) -> None:
        """Note that nothing comes of a publication; where its dataset `lost_id` is lost, the next makes a replacement."""
        now = self._now()

        def work(connection: Connection) -> None:
            publications.close(connection, name, publications.OVER, reason)
            if lost_id is not None:
                live.replace_remote(connection, dataset.id, lost_id, reason, now)

        self._write(work)

    def vectors(self, name: str, catalogue_version: str) -> list[bytes | None]:
        """The features of its rows, little-endian float64, in the order of the file.

        `None` for a row that is gone, or of another version of the catalogue.
        """
        return self._read(lambda connection: publications.vectors(connection, name, catalogue_version))

    def rows_of_sessions(self, numbers: Sequence[int]) -> dict[int, int]:
        """By the number of a session, that of its row in the live dataset; sessions that are gone have none."""
        return self._read(lambda connection: publications.rows_of_sessions(connection, numbers))
