"""`playproof score` as a process: order, errors, forms of input, pipes, signals."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from playproof.cli.lines import TABLE_HEAD
from playproof.testing import bot_session, columns_body, human_session, rows_body

COMMAND = [sys.executable, "-m", "playproof", "score"]


@pytest.fixture(scope="module")
def bodies() -> list[bytes]:
    """Forty sessions of people and bots, in both wire forms."""
    rng = np.random.default_rng(5)
    sessions = [human_session(rng, session_id=f"h{i}", targets=3) for i in range(30)]
    sessions += [bot_session(rng, session_id=f"b{i}", targets=3) for i in range(10)]
    return [columns_body(session) if index % 2 else rows_body(session) for index, session in enumerate(sessions)]


def score(*arguments: str, stdin: bytes | None = None, expect: int = 0) -> list[dict[str, object]]:
    done = subprocess.run([*COMMAND, *arguments], input=stdin, capture_output=True)
    assert done.returncode == expect, done.stderr.decode()
    return [json.loads(line) for line in done.stdout.splitlines()]


def timeless(verdicts: list[dict[str, object]]) -> list[dict[str, object]]:
    """Verdicts without the two fields that tell the time."""
    return [{key: value for key, value in verdict.items() if key not in {"scoredAt", "latencyMs"}} for verdict in verdicts]


def names(verdicts: list[dict[str, object]]) -> list[object]:
    return [verdict["sessionId"] for verdict in verdicts]


def test_order_and_content_do_not_depend_on_the_number_of_workers(tmp_path: Path, bodies: list[bytes]) -> None:
    # Long enough for several batches a worker, with bad lines in between.
    lines = (bodies * 6)[:230]
    lines[40], lines[151] = b"{", b'{"movements": 1}'
    file = tmp_path / "sessions.jsonl"
    file.write_bytes(b"\n".join(lines) + b"\n")
    alone = score(str(file), "--workers", "1", expect=1)
    assert len(alone) == 230
    assert [index for index, answer in enumerate(alone) if "error" in answer] == [40, 151]
    for workers in ("2", "5"):
        assert timeless(score(str(file), "--workers", workers, expect=1)) == timeless(alone)


def test_a_bad_line_says_where_and_what_and_the_rest_go_on(tmp_path: Path, bodies: list[bytes]) -> None:
    file = tmp_path / "sessions.jsonl"
    bad = b'{"movements": {"t": [0, 1], "x": [1, 2], "y": [1, "a"]}}'
    file.write_bytes(b"\n".join([bodies[0], b"", bad, b"nonsense", bodies[1]]))
    first, wrong, nonsense, last = score(str(file), expect=1)
    assert names([first, last]) == ["h0", "h1"]
    assert wrong["line"] == 3
    problem = wrong["error"]
    assert isinstance(problem, dict)
    assert set(problem) == {"code", "message", "path", "expected"}
    assert (problem["code"], problem["path"]) == ("invalid-session", "$.movements.y[1]")
    assert nonsense["line"] == 4
    assert isinstance(nonsense["error"], dict)
    assert nonsense["error"]["code"] == "malformed-json"


@pytest.mark.parametrize("form", ["one", "spread", "array", "lines", "gzip"])
def test_every_form_of_input_is_read(tmp_path: Path, bodies: list[bytes], form: str) -> None:
    text = {
        "one": bodies[0],
        "spread": json.dumps(json.loads(bodies[0]), indent=2).encode(),
        "array": b"[" + b",\n".join(bodies[:3]) + b"]",
        "lines": b"\n".join(bodies[:3]),
        "gzip": gzip.compress(b"\n".join(bodies[:3])),
    }[form]
    file = tmp_path / "input"
    file.write_bytes(text)
    expected = ["h0"] if form in {"one", "spread"} else ["h0", "h1", "h2"]
    assert names(score(str(file))) == expected
    assert names(score("-", stdin=text)) == expected


def test_input_that_breaks_off_is_answered_up_to_there(tmp_path: Path, bodies: list[bytes]) -> None:
    file = tmp_path / "cut.gz"
    file.write_bytes(gzip.compress(b"\n".join(bodies))[:-4000])
    *_, last = score(str(file), expect=1)
    assert isinstance(last["error"], dict)
    assert "gzip data end early" in str(last["error"]["message"])


def test_empty_input_has_no_answers(tmp_path: Path) -> None:
    file = tmp_path / "empty"
    file.write_bytes(b"")
    assert score(str(file)) == []


def test_a_session_without_an_id_gets_one(bodies: list[bytes]) -> None:
    body = json.loads(bodies[0])
    del body["sessionId"]
    (verdict,) = score("-", stdin=json.dumps(body).encode())
    assert str(verdict["sessionId"]).startswith("pp_")


def test_labels_ids_and_sources_do_not_reach_the_score(bodies: list[bytes]) -> None:
    body = json.loads(bodies[0])
    other = {**body, "sessionId": "bot-attack", "labels": {"label": "bot", "source": "x", "generator": "y"}}
    plain, labelled = score("-", stdin=json.dumps(body).encode() + b"\n" + json.dumps(other).encode())
    del plain["sessionId"], labelled["sessionId"]
    assert timeless([plain]) == timeless([labelled])


def test_lines_from_a_pipe_are_answered_before_the_next_arrive(bodies: list[bytes]) -> None:
    process = subprocess.Popen([*COMMAND, "-", "--workers", "2"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    # One at a time, past the point where other processes take over.
    for index in range(36):
        process.stdin.write(bodies[index] + b"\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["sessionId"] == json.loads(bodies[index])["sessionId"]
    for body in bodies[:4]:
        process.stdin.write(body + b"\n")
    process.stdin.close()
    assert [json.loads(line)["sessionId"] for line in process.stdout] == ["h0", "h1", "h2", "h3"]
    process.stdout.close()
    assert process.wait() == 0


def test_a_reader_that_leaves_ends_it_without_a_word(tmp_path: Path, bodies: list[bytes]) -> None:
    file = tmp_path / "many.jsonl"
    file.write_bytes(b"\n".join(bodies * 40))
    process = subprocess.Popen([*COMMAND, str(file), "--workers", "2"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait() == 1


def test_an_interrupt_ends_it_and_its_workers_cleanly(bodies: list[bytes]) -> None:
    process = subprocess.Popen(
        [*COMMAND, "-", "--workers", "2"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdin.write(b"\n".join(bodies[:36]) + b"\n")
    process.stdin.flush()
    for _ in range(36):
        assert process.stdout.readline()
    os.killpg(process.pid, signal.SIGINT)
    # Its end closes both pipes, which the workers hold too.
    assert process.stdout.read() == b""
    assert process.stderr.read().strip() == b"Interrupted."
    assert process.wait() == 130
    for pipe in (process.stdin, process.stdout, process.stderr):
        pipe.close()


def test_the_table_is_for_reading(tmp_path: Path, bodies: list[bytes]) -> None:
    hostile = json.loads(bodies[1]) | {"sessionId": "a" * 60}
    file = tmp_path / "sessions.jsonl"
    file.write_bytes(b"\n".join([bodies[0], json.dumps(hostile).encode(), b"{"]))
    done = subprocess.run([*COMMAND, str(file), "--format", "table"], capture_output=True, text=True)
    head, first, long, error = done.stdout.splitlines()
    assert done.returncode == 1
    assert head == TABLE_HEAD
    assert first.split()[0] == "h0"
    assert first.split()[1] in {"pass", "review", "fail"}
    assert long.startswith("a" * 27 + "…")
    assert error.startswith("line 3")
    assert "error" in error


def test_thresholds_come_from_the_settings(bodies: list[bytes]) -> None:
    strict = {**os.environ, "ANOMALY_THRESHOLD_PASS": "0", "ANOMALY_THRESHOLD_REVIEW": "0"}
    done = subprocess.run([*COMMAND, "-"], input=bodies[0], capture_output=True, env=strict)
    assert json.loads(done.stdout)["decision"] == "fail"


def test_a_missing_model_is_one_clear_line(tmp_path: Path, bodies: list[bytes]) -> None:
    done = subprocess.run([*COMMAND, "-", "--model", str(tmp_path)], input=bodies[0], capture_output=True, text=False)
    assert done.returncode == 1
    assert done.stdout == b""
    assert b"manifest.json" in done.stderr
    assert b"Traceback" not in done.stderr
