"""The Python interface, as a developer would use it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import playproof
from playproof import aio, api
from playproof.errors import InputError, SessionConflict
from playproof.testing import columns_body, human_session, rows_body


@pytest.fixture
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("PLAYPROOF_DATA_DIR", str(tmp_path / "data"))
    yield tmp_path / "data"
    api.close()


def test_all_names_are_there_and_sorted() -> None:
    assert list(playproof.__all__) == sorted(playproof.__all__)
    for name in playproof.__all__:
        assert getattr(playproof, name) is not None
    public = {name for name in vars(aio) if not name.startswith("_")} & {
        "SessionScorer",
        "get_session_result",
        "load_scorer",
        "score_session",
    }
    assert set(aio.__all__) == public
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = playproof.nothing


def test_importing_loads_nothing_heavy() -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", "import sys, playproof; print(*sorted(sys.modules))"], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"numpy", "litestar", "sqlalchemy", "sklearn"} & set(loaded)


def test_scoring_takes_bytes_and_objects_alike() -> None:
    session = human_session(np.random.default_rng(3))
    scorer = playproof.load_scorer()
    verdicts = [scorer.score(body) for body in (rows_body(session), columns_body(session), session)]
    assert len({(verdict.decision, verdict.anomaly.raw_score) for verdict in verdicts}) == 1


def test_a_bad_session_names_the_path() -> None:
    with pytest.raises(InputError, match=r"movements") as caught:
        playproof.load_scorer().score({"movements": [{"x": 1, "y": "far", "timestamp": 2}]})
    assert caught.value.path == "$.movements[0].y"


def test_a_stored_verdict_is_found_again(data_folder: Path) -> None:
    session = human_session(np.random.default_rng(4), session_id="again")
    first = playproof.score_session(session)
    assert playproof.get_session_result("again") == first
    assert playproof.score_session(rows_body(session)) == first
    assert playproof.get_session_result("never seen") is None
    other = human_session(np.random.default_rng(5), session_id="again")
    with pytest.raises(SessionConflict):
        playproof.score_session(other)


def test_the_asynchronous_twins_agree(data_folder: Path) -> None:
    session = human_session(np.random.default_rng(6), session_id="twin")

    async def both() -> tuple[object, object, object]:
        scorer = await aio.load_scorer()
        scored = await scorer.score(session)
        return scored.anomaly, (await aio.score_session(session)).anomaly, await aio.get_session_result("twin")

    scored, kept, found = asyncio.run(both())
    assert scored == kept
    assert found == playproof.get_session_result("twin")
