"""Served sessions as rows of the live dataset, and its files."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from arro3.core import Table
from arro3.io import read_parquet

from playproof.clock import SystemClock, milliseconds
from playproof.dataset import LiveDataset
from playproof.dataset.export import COLUMNS, write_csv, write_parquet
from playproof.dataset.rows import imported_row
from playproof.features import CATALOGUE_VERSION, NAMES, extract
from playproof.store import ImportedRow, Live, LiveRow
from playproof.telemetry import Labels, decode
from playproof.web.retention import Retention, purge_for_ever
from tests.serving import Site, body

NAME = Live().name
AGES = timedelta(days=365 * 40)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path / "data")
    yield site
    site.close()


def rows(site: Site) -> list[LiveRow]:
    return LiveDataset(site.store).window(NAME)


def test_a_served_session_is_an_eligible_row_of_the_same_features(site: Site) -> None:
    content = body(sessionId="a")
    assert site.score(content).json()["decision"] == "pass"
    site.score(content)
    (row,) = rows(site)
    assert (row.session_id, row.origin, row.stratum, row.scorer, row.decision) == ("a", "open", "targets/mouse", "local", "pass")
    assert row.vector == extract(decode(content)).astype("<f8").tobytes()
    assert row.catalogue_version == CATALOGUE_VERSION
    assert (row.eligible, row.awaiting) == (True, False)


def test_what_says_little_or_comes_from_elsewhere_is_a_row_that_is_not_eligible(site: Site) -> None:
    site.score(body(sessionId="demo"), playproof_demo="true")
    site.score(body(sessionId="short", movements=[], clicks=[]))
    site.services.service.submit(decode(body(sessionId="library"))).outcome.result(60)
    assert {row.session_id: row.eligible for row in rows(site)} == {"demo": False, "short": False, "library": False}


def test_the_window_is_cut_by_schedule(site: Site) -> None:
    dataset, now = LiveDataset(site.store), milliseconds(SystemClock().now())
    dataset.append_to_dataset(NAME, [imported_row(decode(body(seed)), None, origin="f", received_at=now) for seed in range(1, 16)])
    retention = Retention(AGES, AGES, Live(NAME, 10))

    async def once() -> None:
        task = asyncio.create_task(purge_for_ever(site.store, retention, SystemClock(), site.metrics, every=3600))
        while len(await asyncio.to_thread(rows, site)) > 10:
            pass
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(once())
    assert len(rows(site)) == 10


def test_a_labelled_session_is_appended_under_its_source_or_its_content(site: Site) -> None:
    dataset = LiveDataset(site.store)
    labels = Labels(label="bot", source="recorded")
    named, nameless = decode(body(sessionId="a")), decode(body(2))
    both = [imported_row(session, labels, origin="file", received_at=5) for session in (named, nameless)]
    assert dataset.append_to_dataset(NAME, [*both, imported_row(nameless, None, origin="file", received_at=6)]) == 3
    assert [(row.scope, row.origin, row.label) for row in rows(site)] == [
        ("import:recorded", "recorded", "bot"),
        ("import:recorded", "recorded", "bot"),
        ("import:file", "file", None),
    ]


def exported(site: Site) -> LiveDataset:
    """A dataset with a served row, an appended one, and one of an older catalogue."""
    dataset = LiveDataset(site.store)
    site.score(body(sessionId="a"))
    old = ImportedRow(
        scope="s", session_id="old", received_at=0, catalogue_version="0", vector=b"\0" * 16, origin="o", stratum="targets/mouse"
    )
    new = imported_row(decode(body(2, sessionId="b", movements=[])), Labels(label="human", source="x,y"), origin="o", received_at=0)
    dataset.append_to_dataset(NAME, [old, new])
    return dataset


def test_a_csv_has_every_row_of_this_catalogue(site: Site) -> None:
    dataset, file = exported(site), io.StringIO()
    tally = write_csv(dataset.pages(NAME), file)
    assert (tally.written, tally.skipped) == (2, 1)
    found = list(csv.DictReader(io.StringIO(file.getvalue())))
    assert [(row["session_id"], row["origin"], row["label"], row["eligible"], row["scorer"]) for row in found] == [
        ("a", "open", "", "1", "local"),
        ("b", "x,y", "human", "0", ""),
    ]
    assert found[1]["received_at"] == "1970-01-01T00:00:00.000Z"
    for row, stored in zip(found, (row for row in rows(site) if row.session_id != "old"), strict=True):
        values = [float(row[name]) if row[name] else np.nan for name in NAMES]
        np.testing.assert_array_equal(values, np.frombuffer(stored.vector, "<f8"))


def values_of(table: Table, name: str) -> list[Any]:
    return list(table.column(name).to_pylist())


def test_parquet_has_what_csv_has(site: Site, tmp_path: Path) -> None:
    dataset = exported(site)
    tally = write_parquet(dataset.pages(NAME), tmp_path / "rows.parquet")
    assert (tally.written, tally.skipped) == (2, 1)
    table = read_parquet(tmp_path / "rows.parquet").read_all()
    assert tuple(table.column_names) == COLUMNS
    assert values_of(table, "session_id") == ["a", "b"]
    assert values_of(table, "label") == [None, "human"]
    assert values_of(table, "eligible") == [True, False]
    for name in NAMES:
        values = [np.nan if value is None else value for value in values_of(table, name)]
        stored = [np.frombuffer(row.vector, "<f8")[NAMES.index(name)] for row in rows(site) if row.session_id != "old"]
        np.testing.assert_array_equal(values, stored)


def test_an_export_of_no_rows_has_a_head(site: Site, tmp_path: Path) -> None:
    LiveDataset(site.store).ensure_persistent_dataset(NAME)
    file = io.StringIO()
    assert write_csv(LiveDataset(site.store).pages(NAME), file).written == 0
    assert file.getvalue() == ",".join(COLUMNS) + "\n"
    assert write_parquet(LiveDataset(site.store).pages(NAME), tmp_path / "rows.parquet").written == 0
    assert read_parquet(tmp_path / "rows.parquet").read_all().num_rows == 0
