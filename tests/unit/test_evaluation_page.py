"""The page about evaluation: figures of the shipped model as its manifest states them."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from playproof.decision.verdict import Decision
from playproof.evaluation import page
from playproof.evaluation.outcomes import Outcome
from playproof.evaluation.summary import Standing, summarise
from playproof.telemetry import Labels


def outcome(label: str, name: str, decision: Decision, score: float) -> Outcome:
    labels = Labels(label, "lab", name if label == "human" else "", generator=name if label == "bot" else "")
    return Outcome(labels, decision, score, score, ())


@pytest.fixture
def reference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(page, "reference_path", lambda: tmp_path)
    return tmp_path / "manifest.json"


def test_figures_of_the_manifest_are_quoted_with_their_command(reference: Path) -> None:
    outcomes = [
        outcome("human", "ann", Decision.PASS, 0.1),
        outcome("human", "bea", Decision.REVIEW, 2.1),
        outcome("bot", "linear", Decision.FAIL, 3.0),
    ]
    figures = msgspec.to_builtins(summarise(outcomes, lambda *_: Standing.HELD_OUT, seed=1))
    metrics = {"protocol": "grouped", "folds": 5, "seed": 1, **figures}
    reference.write_bytes(msgspec.json.encode({"metrics": metrics, "provenance": {"files": {"people.jsonl": "00", "bots.jsonl": "11"}}}))
    text = page.render()
    assert "playproof evaluate bots.jsonl people.jsonl --protocol grouped --folds 5 --seed 1" in text
    assert "| lab | 2 | 0 | 1/2 | 50.0 % |" in text
    assert "| linear | held out | 1/1 | 100 % |" in text
    assert "ROC AUC 1.0000 over sessions" in text
    assert "{" not in text.replace('{"label', "")


def test_a_model_without_figures_says_so(reference: Path) -> None:
    reference.write_bytes(msgspec.json.encode({"metrics": None, "provenance": {"files": {}}}))
    assert "states no figures" in page.render()
