"""The emulated anomaly model: how far a row lies from the training rows, by each column and by how columns go together.

Each column becomes a normal score through the training rows' distribution (a Gaussian copula), and a row's distance is the
Mahalanobis distance of its scores under their shrunk correlation. Deterministic; a row's score depends on nothing but
the row and the training rows.
"""

from __future__ import annotations

from statistics import NormalDist
from typing import Any, NamedTuple

import msgspec
import numpy as np

from playproof.emulator.tables import Column, Table

Floats = np.ndarray[Any, np.dtype[np.float64]]

FEWEST_ROWS = 10
"""Training rows without which there is no model."""
FLAGGED_SHARE = 0.05
"""Of rows like those of the training, the share that the threshold flags."""

_KNOTS = 129
_FARTHEST = 8.0
"""Normal scores end here, so that one absurd value does not drown the rest."""
_LEAST_SHRINKAGE = 0.1
_FOLDS = 10


class TooFewRows(Exception):
    """There are not enough rows to fit a model to."""


class Scale(msgspec.Struct, frozen=True):
    """How a column's values become normal scores: numbers by knots, words by their rarity."""

    name: str
    knots: list[float] = []
    scores: list[float] = []
    words: dict[str, float] | None = None
    """Word to normal score; a word that training has not seen counts as missing."""

    def apply(self, column: Column | None, rows: int) -> Floats:
        """Normal scores of `column`; 0 where there is no value."""
        if column is None:
            return np.zeros(rows)
        if self.words is not None:
            known = self.words
            return np.array([known.get(_word(column, at), 0.0) for at in range(rows)], dtype=np.float64)
        values = _numbers(column)
        if not self.knots:
            return np.zeros(rows)
        return np.nan_to_num(_interpolate(values, np.array(self.knots), np.array(self.scores)), nan=0.0)


class Measured(NamedTuple):
    """What a model finds about rows."""

    normal: Floats
    """Shape (rows, columns): normal scores."""
    scores: Floats
    """Shape (rows,)."""


class Detector(msgspec.Struct, frozen=True):
    """A fitted model. Scores lie in [0, 1), higher is more anomalous; of rows like those of the training half lie below 0.5."""

    scales: list[Scale]
    precision: list[list[float]]
    typical: float
    """The median squared distance of rows like those of the training."""
    threshold: float
    """Scores above it are flagged."""

    def measure(self, table: Table) -> Measured:
        """What is found about each row."""
        normal = _score(self.scales, table)
        return Measured(normal, _bounded(_distances(normal, np.array(self.precision)), self.typical))

    def contributions(self, normal: Floats) -> list[tuple[str, float, float]]:
        """What makes a row what it is, from its normal scores: column, share of the distance, score; the largest first."""
        parts = np.abs(normal * np.einsum("j,jk->k", normal, np.array(self.precision)))
        whole = float(parts.sum()) or 1.0
        found = [(scale.name, float(part) / whole, float(score)) for scale, part, score in zip(self.scales, parts, normal, strict=True)]
        return sorted(found, key=lambda each: -each[1])


def fit(table: Table, input_columns: list[str] | None = None) -> Detector:
    """A detector for the rows of `table`. Raises `TooFewRows`, and `KeyError` for a column that is not there.

    What is typical, and what is flagged, is read off rows that the distances to them were not fitted to: each tenth of
    the rows is measured by a fit to the others. Rows that come later are then flagged as often as those.
    """
    if table.rows < FEWEST_ROWS:
        raise TooFewRows(f"training needs at least {FEWEST_ROWS} rows, the dataset has {table.rows}")
    names = list(table.columns) if input_columns is None else input_columns
    fold = np.arange(table.rows) % _FOLDS
    distances = np.empty(table.rows)
    for held in range(_FOLDS):
        scales, precision = _fit(_take(table, fold != held), names)
        distances[fold == held] = _distances(_score(scales, _take(table, fold == held)), precision)
    scales, precision = _fit(table, names)
    typical = float(np.median(distances)) or 1.0
    threshold = float(np.quantile(_bounded(distances, typical), 1 - FLAGGED_SHARE))
    return Detector(scales, precision.tolist(), typical, threshold)


