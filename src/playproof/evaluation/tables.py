"""The figures as rows of words, for the terminal and for the page alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from playproof.decision.reasons import MEANINGS
from playproof.evaluation.result import Evaluation
from playproof.evaluation.summary import BotRow, Count, Figures


class Table(NamedTuple):
    """Heads and rows; the first `text_columns` columns are text, the others figures."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    text_columns: int = 1


def percent(share: float | None) -> str:
    """`share` in per cent with as many decimals as tell something; a dash where there is none."""
    if share is None:
        return "–"
    value = 100.0 * share
    if value in {0.0, 100.0}:
        return f"{value:.0f} %"
    return f"{value:.2f} %" if value < 1 or value > 99 else f"{value:.1f} %"


def ends(interval: tuple[float, float] | None) -> str:
    """An interval of shares in words."""
    return "–" if interval is None else f"{percent(interval[0])} to {percent(interval[1])}"


def auc(value: float | None) -> str:
    """An area under the curve, a dash where there is none."""
    return "–" if value is None else f"{value:.4f}"


def people_table(figures: Figures) -> Table:
    """Per source of people."""
    intervals = ("rate", "over people", "Wilson")
    rows = [
        (row.source, f"{row.people}", f"{row.observing}", *_people_cells(row.not_passed), *_people_cells(row.failed))
        for row in figures.people
    ]
    return Table(("source", "people", "observing", "not passed", *intervals, "failed", *intervals), tuple(rows))


def means_table(figures: Figures) -> Table:
    """Per standing of generators."""
    rows = [
        (
            row.standing,
            f"{row.generators}",
            percent(row.not_passed),
            ends(row.not_passed_interval),
            percent(row.failed),
            ends(row.failed_interval),
            row.worst,
            str(row.worst_not_passed),
            percent(row.worst_not_passed.rate),
        )
        for row in figures.means
    ]
    over = "over generators"
    return Table(("generators", "number", "not passed", over, "failed", over, "worst", "not passed", "rate"), tuple(rows))


def bots_table(rows: Sequence[BotRow], what: str) -> Table:
    """Per generator or family, the worst first."""
    ordered = sorted(rows, key=lambda row: (row.not_passed.share, row.name))
    cells = [(row.name, row.standing, *_bot_cells(row.not_passed), *_bot_cells(row.failed), auc(row.auc)) for row in ordered]
    intervals = ("rate", "Wilson")
    return Table((what, "to the model", "not passed", *intervals, "failed", *intervals, "ROC AUC"), tuple(cells), 2)


def rules_table(figures: Figures) -> Table:
    """Per rule that speaks against a pass."""
    rows = [(row.code, MEANINGS[row.code].effect, *_people_cells(row.people), percent(row.bots)) for row in figures.rules]
    return Table(("rule", "at best", "people", "rate", "over people", "Wilson", "bots, mean over generators"), tuple(rows), 2)


def errors_table(evaluation: Evaluation, most: int) -> Table:
    """The first `most` lines that could not be judged."""
    rows = [(error.file, f"{error.line}", error.code, error.message, error.path) for error in evaluation.errors[:most]]
    return Table(("file", "line", "error", "message", "path"), tuple(rows), 5)


def files_table(evaluation: Evaluation) -> Table:
    """Per file."""
    rows = [(file.name, f"{file.sessions}", f"{file.errors}", file.sha256) for file in evaluation.files]
    return Table(("file", "sessions", "errors", "SHA-256"), tuple(rows))


def _people_cells(count: Count) -> tuple[str, ...]:
    return str(count), percent(count.rate), ends(count.bootstrap), ends(count.wilson)


def _bot_cells(count: Count) -> tuple[str, ...]:
    return str(count), percent(count.rate), ends(count.wilson)
