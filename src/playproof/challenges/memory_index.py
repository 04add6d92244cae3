"""An index of plays in memory: sorted arrays, read by their first bits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from playproof.challenges.buckets import Ints, rows_of
from playproof.challenges.replay import PER_BUCKET, Found
from playproof.challenges.signature import Codes, Signature, Times
from playproof.compiled import compiled, kernel

_TOP = 1 << 63


class MemoryIndex:
    """Plays numbered 0, 1, ... in the order they are added; what is added costs a sort of everything."""

    def __init__(self, signatures: Sequence[Signature] = ()) -> None:
        self._bucket: Ints = np.empty(0, np.int64)
        self._detail: Ints = np.empty(0, np.int64)
        self._number = np.empty(0, np.int32)
        self._codes: Codes = np.empty((0, 12), np.int8)
        self._times: Times = np.empty(0, np.uint16)
        self._offsets: Ints = np.zeros(1, np.int64)
        self._starts: Ints = np.zeros(3, np.int64)
        self._shift = 63
        self.extend(signatures)

    def __len__(self) -> int:
        return len(self._offsets) - 1

    @property
    def bytes(self) -> int:
        """What its arrays take."""
        arrays = (self._bucket, self._detail, self._number, self._codes, self._times, self._offsets, self._starts)
        return sum(each.nbytes for each in arrays)

    def extend(self, signatures: Sequence[Signature]) -> None:
        """Add plays."""
        if not signatures:
            return
        rows = [rows_of(each) for each in signatures]
        numbers = np.repeat(np.arange(len(self), len(self) + len(rows), dtype=np.int32), [len(each.bucket) for each in rows])
        bucket = np.concatenate([self._bucket, *(each.bucket for each in rows)])
        order = np.argsort(bucket, kind="stable")
        self._bucket = bucket[order]
        self._detail = np.concatenate([self._detail, *(each.detail for each in rows)])[order]
        self._number = np.concatenate([self._number, numbers])[order]
        self._codes = np.concatenate([self._codes, *(each.codes for each in signatures)])
        self._times = np.concatenate([self._times, *(each.times for each in signatures)])
        lengths = np.cumsum([len(each.times) for each in signatures])
        self._offsets = np.concatenate([self._offsets, self._offsets[-1] + lengths])
        # About four rows between two starts; a shift by all 64 bits would be none.
        bits = max(1, len(order).bit_length() - 2)
        self._shift = 64 - bits
        first = (np.arange(1 << bits, dtype=np.uint64) << np.uint64(self._shift)) - np.uint64(_TOP)
        self._starts = np.append(np.searchsorted(self._bucket, first.view(np.int64)), len(order)).astype(np.int64)

    def rows(self, buckets: Ints) -> Found:
        """As `ReplayIndex`."""
        probe, place = _found(buckets, self._bucket, self._starts, self._shift)
        return Found(probe, self._detail[place], self._number[place].astype(np.int64))

    def signatures(self, numbers: Sequence[int]) -> Sequence[Signature | None]:
        """As `ReplayIndex`."""
        return [self._signature(number) if 0 <= number < len(self) else None for number in numbers]

    def _signature(self, number: int) -> Signature:
        part = slice(self._offsets[number], self._offsets[number + 1])
        return Signature(self._codes[part], self._times[part])


@kernel("i8[:,::1](i8[::1], i8[::1], i8[::1], i8)")
def _found(buckets: Ints, stored: Ints, starts: Ints, shift: int) -> Ints:
    """Probes and places (2, m) of the rows of `stored` (r,), which rise, that are in `buckets` (b,)."""
    room = max(buckets.size, 64)
    found = np.empty((2, room), np.int64)
    count = 0
    for probe in range(buckets.size):
        wanted = buckets[probe]
        slot = _slot(wanted, shift)
        taken = 0
        for place in range(starts[slot], starts[slot + 1]):
            if stored[place] > wanted or taken == PER_BUCKET:
                break
            if stored[place] == wanted:
                if count == room:
                    room *= 2
                    wider = np.empty((2, room), np.int64)
                    wider[:, :count] = found
                    found = wider
                found[0, count], found[1, count] = probe, place
                count += 1
                taken += 1
    return found[:, :count].copy()


@compiled
def _slot(bucket: int, shift: int) -> int:
    """Which of the starts a bucket lies behind."""
    return int((np.uint64(bucket) + np.uint64(_TOP)) >> np.uint64(shift))