def _take(table: Table, rows: np.ndarray[Any, np.dtype[np.bool_]]) -> Table:
    return Table({name: Column(column.kind, column.values[rows]) for name, column in table.columns.items()}, int(rows.sum()))


def _fit(table: Table, names: list[str]) -> tuple[list[Scale], Floats]:
    scales = [_scale(name, table.columns[name]) for name in names]
    scores = _score(scales, table)
    covariance = scores.T @ scores / table.rows
    spread = float(np.trace(covariance)) / len(scales) or 1.0
    shrinkage = max(_LEAST_SHRINKAGE, len(scales) / (len(scales) + table.rows))
    shrunk = (1 - shrinkage) * covariance + shrinkage * spread * np.eye(len(scales))
    return scales, np.linalg.inv(shrunk).astype(np.float64)


def _score(scales: list[Scale], table: Table) -> Floats:
    return np.stack([scale.apply(table.columns.get(scale.name), table.rows) for scale in scales], axis=1)


def _distances(scores: Floats, precision: Floats) -> Floats:
    # Summed in loops, not by a matrix library, whose rounding depends on how many rows there are.
    squared: Floats = np.einsum("ij,jk,ik->i", scores, precision, scores)
    return squared


def _bounded(distances: Floats, typical: float) -> Floats:
    bounded: Floats = -np.expm1(-np.log(2.0) * distances / typical)
    return bounded


def _word(column: Column, row: int) -> str:
    value = column.values[row]
    if column.kind != "categorical":
        return "" if np.isnan(value) else f"{value:g}"
    return value or ""


def _numbers(column: Column) -> Floats:
    if column.kind != "categorical":
        return column.values
    return np.array([_coerced(value) for value in column.values], dtype=np.float64)


def _coerced(value: str | None) -> float:
    try:
        number = float(value or "nan")
    except ValueError:
        return np.nan
    return number if np.isfinite(number) else np.nan


def _scale(name: str, column: Column) -> Scale:
    if column.kind == "categorical":
        words, counts = np.unique([value for value in column.values if value is not None], return_counts=True)
        normal = NormalDist()
        shares = counts / max(1, counts.sum())
        rarity = [max(0.0, -normal.inv_cdf(min(0.5, max(1e-6, float(share))))) for share in shares]
        return Scale(name, words=dict(zip((str(word) for word in words), rarity, strict=True)))
    values = column.values[~np.isnan(column.values)]
    if not len(values):
        return Scale(name)
    places = (np.arange(_KNOTS) + 0.5) / _KNOTS
    quantiles = np.quantile(values, places)
    normal = NormalDist()
    scores = np.array([normal.inv_cdf(float(place)) for place in places])
    # Values that occur often share one score, the middle of theirs.
    knots, at = np.unique(quantiles, return_inverse=True)
    return Scale(name, knots.tolist(), (np.bincount(at, scores) / np.bincount(at)).tolist())


def _interpolate(values: Floats, knots: Floats, scores: Floats) -> Floats:
    """Scores at `values`, beyond the knots along a line with the slope of the middle half."""
    inside = np.interp(values, knots, scores)
    width = float(np.interp(0.6745, scores, knots) - np.interp(-0.6745, scores, knots))
    width = width or float(knots[-1] - knots[0]) or max(1e-9, 1e-3 * abs(float(knots[0])))
    beyond = np.maximum(0.0, values - knots[-1]) - np.maximum(0.0, knots[0] - values)
    scaled: Floats = np.clip(inside + 1.349 * beyond / width, -_FARTHEST, _FARTHEST)
    return scaled
