"""`playproof train`, on a corpus that the builders make."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from playproof.cli import run
from playproof.evaluation import run as evaluation_run
from playproof.scoring.local import fit_detectors, load_artefact, samples
from playproof.telemetry import Labels, Session
from playproof.testing import bot_session, human_session, labelled_lines

Labelled = tuple[Session, Labels]


def people(rng: np.random.Generator, count: int, each: int, source: str = "lab") -> list[Labelled]:
    return [
        (human_session(rng, session_id=f"{source}-{person}-{play}", targets=4), Labels("human", source, f"p{person}", license="CC0-1.0"))
        for person in range(count)
        for play in range(each)
    ]


def bots(rng: np.random.Generator, each: int) -> list[Labelled]:
    found = []
    for kind in ("linear", "bezier", "minimum_jerk"):
        for targets in (4, 5):  # as if two programs moved alike
            labels = Labels("bot", "made", family=f"{kind}-{targets}", variant="raw", generator=f"{kind}-{targets}")
            found += [(bot_session(rng, kind=kind, session_id=f"{kind}-{targets}-{play}", targets=targets), labels) for play in range(each)]
    return found


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The least that can be calibrated on, and a source apart."""
    rng = np.random.default_rng(11)
    file = tmp_path_factory.mktemp("corpus") / "corpus.jsonl"
    file.write_bytes(labelled_lines([*people(rng, 51, 6), *people(rng, 3, 2, source="apart"), *bots(rng, 6)]))
    return file


@pytest.fixture(scope="module")
def few_derived() -> Iterator[None]:
    """Few counterexamples of our own making, and few trees: the fits here are to be quick, not good."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(samples, "MADE_EACH", 2)
        patch.setattr(samples, "MORPHED_EACH", 4)
        patch.setattr(fit_detectors, "BAGS", 1)
        patch.setattr(fit_detectors, "BAG_SIZE", 400)
        patch.setattr(fit_detectors, "ROUNDS", 10)
        yield


@pytest.fixture(scope="module")
def model(corpus: Path, few_derived: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("model")
    assert run(["train", str(corpus), "--out", str(out), "--folds", "0", "--format", "table"]) == 0
    return out


def test_the_artefact_says_what_it_was_fitted_on(model: Path, corpus: Path) -> None:
    manifest = load_artefact(model).manifest
    assert manifest["seed"] == 1
    assert manifest["metrics"] is None
    assert list(manifest["provenance"]["files"]) == ["corpus.jsonl"]
    assert manifest["provenance"]["generators"] == ["bezier-4", "bezier-5", "linear-4", "linear-5", "minimum_jerk-4", "minimum_jerk-5"]
    text = (model / "manifest.json").read_text()
    assert "lab-0-0" not in text
    assert '"p1"' not in text


def test_the_same_files_and_seed_give_the_same_bytes_and_other_data_do_not(
    model: Path, corpus: Path, few_derived: None, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    again = tmp_path / "again"
    assert run(["train", str(corpus), "--out", str(again), "--folds", "0"]) == 0
    answer = json.loads(capsysbinary.readouterr().out)
    assert answer["artefact"] == load_artefact(model).manifest["artefact"]
    for file in model.iterdir():
        assert (again / file.name).read_bytes() == file.read_bytes()
    assert run(["train", str(corpus), "--out", str(again), "--folds", "0", "--exclude-source", "apart"]) == 0
    other = json.loads(capsysbinary.readouterr().out)
    assert other["artefact"] != answer["artefact"]
    sources = [source["name"] for source in load_artefact(again).manifest["provenance"]["sources"]]
    assert "lab" in sources
    assert "apart" not in sources


def test_a_fitted_model_judges_and_refuses_to_be_judged_on_its_own_data(
    model: Path, corpus: Path, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    session = tmp_path / "session.json"
    session.write_bytes(corpus.read_bytes().splitlines()[0])
    assert run(["score", str(session), "--model", str(model)]) == 0
    verdict = json.loads(capsysbinary.readouterr().out)
    assert verdict["anomaly"]["modelVersion"] == load_artefact(model).model_version
    lines = corpus.read_bytes().splitlines()
    shuffled = tmp_path / "shuffled.jsonl"
    shuffled.write_bytes(b"\n".join(reversed(lines[:20])))
    for file, reason in ((corpus, b"corpus.jsonl itself"), (shuffled, b"20 of these sessions")):
        assert run(["evaluate", str(file), "--model", str(model)]) == 1
        assert reason in capsysbinary.readouterr().err
    assert run(["evaluate", str(corpus), "--model", str(model), "--in-sample", "--format", "table"]) == 0
    assert b"these figures flatter" in capsysbinary.readouterr().out
    assert run(["evaluate", str(corpus), "--model", str(model), "--in-sample"]) == 0
    evaluation = json.loads(capsysbinary.readouterr().out)
    assert evaluation["inSample"] is True
    assert {row["standing"] for row in evaluation["figures"]["generators"]} == {"seen"}


def test_the_measured_figures_go_into_the_manifest(
    corpus: Path, few_derived: None, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("playproof.evaluation.training.MINIMUM_PEOPLE", 20)
    monkeypatch.setattr("playproof.evaluation.training.MINIMUM_SESSIONS", 100)
    monkeypatch.setattr("playproof.scoring.local.fit.MINIMUM_PEOPLE", 20)
    monkeypatch.setattr("playproof.scoring.local.fit.MINIMUM_SESSIONS", 100)
    assert run(["train", str(corpus), "--out", str(tmp_path / "m"), "--folds", "2", "--format", "table"]) == 0
    assert "Measured with 2 refits" in capsys.readouterr().out
    metrics = load_artefact(tmp_path / "m").manifest["metrics"]
    assert (metrics["protocol"], metrics["folds"], metrics["seed"]) == ("grouped", 2, 1)
    lab = next(row for row in metrics["people"] if row["source"] == "lab")
    assert lab["notPassed"]["total"] == 51 * 6
    assert len(lab["notPassed"]["bootstrap"]) == 2


@pytest.mark.parametrize(
    ("size", "message"),
    [((10, 2, 12), "300 sessions of 50 people.*hold 20 of 10"), ((51, 6, 0), "at least 2 bot generators; the files hold 0")],
)
def test_too_little_to_fit_on_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], few_derived: None, size: tuple[int, int, int], message: str
) -> None:
    rng = np.random.default_rng(2)
    file = tmp_path / "few.jsonl"
    file.write_bytes(labelled_lines([*people(rng, size[0], size[1]), *bots(rng, size[2])]))
    assert run(["train", str(file), "--out", str(tmp_path / "m"), "--folds", "0"]) == 1
    error = capsys.readouterr().err
    assert error.startswith("Error: ")
    assert re.search(message, error)
    assert not (tmp_path / "m").exists()


def test_an_unknown_source_cannot_be_left_out(corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["train", str(corpus), "--out", str(tmp_path), "--exclude-source", "lob"]) == 1
    assert "no session is of source 'lob'; the files hold apart, lab, made" in capsys.readouterr().err


def test_one_fold_is_no_measurement(corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["train", str(corpus), "--out", str(tmp_path), "--folds", "1"]) == 2
    assert "--folds is 0, or at least 2" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["train", "--out", "m"], ["evaluate", "--protocol", "grouped"]])
def test_without_scikit_learn_it_says_what_to_install(
    corpus: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.setattr(evaluation_run, "find_spec", lambda name: None)
    assert run([command[0], str(corpus), *command[1:]]) == 1
    assert "pip install 'playproof[train]'" in capsys.readouterr().err
