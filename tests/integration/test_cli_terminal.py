"""What somebody at a terminal sees: tables, colours, progress."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from playproof.telemetry import Labels
from playproof.testing import bot_session, columns_body, human_session, labelled_lines

CLEAR_LINE = b"\x1b[2K"


def at_terminal(arguments: list[str], *, stdout: bool) -> tuple[int, bytes, bytes]:
    """Run a command with standard error, and with `stdout` standard output too, at a terminal: code, output, what the terminal shows."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "playproof", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=theirs if stdout else subprocess.PIPE,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100"},
    )
    os.close(theirs)
    shown = bytearray()
    try:
        while piece := os.read(ours, 65536):
            shown += piece
    except OSError:  # Linux says the end of a terminal so
        pass
    os.close(ours)
    output = b""
    if process.stdout is not None:
        output = process.stdout.read()
        process.stdout.close()
    return process.wait(), output, bytes(shown)


@pytest.fixture
def sessions(tmp_path: Path) -> Path:
    rng = np.random.default_rng(3)
    file = tmp_path / "sessions.jsonl"
    file.write_bytes(b"\n".join(columns_body(human_session(rng, session_id=f"h{i}", targets=2)) for i in range(3)))
    return file


def test_score_prints_a_coloured_table_at_a_terminal_and_no_bar(sessions: Path) -> None:
    code, _, shown = at_terminal(["score", str(sessions)], stdout=True)
    assert code == 0
    lines = shown.decode().splitlines()
    assert lines[0].split() == ["session", "decision", "score", "confidence", "reasons"]
    assert [line.split()[0] for line in lines[1:]] == ["h0", "h1", "h2"]
    assert "\x1b[3" in lines[1]
    assert CLEAR_LINE not in shown


def test_score_shows_progress_while_its_output_goes_elsewhere(sessions: Path) -> None:
    code, output, shown = at_terminal(["score", str(sessions)], stdout=False)
    assert code == 0
    assert output.count(b"\n") == 3
    assert output.startswith(b'{"sessionId":"h0"')
    assert CLEAR_LINE in shown


def test_evaluate_shows_progress_and_then_tables(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    labelled = [(human_session(rng, targets=2), Labels("human", "lab", f"p{i}")) for i in range(3)]
    labelled += [(bot_session(rng, targets=2), Labels("bot", "made", generator="linear"))]
    file = tmp_path / "corpus.jsonl"
    file.write_bytes(labelled_lines(labelled))
    code, _, shown = at_terminal(["evaluate", str(file)], stdout=True)
    assert code == 0
    assert CLEAR_LINE in shown
    assert "Bots, mean over generators" in shown.decode()
