"""The Python interface, as a developer would use it."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import inspect
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import playproof
from playproof import aio, api
from playproof.batch.runtime import Batch
from playproof.clock import SystemClock
from playproof.errors import InputError, MalformedJson, QueueFull, SessionConflict
from playproof.observe.metrics import Metrics
from playproof.service import build_judge, decode_verdict
from playproof.settings import Settings
from playproof.store import open_store
from playproof.testing import columns_body, human_session, rows_body, session_record


@pytest.fixture
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("PLAYPROOF_DATA_DIR", str(tmp_path / "data"))
    yield tmp_path / "data"
    api.close()


def test_all_names_are_there_and_sorted() -> None:
    assert list(playproof.__all__) == sorted(playproof.__all__)
    for name in playproof.__all__:
        assert getattr(playproof, name) is not None
    assert set(playproof._HOMES) == set(playproof.__all__) <= set(dir(playproof))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = playproof.nothing


def test_every_twin_takes_what_the_original_takes() -> None:
    assert set(aio.__all__) == {name for name in playproof.__all__ if getattr(playproof, name).__module__ == "playproof.api"}
    pairs = [(getattr(aio, name), getattr(playproof, name)) for name in aio.__all__ if name != "SessionScorer"]
    pairs.append((aio.SessionScorer.score, playproof.SessionScorer.score))
    for twin, original in pairs:
        assert inspect.iscoroutinefunction(twin)
        assert inspect.signature(twin).parameters == inspect.signature(original).parameters
    one, other = ({name for name in vars(kind) if not name.startswith("_")} for kind in (aio.SessionScorer, playproof.SessionScorer))
    assert one == other


def test_opening_the_folder_removes_what_has_had_its_time(data_folder: Path) -> None:
    now = int(SystemClock().now().timestamp() * 1000)
    with contextlib.closing(open_store(data_folder)) as store:
        store.put(session_record("old", received_at=0)).result()
        store.put(session_record("new", received_at=now)).result()
    assert playproof.get_session_result("never seen") is None
    api.close()
    with contextlib.closing(open_store(data_folder)) as store:
        assert store.get("open", "old") is None
        assert store.get("open", "new") is not None


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


@pytest.mark.parametrize("thing", [None, 5, [], 1.5])
def test_what_is_no_telemetry_at_all_is_a_type_error(thing: object) -> None:
    with pytest.raises(TypeError, match="a session is bytes or text"):
        api.as_session(thing)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("x", np.zeros(5)),
        ("click_y", np.zeros(0)),
        ("y", np.zeros(20_001)),
        ("t", np.zeros((2, 5))),
        ("t", np.zeros(20_001)),
        ("x", np.full(400, np.nan)),
        ("y", np.zeros(400, np.float32)),
        ("trusted", np.zeros(3, np.int8)),
    ],
)
def test_a_session_made_by_hand_is_looked_at_before_compiled_code_reads_it(name: str, values: np.ndarray) -> None:
    whole = human_session(np.random.default_rng(1))
    short = {axis: np.resize(getattr(whole, axis), 400) for axis in ("t", "x", "y")}
    session = dataclasses.replace(whole, **{**short, "trusted": None, name: values})  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"\$\.(movements|clicks)"):
        api.as_session(session)
    assert api.as_session(whole) is whole


def test_text_that_no_encoding_has_is_refused_as_input() -> None:
    with pytest.raises(MalformedJson):
        api.as_session("\ud800")


def test_a_queued_session_is_preliminary_until_somebody_works_the_queue_off(data_folder: Path) -> None:
    body = columns_body(human_session(np.random.default_rng(3), session_id="queued"))
    first = playproof.score_session(body, use_batch=True)
    assert (first.status, first.revision) == ("preliminary", 1)
    assert playproof.get_session_result("queued") == first
    assert playproof.score_session(body, use_batch=True) == first
    with contextlib.closing(open_store(data_folder)) as store:
        settings = Settings(data_dir=data_folder)
        batch = Batch(settings, build_judge(settings), store, Metrics(), SystemClock(), holder="me")
        assert asyncio.run(batch.scheduler.process()).final == 1
    last = playproof.get_session_result("queued")
    assert last is not None
    assert (last.status, last.revision, last.anomaly) == ("final", 2, first.anomaly)
    assert asyncio.run(aio.score_session(body, use_batch=True)) == last


def test_a_full_queue_says_so_with_the_final_verdict(data_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BATCH_QUEUE_MAX", "1")
    one, two = (columns_body(human_session(np.random.default_rng(seed), session_id=f"s{seed}")) for seed in (4, 5))
    playproof.score_session(one, use_batch=True)
    with pytest.raises(QueueFull) as full:
        playproof.score_session(two, use_batch=True)
    stored = playproof.get_session_result("s5")
    assert stored is not None
    assert (stored.status, stored.fallback_reason) == ("final", "queue_full")
    assert full.value.verdict is not None
    assert decode_verdict(full.value.verdict) == stored
    assert playproof.score_session(two, use_batch=True) == stored
