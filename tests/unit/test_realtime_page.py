"""The page on real time says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bench.matrix import CANNOT, CELLS
from playproof.errors import HostedReason
from playproof.observe.metrics import METRICS
from playproof.settings.table import SETTINGS
from playproof.woodwide.breaker import LONGEST_GROWTH
from playproof.woodwide.resume import HOLD_SECONDS
from playproof.woodwide.settlement import LATEST_SECONDS, MOST_ATTEMPTS


@pytest.fixture(scope="module")
def page(repository: Path) -> str:
    return (repository / "docs" / "realtime.md").read_text("utf-8")


def test_the_figures_in_words_are_those_of_the_code(page: str) -> None:
    words = " ".join(page.split())
    for said in (
        f"After {MOST_ATTEMPTS} attempts",
        f"tried {MOST_ATTEMPTS} times",
        f"at most every {LATEST_SECONDS:g} s",
        f"up to {LONGEST_GROWTH:g} times the first",
        f"after at most {HOLD_SECONDS:g} s",
    ):
        assert said in words


def test_every_cell_of_the_matrix_is_told(page: str) -> None:
    for cell in CELLS:
        fault = f"`{cell.kind}`" + ("" if cell.route == "*" else f" on `{cell.route}`")
        assert f"| {fault} | {cell.strategy} | {cell.leads_to()} |" in page
    for (kind, strategy), why in CANNOT.items():
        assert f"| `{kind}` | {strategy} | cannot occur: {why} |" in page


def test_what_it_names_is_there(page: str) -> None:
    named = set(re.findall(r"`((?:playproof_|WOODWIDE_|DATASET_|RESULT_|ANOMALY_)[A-Za-z_]+)(?:=[^`]*)?`", page))
    known = {metric.name for metric in METRICS} | {setting.env for setting in SETTINGS} | {"WOODWIDE_"}
    assert named <= known
    reasons = {word for row in re.findall(r"^\| (?:reason|many) (.*?) \|", page, re.MULTILINE) for word in re.findall(r"`(\w+)`", row)}
    assert reasons <= set(HostedReason)
    assert reasons
