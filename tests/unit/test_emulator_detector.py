"""The emulated model."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from playproof.emulator.detector import FEWEST_ROWS, FLAGGED_SHARE, Detector, TooFewRows, fit
from playproof.emulator.tables import Column, Table


def table(rows: int, seed: int) -> Table:
    rng = np.random.default_rng(seed)
    speed = rng.gamma(4.0, 100.0, rows)
    columns = {
        "speed": Column("numeric", speed),
        "jerk": Column("numeric", speed * rng.normal(2.0, 0.1, rows)),
        "steady": Column("numeric", np.full(rows, 3.0)),
        "game": Column("categorical", rng.choice(np.array(["a", "b", None], dtype=object), rows, p=[0.8, 0.15, 0.05])),
        "trusted": Column("binary", np.where(rng.uniform(size=rows) < 0.1, np.nan, 1.0)),
    }
    return Table(columns, rows)


def changed(rows: Table, **values: float) -> Table:
    columns = {name: Column(column.kind, column.values.copy()) for name, column in rows.columns.items()}
    for name, value in values.items():
        columns[name].values[:] = value
    return Table(columns, rows.rows)


def test_rows_like_those_of_the_training_are_flagged_as_often_as_is_said() -> None:
    detector = fit(table(2000, 1))
    scores = detector.measure(table(4000, 2)).scores
    assert ((scores >= 0) & (scores < 1)).all()
    assert abs(float((scores > detector.threshold).mean()) - FLAGGED_SHARE) < 0.02
    assert abs(float(np.median(scores)) - 0.5) < 0.05


def test_what_lies_outside_scores_higher() -> None:
    detector = fit(table(500, 1))
    rows = table(200, 2)
    usual = detector.measure(rows).scores
    for values in ({"speed": 1e5}, {"steady": 4.0}):
        assert (detector.measure(changed(rows, **values)).scores > np.quantile(usual, 0.9)).all()
    # Each value is usual by itself; together they are not.
    torn = changed(rows, speed=200.0, jerk=1200.0)
    assert (detector.measure(torn).scores > detector.threshold).all()
    name, share, score = detector.contributions(detector.measure(changed(rows, speed=1e5)).normal[0])[0]
    assert name == "speed"
    assert 0 < share <= 1
    assert score > 3


def test_a_row_is_measured_by_itself() -> None:
    detector = fit(table(200, 1))
    rows = table(50, 2)
    together = detector.measure(rows).scores
    alone = [
        detector.measure(Table({name: Column(c.kind, c.values[at : at + 1]) for name, c in rows.columns.items()}, 1)).scores[0]
        for at in range(50)
    ]
    assert together.tolist() == alone


def test_the_same_rows_give_the_same_model_and_it_survives_its_file() -> None:
    detector = fit(table(200, 1))
    assert fit(table(200, 1)) == detector
    kept = msgspec.json.decode(msgspec.json.encode(detector), type=Detector)
    assert kept.measure(table(20, 2)).scores.tolist() == detector.measure(table(20, 2)).scores.tolist()


def test_columns_may_be_missing_or_of_another_kind() -> None:
    detector = fit(table(200, 1))
    rows = table(5, 2)
    nothing = Table({"other": rows.columns["speed"]}, 5)
    assert np.isfinite(detector.measure(nothing).scores).all()
    words = Column("categorical", np.array([str(value) for value in rows.columns["speed"].values], dtype=object))
    as_words = Table({**rows.columns, "speed": words}, 5)
    assert detector.measure(as_words).scores.tolist() == detector.measure(rows).scores.tolist()


def test_only_the_columns_named_count() -> None:
    detector = fit(table(200, 1), ["jerk"])
    rows = table(5, 2)
    assert detector.measure(changed(rows, speed=1e9)).scores.tolist() == detector.measure(rows).scores.tolist()


def test_too_few_rows_are_refused() -> None:
    with pytest.raises(TooFewRows, match=f"at least {FEWEST_ROWS} rows, the dataset has 9"):
        fit(table(9, 1))
    fit(table(FEWEST_ROWS, 1))
