"""Records that come together are written together, and wait for each other only so long."""

from __future__ import annotations

import threading
from contextlib import closing
from pathlib import Path

import pytest

from playproof.store import Commit, open_store
from playproof.testing import session_record

SECONDS = 60


def test_a_crowd_waits_for_the_rest_until_it_is_told_that_nothing_more_comes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("playproof.store.writer.GATHER_SECONDS", 10 * SECONDS)
    commits: list[Commit] = []
    with closing(open_store(tmp_path, on_commit=commits.append)) as store:
        begun, release = threading.Event(), threading.Event()

        def hold(_: object) -> None:
            begun.set()
            assert release.wait(SECONDS)

        store.put(session_record("alone")).add_done_callback(hold)
        assert begun.wait(SECONDS)
        crowd = [store.put(session_record(f"crowd {number}")) for number in range(3)]
        release.set()
        assert [future.result(SECONDS).status for future in crowd] == ["stored"] * 3
        more = [store.put(session_record(f"more {number}")) for number in range(3)]
        assert not any(future.done() for future in more)
        store.hurry()
        assert [future.result(SECONDS).status for future in more] == ["stored"] * 3
    assert [commit.sessions for commit in commits] == [1, 3, 3]
