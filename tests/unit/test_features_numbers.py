"""Quantiles, orders and lines as numpy knows them, and what they do with nothing, with ties and with NaN."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from playproof.compiled import kernel
from playproof.features import numbers

Floats = NDArray[np.float64]

LEVELS = (0.0, 0.1, 0.25, 0.5, 0.75, 0.95, 1.0)


@kernel("UniTuple(f8, 7)(f8[::1])")
def quantiles(values: Floats) -> tuple[float, ...]:
    return (
        numbers.quantile_of(values, 0.0),
        numbers.quantile_of(values, 0.1),
        numbers.quantile_of(values, 0.25),
        numbers.median_of(values),
        numbers.quantile_of(values, 0.75),
        numbers.quantile_of(values, 0.95),
        numbers.quantile_of(values, 1.0),
    )


@kernel("f8(f8[::1])")
def spread(values: Floats) -> float:
    return numbers.spread_of(values)


@kernel("i8[::1](f8[::1])")
def order(values: Floats) -> NDArray[np.intp]:
    return numbers.rising_order(values)


@kernel("UniTuple(f8, 4)(f8[::1], f8[::1], i8)")
def relations(a: Floats, b: Floats, lag: int) -> tuple[float, ...]:
    slope, scatter, strength = numbers.line(a, b)
    return slope, scatter, strength, numbers.memory(a, lag)


def series() -> list[Floats]:
    rng = np.random.default_rng(4)
    kinds = (rng.random, np.zeros, np.arange, lambda size: np.arange(size)[::-1], lambda size: rng.integers(0, 4, size))
    return [np.array(kind(size), np.float64) for size in (1, 2, 3, 4, 5, 8, 31, 500) for kind in kinds]


@pytest.mark.parametrize("values", series(), ids=lambda values: str(values.size))
def test_quantiles_and_orders_are_numpys(values: Floats) -> None:
    before = values.copy()
    np.testing.assert_allclose(quantiles(values), np.quantile(values, LEVELS), rtol=1e-14)
    np.testing.assert_array_equal(order(values), np.argsort(values, kind="stable"))
    np.testing.assert_array_equal(values, before)


def test_of_nothing_there_is_no_quantile() -> None:
    assert np.isnan(quantiles(np.empty(0))).all()
    assert order(np.empty(0)).size == 0
    assert np.isnan(spread(np.array([1.0, 2.0])))
    assert spread(np.array([1.0, 2.0, 3.0])) == 1.0


def test_nan_ends_in_nan_and_nowhere_else() -> None:
    assert np.isnan(quantiles(np.full(9, np.nan))).all()
    assert sorted(order(np.array([np.nan, 2.0, np.nan, 1.0]))) == [0, 1, 2, 3]
    assert quantiles(np.array([np.inf, -np.inf, 0.0]))[3] == 0.0


def test_a_line_and_a_memory() -> None:
    rng = np.random.default_rng(5)
    a = rng.normal(size=200)
    b = 3.0 * a + 1.0 + rng.normal(0.0, 0.5, 200)
    slope, scatter, strength, memory = relations(a, b, 2)
    wanted = np.polyfit(a, b, 1)
    assert slope == pytest.approx(wanted[0])
    assert scatter == pytest.approx(np.std(b - np.polyval(wanted, a)))
    assert strength == pytest.approx(np.corrcoef(a, b)[0, 1])
    assert memory == pytest.approx(a[:-2] @ a[2:] / (a @ a))
    assert np.isnan(relations(a[:2].copy(), b[:2].copy(), 1)[:3]).all()
    assert np.isnan(relations(np.ones(5), b[:5].copy(), 1)[:3]).all()
    assert relations(a[:2].copy(), b[:2].copy(), 5)[3] == 0.0
    assert np.isnan(relations(np.zeros(4), np.zeros(4), 1)[3])
