"""Where a play is looked for: one bucket for each pair of strokes of which one follows the other, or the next but one.

A pair's numbers are divided into cells, and the cell's hash is its bucket. A copy with noise may fall into the next cell, so a
lookup also tries those that lie nearest. The time between two strokes is left out: it is what a replay in a game that has the player
wait does not keep. Each row carries what helps to rank the plays found, before any is fetched: some codes of
the pair, in eight bytes.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from playproof.challenges.shape import SIGNED
from playproof.challenges.signature import Codes, Signature, Times, decoded
from playproof.compiled import compiled, kernel
from playproof.features.numbers import Floats

Ints = NDArray[np.int64]

_DIMENSIONS = np.array([0, 1, 2, 7, 9, 6, 8])
_WIDTHS = np.array([0.024, 0.018, 0.013, 0.3, 0.25, 0.2, 0.2])
_CELLS = 2 * len(_DIMENSIONS)
_DETAIL = np.array([0, 1, 2, 7])
_NEAR = 16
"""Codes that differ by more have nothing in common."""
FLIPS = 6
"""So many of a pair's numbers, those nearest to another cell, are also tried there, up to two at once."""
PROBES = 1 + FLIPS + FLIPS * (FLIPS - 1) // 2


class Rows(NamedTuple):
    """What an index holds of a play: (p,) buckets and details of its pairs."""

    bucket: Ints
    detail: Ints


def rows_of(signature: Signature) -> Rows:
    """The rows under which a play is kept."""
    found = _rows(signature.codes, signature.times, 1)
    return Rows(found[0], found[1])


def probes_of(signature: Signature) -> Rows:
    """The rows that a play is looked for with, `PROBES` for each pair."""
    found = _rows(signature.codes, signature.times, PROBES)
    return Rows(found[0], found[1])


@kernel("f8[::1](i8[::1], i8[::1])")
def closeness(details: Ints, stored: Ints) -> Floats:
    """How near rows found are to what they were looked for with, by their details (m,): 0 to 8."""
    near = np.zeros(details.size)
    for i in range(details.size):
        for byte in range(8):
            one = ((details[i] >> (8 * byte)) & 255) - 128
            other = ((stored[i] >> (8 * byte)) & 255) - 128
            near[i] += max(0.0, 1.0 - abs(one - other) / _NEAR)
    return near


@kernel("i8[:,::1](i1[:,::1], u2[::1], i8)")
def _rows(codes: Codes, times: Times, probes: int) -> Ints:
    """Buckets and details (2, p * probes) of the pairs of a signature."""
    strokes = decoded(codes, times)
    following = max(strokes.shape[0] - 1, 0)
    pairs = following + max(following - 1, 0)
    found = np.empty((2, pairs * probes), np.int64)
    cells = np.empty(_CELLS)
    for pair in range(pairs):
        first = pair if pair < following else pair - following
        second = first + 1 if pair < following else first + 2
        # Of a mirrored pair all signs change: the first is made positive.
        sign = -1.0 if strokes[first, 0] < 0.0 else 1.0
        for i in range(_DIMENSIONS.size):
            k = _DIMENSIONS[i]
            turn = sign if k < SIGNED else 1.0
            cells[2 * i] = turn * strokes[first, k] / _WIDTHS[i]
            cells[2 * i + 1] = turn * strokes[second, k] / _WIDTHS[i]
        at = pair * probes
        _probe(cells, found[0, at : at + probes])
        found[1, at : at + probes] = _detail(codes[first], codes[second], sign)
    return found


@compiled
def _probe(cells: Floats, buckets: Ints) -> None:
    """Fill `buckets` with the hash of the cell of `cells` (`_CELLS`,), and of the ones nearest to it."""
    whole, step, margin = np.empty(_CELLS, np.int64), np.empty(_CELLS, np.int64), np.empty(_CELLS)
    for i in range(_CELLS):
        whole[i] = math.floor(cells[i])
        into = cells[i] - whole[i]
        step[i], margin[i] = (-1, into) if into < 0.5 else (1, 1.0 - into)
    buckets[0] = _hashed(whole)
    if buckets.size == 1:
        return
    nearest = np.empty(FLIPS, np.int64)
    for i in range(FLIPS):
        nearest[i] = np.argmin(margin)
        margin[nearest[i]] = math.inf
    at = 1
    for i in range(FLIPS):
        whole[nearest[i]] += step[nearest[i]]
        buckets[at] = _hashed(whole)
        at += 1
        for j in range(i):
            whole[nearest[j]] += step[nearest[j]]
            buckets[at] = _hashed(whole)
            at += 1
            whole[nearest[j]] -= step[nearest[j]]
        whole[nearest[i]] -= step[nearest[i]]


@compiled
def _hashed(cells: Ints) -> int:
    """A hash of `cells` (n,), every bit of which depends on all of them (the finaliser of Steele, Lea and Flood's splitmix64)."""
    value = np.uint64(0x9E3779B97F4A7C15)
    for cell in cells:
        value ^= np.uint64(cell)
        value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        value ^= value >> np.uint64(31)
    return int(np.int64(value))


@compiled
def _detail(first: Codes, second: Codes, sign: float) -> int:
    """The codes of two strokes that a row carries, one in each byte."""
    detail = 0
    for i in range(_DETAIL.size):
        k = _DETAIL[i]
        turn = -1 if sign < 0.0 and k < SIGNED else 1
        detail |= (turn * first[k] + 128) << (16 * i)
        detail |= (turn * second[k] + 128) << (16 * i + 8)
    return detail
