"""Replays in a database: what a lookup among a million plays takes on both engines.

    python -m bench.replay_stores FOLDER [--stored 1000000] [--nice 0] [--page docs/replay.md]

Who is looked up was never there, which costs most: nothing ends a lookup early. The plays are those of `bench.replay`, put into the
tables at once, and the server is a PostgreSQL of our own with its ordinary settings, on a Unix socket of the same machine.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

import numpy as np
import psycopg
from sqlalchemy import Connection

from bench.machine import machine, niceness
from bench.page import put
from bench.replay import prepare
from bench.store import places
from playproof.challenges.memory_index import MemoryIndex
from playproof.challenges.replay import PER_BUCKET, ReplayIndex, nearest
from playproof.store import Store, open_store
from playproof.store.groups import execute
from playproof.telemetry import Session

STEP = 250_000
"""Rows of a transaction."""
WARM = 200
"""Lookups before those that count."""

Row = tuple[object, ...]


def rows(index: MemoryIndex) -> Iterator[list[Row]]:
    """The rows of an index, in the order in which they are kept, the latest of each bucket, in steps; plays are numbered from 1."""
    order = np.lexsort((index._detail, index._number, index._bucket))
    bucket, number, detail = index._bucket[order], index._number[order].astype(np.int64) + 1, index._detail[order]
    latest = np.searchsorted(bucket, bucket, "right") - np.arange(len(bucket)) <= PER_BUCKET
    again = np.zeros(len(bucket), np.bool_)
    again[1:] = (bucket[1:] == bucket[:-1]) & (number[1:] == number[:-1]) & (detail[1:] == detail[:-1])
    kept = np.stack([column[latest & ~again] for column in (bucket, number, detail)], axis=1)
    for start in range(0, len(kept), STEP):
        yield [tuple(row) for row in kept[start : start + STEP].tolist()]


def signatures(index: MemoryIndex) -> Iterator[list[Row]]:
    """The signatures of an index, in steps."""
    for start in range(0, len(index), STEP):
        numbers = range(start, min(start + STEP, len(index)))
        yield [(number + 1, index._signature(number).pack(), number) for number in numbers]


def fill(store: Store, url: str | None, index: MemoryIndex) -> None:
    """Have the plays of `index` be in `store`."""
    for table, parts in (("replay_signature", signatures(index)), ("replay_row", rows(index))):
        for part in parts:
            if url is None:
                store.sites._write(partial(_insert, table=table, part=part))
            else:
                _copy(url, table, part)
    if url is not None:
        with psycopg.connect(url, autocommit=True) as connection:  # what the server does in its own time after so many rows at once
            connection.execute("VACUUM ANALYZE")
            connection.execute("CHECKPOINT")


def _insert(connection: Connection, table: str, part: list[Row]) -> None:
    driver = connection.connection.driver_connection
    assert driver is not None
    driver.executemany(f"INSERT INTO {table} VALUES (?, ?, ?)", part)  # noqa: S608


def _copy(url: str, table: str, part: list[Row]) -> None:
    with psycopg.connect(url) as connection, connection.cursor().copy(f"COPY {table} FROM STDIN".encode()) as copy:
        for row in part:
            copy.write_row(row)


def size(store: Store, url: str | None) -> int:
    """Bytes of the plays in the database, indexes included."""
    if url is None:
        pages = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
        return int(store.replays._read(lambda connection: execute(connection, pages, ()).fetchone()[0]))
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT pg_total_relation_size('replay_row') + pg_total_relation_size('replay_signature')").fetchone()
    assert found is not None
    return int(found[0])


def lookups(name: str, index: ReplayIndex, visitors: Sequence[Session]) -> list[str]:
    """Lines of the table."""
    for session in visitors[:WARM]:
        nearest(session, index)
    processor, wall = [], []
    for session in visitors:
        began, stood = time.thread_time(), time.perf_counter()
        nearest(session, index)
        processor.append((time.thread_time() - began) * 1e3)
        wall.append((time.perf_counter() - stood) * 1e3)
    return [
        f"| {name}, {clock} | {np.median(values):.2f} | {np.percentile(values, 99):.2f} | {max(values):.2f} |"
        for clock, values in (("processor of this process", processor), ("wall clock", wall))
    ]


def main() -> None:
    """Measure and print, or write into a page."""
    parser = argparse.ArgumentParser(description="Replays among a million plays, in a database.")
    parser.add_argument("folder", type=Path, help="where the recorded people are")
    parser.add_argument("--stored", type=int, default=1_000_000, help="plays to look among")
    parser.add_argument("--nice", type=int, default=0, help="niceness of what is timed")
    parser.add_argument("--page", type=Path, help="a page to put the figures into")
    given = parser.parse_args()
    ground = prepare(given.folder, given.stored)
    visitors = [record.session for record in ground.strangers]
    said: list[str] = []
    with niceness(given.nice):
        lines = lookups("memory", ground.index, visitors)
    print(*lines, sep="\n", flush=True)
    with places() as found:
        for engine, place in found.items():
            with (
                tempfile.TemporaryDirectory(prefix="playproof-bench-") as folder,
                place() as url,
                closing(open_store(Path(folder), database_url=url)) as store,
            ):
                fill(store, url, ground.index)
                started = time.perf_counter()
                store.replays.prepare()
                took = time.perf_counter() - started
                said.append(f"{engine}: {size(store, url) / given.stored:.0f} bytes a play; read through in {took:.1f} s.")
                with niceness(given.nice):
                    lines += lookups(engine, store.replays, visitors)
                print(said[-1], *lines[-2:], sep="\n", flush=True)
    load = f"load while measuring {Path('/proc/loadavg').read_text().split()[0]}" + (f", at niceness {given.nice}" if given.nice else "")
    head = f"{machine()}; {load}. {given.stored:,} plays stored."
    table = ["| signature, lookup and comparison of one play, ms | median | p99 | most |", "| --- | ---: | ---: | ---: |", *lines]
    if given.page:
        put(given.page, "bench.replay_stores", "\n".join([head, "", *said, "", *table]))


if __name__ == "__main__":
    main()
