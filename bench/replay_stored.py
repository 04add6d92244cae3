"""A million plays to look among, out of a few thousand recorded ones.

A made play has as many strokes as one of the recorded ones, drawn at random, and its times but for a factor and noise; each stroke is
drawn from all that people made. Codes are moved by normal noise of `MOVED`, several times that of a copy, so that no made stroke is a
copy of its origin, while buckets are as full as people fill them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from playproof.challenges.memory_index import MemoryIndex
from playproof.challenges.shape import DIMENSIONS
from playproof.challenges.signature import Signature

MOVED = 6.0
PACE = 0.15
WAIT_MS = 60.0
_CHUNK = 250_000


def stored(recorded: Sequence[Signature], count: int, rng: np.random.Generator) -> MemoryIndex:
    """An index of `recorded`, numbered first, and of made plays up to `count`."""
    index = MemoryIndex(recorded)
    while len(index) < count:
        index.extend(list(_made(recorded, min(_CHUNK, count - len(index)), rng)))
    return index


def _made(recorded: Sequence[Signature], count: int, rng: np.random.Generator) -> Iterator[Signature]:
    pool = np.concatenate([each.codes for each in recorded]).astype(np.int16)
    lengths = np.array([len(each.times) for each in recorded])
    starts = np.concatenate([[0], np.cumsum(lengths)])
    clock = np.concatenate([each.times for each in recorded]).astype(np.float64)
    model = rng.integers(0, len(recorded), count)
    ends = np.cumsum(lengths[model])
    codes = pool[rng.integers(0, len(pool), ends[-1])]
    codes[:, :DIMENSIONS] += np.round(rng.normal(0.0, MOVED, (len(codes), DIMENSIONS))).astype(np.int16)
    small = codes.clip(-127, 127).astype(np.int8)
    for play, begin, end in zip(model, ends - lengths[model], ends, strict=True):
        times = clock[starts[play] : starts[play + 1]] * np.exp(rng.normal(0.0, PACE)) + rng.normal(0.0, WAIT_MS, end - begin)
        yield Signature(small[begin:end], np.sort(times).clip(0, 65535).astype(np.uint16))
