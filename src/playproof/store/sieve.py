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
        for place, bit in self._places(buckets):
            np.bitwise_or.at(self._bits, place, bit)
        self._added += len(buckets)

    def may_hold(self, buckets: Ints) -> NDArray[np.bool_]:
        """Of each of `buckets` (n,), whether it may have rows."""
        (first, one), (second, other) = self._places(buckets)
        return np.asarray(np.logical_and(self._bits[first] & one, self._bits[second] & other), np.bool_)

    def _places(self, buckets: Ints) -> list[tuple[NDArray[np.uint64], NDArray[np.uint8]]]:
        """The bytes of both bits of each bucket, and the bits in them."""
        hashes = buckets.view(np.uint64)
        both = (hashes >> self._shift, hashes & self._mask)
        return [(number >> np.uint64(3), np.uint8(1) << (number & np.uint64(7)).astype(np.uint8)) for number in both]
