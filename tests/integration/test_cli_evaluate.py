"""`playproof evaluate`: counts, refusals, held-out refits, the page."""

from __future__ import annotations

import gzip
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from playproof.cli import run
from playproof.evaluation.corpora import read_corpus
from playproof.evaluation.protocols import split
from playproof.features import NAMES
from playproof.scoring.local import samples
from playproof.scoring.local.samples import Samples
from playproof.telemetry import Labels, Session
from playproof.testing import ScriptedScorer, bot_session, human_session, labelled_lines

Floats = NDArray[np.float64]
FEATURE = "path_px"


@dataclass
class LongestPath(ScriptedScorer):
    """Fails every session whose path is longer than the longest of the people it was fitted on."""

    longest: float = 0.0

    def raw(self, rows: Floats) -> Floats:
        return np.where(rows[:, NAMES.index(FEATURE)] > self.longest, 3.0, 0.5)


def corpus() -> list[tuple[Session, Labels]]:
    rng = np.random.default_rng(4)
    found = [
        (human_session(rng, session_id=f"h{person}-{play}", targets=3), Labels("human", "lab", f"p{person}"))
        for person in range(6)
        for play in range(4)
    ]
    for kind in ("linear", "bezier", "minimum_jerk"):
        labels = Labels("bot", "made", family=f"{kind}-web", variant="raw", generator=kind)
        found += [(bot_session(rng, kind=kind, session_id=f"{kind}{play}", targets=3), labels) for play in range(5)]
    return found


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "corpus.jsonl.gz"
    path.write_bytes(gzip.compress(labelled_lines(corpus())))
    return path


def evaluated(capsys: pytest.CaptureFixture[bytes], *arguments: str | Path) -> dict[str, Any]:
    assert run(["evaluate", *map(str, arguments)]) == 0
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    return answer


