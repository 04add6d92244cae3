"""Two plays laid beside each other, stroke by stroke in order of time, as far as one may be a copy of a part of the other.

A local alignment (Smith and Waterman 1981) whose scores are log odds: of the strokes, and of the times between them. A copy may
lack up to two strokes in a row, or have as many more.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from playproof.challenges.odds import SHORTEST_MS, interval_odds, log_odds
from playproof.challenges.shape import DIMENSIONS, TIME
from playproof.challenges.signature import Codes, Times, decoded
from playproof.compiled import compiled, kernel
from playproof.features.numbers import Floats, Places, median_of

_REACH = 3
_STEPS = np.log(np.array([[0.67, 0.11, 0.04], [0.11, 0.11, 0.02], [0.04, 0.02, 0.04]]))
"""Of how many strokes on the next pair lies, in the one and in the other."""
_STRETCHES = np.array([0.9, 1.1])
"""Of the time between strokes, as far as the play that is compared was not stretched before it was signed."""
_PROMISING = 4.0
"""Below it no other stretch is tried."""
_FEWEST = 2
"""Fewer strokes that are alike are no copy of a part."""
_LEAST = -1.5
"""Pairs of strokes less alike than this are skipped."""
_OTHER_STRETCH = math.log(0.1)
"""Prior odds of a play whose pace was changed."""
_MIRROR = math.log(0.5)


@kernel("f8[::1](f8[:,::1], i1[:,::1], u2[::1], i8[::1])")
def evidence(strokes: Floats, codes: Codes, times: Times, offsets: Places) -> Floats:
    """Log odds (c,) of a play with `strokes` (s, `WIDTH`) being a copy of each of c stored plays.

    Stored play i has the rows `offsets[i]` up to `offsets[i + 1]` of `codes` and `times`.
    """
    found = np.zeros(offsets.size - 1)
    for i in range(found.size):
        stored = decoded(codes[offsets[i] : offsets[i + 1]], times[offsets[i] : offsets[i + 1]])
        if strokes.shape[0] and stored.shape[0]:
            choices = math.log(float(strokes.shape[0] * stored.shape[0]))
            plain, mirrored = np.empty((strokes.shape[0], stored.shape[0])), np.empty((strokes.shape[0], stored.shape[0]))
            _compare(strokes, stored, plain, mirrored)
            best = max(_aligned(plain, strokes, stored), _aligned(mirrored, strokes, stored))
            found[i] = max(best + _MIRROR - choices, 0.0)
    return found


@compiled
def _compare(strokes: Floats, stored: Floats, plain: Floats, mirrored: Floats) -> None:
    """Fill `plain` and `mirrored` (s, t) with the log odds of each pair of strokes."""
    scratch = np.empty((2, DIMENSIONS))
    for i in range(strokes.shape[0]):
        for j in range(stored.shape[0]):
            plain[i, j], mirrored[i, j] = log_odds(strokes[i], stored[j], scratch)


@compiled
def _aligned(odds: Floats, strokes: Floats, stored: Floats) -> float:
    """Log odds of the best alignment, whatever part of the play it begins and ends with."""
    alike = 0
    for i in range(odds.shape[0]):
        alike += odds[i].max() > 0.0
    if alike < _FEWEST:
        return 0.0
    scores, back = np.empty(odds.shape), np.empty(odds.shape, np.intp)
    best, stretch = _filled(odds, strokes, stored, 1.0, scores, back), 1.0
    if best < _PROMISING:
        return best
    for each in _STRETCHES:
        score = _filled(odds, strokes, stored, each, scores, back) + _OTHER_STRETCH
        if score > best:
            best, stretch = score, each
    _filled(odds, strokes, stored, stretch, scores, back)
    stretch = _stretch(strokes, stored, scores, back)
    return max(best, _filled(odds, strokes, stored, stretch, scores, back) + _OTHER_STRETCH)


@compiled
def _filled(odds: Floats, strokes: Floats, stored: Floats, stretch: float, scores: Floats, back: NDArray[np.intp]) -> float:
    """Fill `scores` with the best that ends at each pair, and `back` with the step that led there or -1; the highest score."""
    best = 0.0
    for i in range(odds.shape[0]):
        for j in range(odds.shape[1]):
            scores[i, j], back[i, j] = -1.0, -1
            if odds[i, j] < _LEAST:
                continue
            before = 0.0
            for down in range(1, min(_REACH, i) + 1):
                for aside in range(1, min(_REACH, j) + 1):
                    if scores[i - down, j - aside] <= 0.0:
                        continue
                    taken = strokes[i, TIME] - strokes[i - down, TIME]
                    score = scores[i - down, j - aside] + _STEPS[down - 1, aside - 1]
                    score += interval_odds(taken, stored[j, TIME] - stored[j - aside, TIME], stretch)
                    if score > before:
                        before, back[i, j] = score, (down - 1) * _REACH + aside - 1
            scores[i, j] = before + odds[i, j]
            best = max(best, scores[i, j])
    return best


@compiled
def _stretch(strokes: Floats, stored: Floats, scores: Floats, back: NDArray[np.intp]) -> float:
    """The ratio in the middle of the times between the strokes of the best alignment; 1 of a single pair."""
    i = j = 0
    for a in range(scores.shape[0]):
        for b in range(scores.shape[1]):
            if scores[a, b] > scores[i, j]:
                i, j = a, b
    ratios = np.empty(scores.shape[0])
    count = 0
    while back[i, j] >= 0:
        down, aside = back[i, j] // _REACH + 1, back[i, j] % _REACH + 1
        taken = max(strokes[i, TIME] - strokes[i - down, TIME], SHORTEST_MS)
        ratios[count] = math.log(taken / max(stored[j, TIME] - stored[j - aside, TIME], SHORTEST_MS))
        count += 1
        i, j = i - down, j - aside
    return math.exp(median_of(ratios[:count])) if count else 1.0
