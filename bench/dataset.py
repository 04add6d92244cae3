"""The live dataset: what a session costs while it grows.

    python -m bench.dataset [--rows 100 10000 1000000]

Rows are filled in until the dataset is as long as asked, cheaply and not counted; then sessions are stored as the service does
so, rows appended as the command line does, and the window is read, cut and written as it is sent to Woodwide.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from contextlib import closing
from pathlib import Path

import msgspec
import numpy as np

from bench.machine import machine
from playproof.dataset import LiveDataset
from playproof.features import CATALOGUE_VERSION, NAMES
from playproof.store import ImportedRow, Live, SessionRecord, Store, open_store
from playproof.store.tables import live_row
from playproof.testing import session_record
from playproof.woodwide.mapping import Columns, parquet_file

NAME = Live().name
SESSIONS = 2000
GROUP = 64
DISTINCT = 2000
"""Rows that are filled in turn: more than a window has, so that none in it is like another."""
COMPANY = 100
"""Rows of the file that new ones are sent in."""


def vector(number: int) -> bytes:
    """The features of made-up row `number`."""
    return np.random.default_rng(number).normal(size=len(NAMES)).astype("<f8").tobytes()


def fill(store: Store, dataset: LiveDataset, rows: int, name: str = NAME) -> None:
    """Make the dataset `rows` rows long, most of them out of the window."""
    number = dataset.ensure_persistent_dataset(name).id
    have = dataset.status(name).counts.rows
    made = [vector(one) for one in range(DISTINCT)]
    values = {"dataset": number, "catalogue_version": CATALOGUE_VERSION, "stratum": "targets/mouse", "eligible": True, "awaiting": False}
    while have < rows:
        count = min(20_000, rows - have)
        batch = [{**values, "vector": made[one % DISTINCT], "origin": f"site-{one % 40}"} for one in range(count)]
        store.live._write(lambda connection, batch=batch: connection.execute(live_row.insert(), batch).rowcount)  # type: ignore[misc]
        have += count
    dataset.cleanup_dataset(name, Live().max_rows)


def record(number: int, name: str) -> SessionRecord:
    """A session to store."""
    told = {"origin": f"site-{number % 40}", "stratum": "targets/mouse", "eligible": True, "catalogue_version": CATALOGUE_VERSION}
    return msgspec.structs.replace(session_record(name, content=os.urandom(4000), verdict=b"x" * 1200), features=vector(number), **told)


def imported(name: str, number: int) -> ImportedRow:
    """A row to append."""
    return ImportedRow(
        scope="bench",
        session_id=name,
        received_at=0,
        catalogue_version=CATALOGUE_VERSION,
        vector=vector(number),
        origin="bench",
        stratum="targets/mouse",
    )


def size(folder: Path) -> int:
    """Bytes of the database and its log."""
    return sum(path.stat().st_size for path in folder.iterdir())


def stored(store: Store, name: str) -> float:
    """Microseconds a session takes to be stored, in groups: the median group's."""
    records = [record(number, f"{name}-{number}") for number in range(SESSIONS)]
    times = []
    for start in range(0, SESSIONS, GROUP):
        some = records[start : start + GROUP]
        began = time.perf_counter()
        futures = [store.put(one) for one in some]
        store.hurry()
        for future in futures:
            future.result()
        times.append((time.perf_counter() - began) / len(some))
    return float(np.median(times)) * 1e6


def appended(dataset: LiveDataset, name: str) -> float:
    """Microseconds a row takes to be appended without a session: the median call's."""
    times = []
    for call in range(20):
        rows = [imported(f"{name}-{call}-{number}", number) for number in range(GROUP)]
        began = time.perf_counter()
        dataset.append_to_dataset(NAME, rows)
        times.append((time.perf_counter() - began) / GROUP)
    return float(np.median(times)) * 1e6


def sent(dataset: LiveDataset) -> tuple[float, float, int, int]:
    """Milliseconds to choose and read the company of a new row, and to read the window; bytes of its file and of the window's."""
    columns = Columns()
    times = []
    rows = np.empty((0, len(NAMES)))
    for _ in range(20):
        began = time.perf_counter()
        _, rows = dataset.company_rows(NAME, COMPANY)
        times.append(time.perf_counter() - began)
    new = np.frombuffer(vector(1), "<f8")[None]
    began = time.perf_counter()
    read = dataset.window(NAME)
    reading = time.perf_counter() - began
    window = np.array([np.frombuffer(row.vector, "<f8") for row in read])
    return (
        float(np.median(times)) * 1e3,
        reading * 1e3,
        len(parquet_file(np.vstack([new, rows]), columns).content),
        len(parquet_file(window, columns).content),
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="What a session costs while the live dataset grows.")
    parser.add_argument("--rows", type=int, nargs="+", default=[100, 10_000, 1_000_000])
    lengths = sorted(parser.parse_args().rows)
    print(f"live dataset, {machine()}; a window of {Live().max_rows} rows, {COMPANY} for company")
    with tempfile.TemporaryDirectory(prefix="playproof-bench-") as name:
        folder = Path(name)
        with closing(open_store(folder)) as store:
            dataset = LiveDataset(store)
            dataset.ensure_persistent_dataset(NAME, [imported(f"reference-{one}", one) for one in range(COMPANY)])
            for rows in lengths:
                fill(store, dataset, rows)
                stored(store, f"warm-{rows}")
                before = size(folder)
                micros = stored(store, f"s-{rows}")
                grown = (size(folder) - before) / SESSIONS
                choosing, reading, company, window = sent(dataset)
                added = appended(dataset, f"a-{rows}")
                print(
                    f"{rows:>9,} rows: stored in {micros:.0f} us a session, {grown:,.0f} bytes on disk; appended in {added:.0f} us a row; "
                    f"company in {choosing:.1f} ms, window in {reading:.0f} ms; {company:,} bytes a file, {window:,} bytes a window"
                )


if __name__ == "__main__":
    main()