def test_the_counts_are_those_of_the_verdicts(file: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert run(["score", str(file), "--workers", "1"]) == 0
    verdicts = [json.loads(line) for line in capsysbinary.readouterr().out.splitlines()]
    not_passed = {verdict["sessionId"] for verdict in verdicts if verdict["decision"] != "pass"}
    failed = {verdict["sessionId"] for verdict in verdicts if verdict["decision"] == "fail"}
    figures = evaluated(capsysbinary, file)["figures"]
    (lab,) = figures["people"]
    assert (lab["people"], lab["notPassed"]["total"]) == (6, 24)
    assert lab["notPassed"]["hits"] == sum(name.startswith("h") for name in not_passed)
    assert lab["failed"]["hits"] == sum(name.startswith("h") for name in failed)
    for row in figures["generators"]:
        assert row["standing"] == "unseen"
        assert row["notPassed"]["hits"] == sum(name.startswith(row["name"]) for name in not_passed)
    low, high = lab["notPassed"]["wilson"]
    assert low <= lab["notPassed"]["rate"] <= high


def test_what_cannot_be_read_is_listed_and_in_no_count(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    lines = labelled_lines(corpus()).splitlines()
    too_long = json.dumps({"movements": [[0] * 1], "labels": {"label": "human"}}).encode()
    many = json.dumps({"movements": {k: list(range(20_001)) for k in "txy"}, "labels": {"label": "human", "source": "lab"}}).encode()
    unlabelled = json.dumps({"movements": []}).encode()
    odd = json.dumps({"movements": [], "labels": {"label": "cyborg"}}).encode()
    file = tmp_path / "corpus.jsonl"
    file.write_bytes(b"\n".join([*lines[:3], many, unlabelled, odd, too_long, *lines[3:]]))
    evaluation = evaluated(capsysbinary, file)
    assert [error["line"] for error in evaluation["errors"]] == [4, 5, 6, 7]
    assert evaluation["errors"][0]["code"] == "too-large"
    assert evaluation["errors"][0]["path"].startswith("$.movements")
    assert {error["file"] for error in evaluation["errors"]} == {"corpus.jsonl"}
    assert evaluation["files"] == [{"name": "corpus.jsonl", "sha256": evaluation["files"][0]["sha256"], "sessions": 39, "errors": 4}]
    assert evaluation["figures"]["people"][0]["notPassed"]["total"] == 24
    assert run(["evaluate", str(file), "--format", "table"]) == 0
    assert "Errors: 4 lines, in no count above" in capsysbinary.readouterr().out.decode()


def test_labels_and_ids_have_no_say_in_the_decisions(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    sessions = corpus()
    disguised = [(session, Labels("human", "other", f"q{index}")) for index, (session, _) in enumerate(sessions)]
    totals = []
    for name, labelled in (("plain", sessions), ("disguised", disguised)):
        file = tmp_path / name
        file.write_bytes(labelled_lines(labelled))
        figures = evaluated(capsysbinary, file)["figures"]
        rows = [*figures["people"], *figures["generators"]]
        totals.append([sum(row[what]["hits"] for row in rows) for what in ("notPassed", "failed")])
    assert totals[0] == totals[1]


def test_refits_are_judged_on_what_they_never_saw(
    file: Path, capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    fitted: list[tuple[set[str], set[str]]] = []

    def fit_model(given: Samples, *, seed: int, progress: object) -> LongestPath:
        assert seed == 7
        recorded = given.where(given.recorded)
        fitted.append((set(recorded.subject[~recorded.bot]), set(recorded.generator[recorded.bot])))
        return LongestPath(longest=float(recorded.rows[~recorded.bot, NAMES.index(FEATURE)].max()))

    monkeypatch.setattr("playproof.evaluation.training.fit_model", fit_model)
    monkeypatch.setattr(samples, "MADE_EACH", 1)  # which nothing is fitted on here
    monkeypatch.setattr(samples, "MORPHED_EACH", 1)
    evaluation = evaluated(capsysbinary, file, "--protocol", "grouped", "--folds", "3", "--seed", "7")
    folds = split(read_corpus([file]).records, 3, 7)
    assert len(fitted) == 3
    for fold, (people, generators) in enumerate(fitted):
        assert people == {person for person, held in folds.people.items() if held != fold}
        assert generators == {generator for generator, held in folds.generators.items() if held != fold}
    # The person with the longest path of all is flagged by the one refit that never saw them, and by it alone.
    (lab,) = evaluation["figures"]["people"]
    assert lab["failed"]["hits"] >= 1
    assert (evaluation["protocol"], evaluation["folds"], evaluation["modelId"]) == ("grouped", 3, None)
    assert {row["standing"] for row in evaluation["figures"]["generators"]} == {"held out"}
    assert sum(row["notPassed"]["total"] for row in evaluation["figures"]["generators"]) == 15


def test_more_folds_than_people_or_generators_are_refused(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["evaluate", str(file), "--protocol", "grouped", "--folds", "4"]) == 1
    assert "4 folds need at least 4 bot generators, and the files hold 3" in capsys.readouterr().err


def test_files_without_a_labelled_session_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "none.jsonl"
    file.write_bytes(b'{"movements": []}\n')
    for protocol in ("shipped", "grouped"):
        assert run(["evaluate", str(file), "--protocol", protocol]) == 1
        assert "there is no labelled session in these files (1 lines could not be read)" in capsys.readouterr().err


def test_the_model_that_ships_refuses_what_it_was_fitted_on(shared_data: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Reads ../shared/data/human-train.jsonl.gz."""
    train = shared_data / "human-train.jsonl.gz"
    with gzip.open(train) as lines:
        first = [next(lines) for _ in range(5)]
    part = tmp_path / "part.jsonl"
    part.write_bytes(b"".join(reversed(first)))
    assert run(["evaluate", str(part)]) == 1
    assert "the model was fitted on 5 of these sessions" in capsys.readouterr().err


def test_the_page_needs_nothing_from_anywhere(file: Path, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    labelled = [(session, Labels("human", "<script>alert(1)</script>", "p")) for session, _ in corpus()[:4]]
    evil = tmp_path / "<b>.jsonl"
    evil.write_bytes(labelled_lines(labelled))
    page = tmp_path / "report.html"
    evaluated(capsysbinary, file, evil, "--report", page)
    text = page.read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>")
    assert text.count("<svg") == 4
    assert "alert(1)" in text
    assert "<script" not in text
    assert "<b>" not in text
    assert not re.search(r"(?:src|href)=|url\(|@import|https?:", text)
    assert str(page) in capsysbinary.readouterr().err.decode() or page.exists()


def test_the_table_lists_generators_or_families(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["evaluate", str(file), "--format", "table"]) == 0
    text = capsys.readouterr().out
    assert "Bots, by generator" in text
    assert re.search(r"^linear +unseen +\d+/5 ", text, re.MULTILINE)
    assert run(["evaluate", str(file), "--format", "table", "--by", "family"]) == 0
    text = capsys.readouterr().out
    assert re.search(r"^linear-web +unseen +\d+/5 ", text, re.MULTILINE)


def test_the_same_seed_prints_the_same(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    printed = []
    for seed in ("1", "1", "2"):
        assert run(["evaluate", str(file), "--seed", seed]) == 0
        printed.append(capsys.readouterr().out)
    assert printed[0] == printed[1]
    assert printed[0] != printed[2]


def test_thresholds_are_the_operators(file: Path, capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANOMALY_THRESHOLD_PASS", "12")
    monkeypatch.setenv("ANOMALY_THRESHOLD_REVIEW", "12")
    evaluation = evaluated(capsysbinary, file)
    assert (evaluation["passThreshold"], evaluation["reviewThreshold"]) == (12.0, 12.0)
    assert all(row["failed"]["hits"] == 0 for row in evaluation["figures"]["people"])


def test_a_page_that_cannot_be_written_is_said_before_the_work(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["evaluate", str(file), "--report", str(file / "report.html")]) == 2
    assert "cannot be written to" in " ".join(capsys.readouterr().err.split())
