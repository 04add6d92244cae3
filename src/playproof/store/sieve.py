"""Which buckets may have rows, in two bits each: what is looked for in most of them need not be asked of the database (a filter of Bloom).

A bucket is a hash already, so its first bits say where one of its bits is and its last bits where the other. Both may be there for a
bucket without rows, never the other way round; what is removed leaves its bits behind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from playproof.challenges.buckets import Ints

_BITS_A_ROW = 8
"""At least; then one bucket in twenty that has no rows is asked for in vain, at most."""
_LEAST_ROWS = 1 << 14

_THREE, _SEVEN = np.uint64(3), np.uint64(7)
_BIT = np.uint8(1) << np.arange(8, dtype=np.uint8)


class Sieve:
    """Bits for so many rows, and for as many again."""

    def __init__(self, rows: int) -> None:
        self._rows = max(rows, _LEAST_ROWS)
        width = (_BITS_A_ROW * self._rows - 1).bit_length()
        self._shift, self._mask = np.uint64(64 - width), np.uint64((1 << width) - 1)
        self._bits = np.zeros(1 << (width - 3), np.uint8)
        self._added = 0

    @property
    def full(self) -> bool:
        """Whether so much was added that a new one would tell more."""
        return self._added > 2 * self._rows

    def add(self, buckets: Ints) -> None:
        """Note that `buckets` (n,) have rows."""
        for numbers in self._numbers(buckets.view(np.uint64)):
            np.bitwise_or.at(self._bits, numbers >> _THREE, _BIT[numbers & _SEVEN])
        self._added += len(buckets)

    def may_hold(self, buckets: Ints) -> Ints:
        """The places in `buckets` (n,) of those that may have rows."""
        first, _ = self._numbers(buckets.view(np.uint64))
        # Each look at so many bits is one into memory that no cache holds: for most buckets one is enough.
        likely = np.flatnonzero(self._bits[first >> _THREE] & _BIT[first & _SEVEN])
        _, second = self._numbers(buckets[likely].view(np.uint64))
        held: Ints = likely[(self._bits[second >> _THREE] & _BIT[second & _SEVEN]) != 0]
        return held

    def _numbers(self, hashes: NDArray[np.uint64]) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
        """Which bits stand for each bucket."""
        return hashes >> self._shift, hashes & self._mask
