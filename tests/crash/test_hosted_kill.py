"""A service is killed between upload, ingestion, inference and result, at each point; its successor carries on what it left.

`PLAYPROOF_TEST_SOAK_SECONDS` makes it go on for longer; docs/realtime.md has the figures of a long run.
"""

from __future__ import annotations

import itertools
import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from playproof.store.sqlite.driver import find_driver
from tests.crash.hosted import FIRST, Ground, ground, killed
from tests.crash.traps import CLOCK, Point

pytestmark = pytest.mark.skipif(not find_driver().sharable, reason=f"{find_driver()} cannot be shared between processes")

SOAK_SECONDS = float(os.environ.get("PLAYPROOF_TEST_SOAK_SECONDS", "0"))
SEEDS = 10_000
"""More than there are sessions in a folder."""
PAGE = "jobs.retrieve_result_rows"
UNPAGED = (("server_error", PAGE),)

# Each begins a folder, because only the first publication of a dataset looks for it, announces a file and sends it apart.
FIRSTS = (
    Point("datasets.list"),
    Point("datasets.upload"),
    Point("datasets.upload", "after", forgotten=1),
    Point("uploads.put"),
    Point("uploads.put", "after"),
    Point("datasets.complete"),
    Point("datasets.complete", "after"),
    Point("jobs.retrieve", faults=(("job_stuck", "datasets.complete"),)),
)
LATERS = (
    Point("datasets.create"),
    Point("datasets.create", "after", forgotten=1),
    Point("jobs.retrieve", faults=(("job_stuck", "datasets.create"),)),
    Point("models.infer_batch"),
    Point("models.infer_batch", "after"),
    Point("jobs.retrieve", faults=(("job_stuck", "models.infer_batch"),)),
    Point(PAGE),
    Point(PAGE, "after"),
    Point("jobs.retrieve_results", faults=UNPAGED),
    Point("results.download", faults=UNPAGED),
    Point(PAGE, then="answered"),
    Point(PAGE, then="final"),
)
INLINE = (
    Point("models.infer"),
    Point("models.infer", "after"),
    Point("models.infer", then="answered"),
    Point("models.infer", then="final"),
)


@pytest.fixture(scope="module")
def on(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with ground(tmp_path_factory.mktemp("ground")) as made:
        yield made
        print(made.total)  # noqa: T201


def folders(path: Path) -> Iterator[tuple[Path, random.Random | None]]:
    """A folder, and then as many as there is time for, with what chooses points for them."""
    end = CLOCK.monotonic() + SOAK_SECONDS
    for number in itertools.count():
        if number and CLOCK.monotonic() >= end:
            return
        folder = path / str(number)
        folder.mkdir()
        yield folder, random.Random(number) if number else None


@pytest.mark.parametrize("number", range(len(FIRSTS)), ids=[str(point) for point in FIRSTS])
def test_what_was_begun_at_woodwide_is_carried_on(on: Ground, tmp_path: Path, number: int) -> None:
    for place, (folder, chance) in enumerate(folders(tmp_path)):
        laters = chance.sample(LATERS, 3) if chance else LATERS[number :: len(FIRSTS)]
        points = (FIRSTS[number], *laters)
        told = killed(on, folder, "dataset", points, seed=SEEDS * (1 + number + len(FIRSTS) * place))
        assert told.preliminary >= FIRST * len(points)


def test_what_was_asked_inline_is_asked_again(on: Ground, tmp_path: Path) -> None:
    for place, (folder, chance) in enumerate(folders(tmp_path)):
        points = chance.sample(INLINE, len(INLINE)) if chance else INLINE
        told = killed(on, folder, "inline", points, seed=SEEDS * place)
        assert told.preliminary >= FIRST * len(points)
