"""Whether a play has been seen before: exactly, or moved, scaled, rotated, mirrored, made faster or slower, made noisy, cut, or aimed anew.

A lookup has two stages. The play's buckets (`buckets`), at five paces of the play, are read from an index; the plays found most
often, and nearest by what their rows carry, are then compared stroke by stroke (`alignment`). A lookup asks once for at most
`PROBES` times twice `MOST_STROKES` buckets a pace and once for `CANDIDATES` signatures, however many plays there are.

An index is anything that keeps rows and signatures (`ReplayIndex`). `MemoryIndex` holds sorted arrays, for tests and measurements. In a
database (`playproof.store`) it is two tables, written in the transaction that closes a challenge and erased with its session:

    replay_signature  number BIGINT PRIMARY KEY, signature BLOB (1 + 14 bytes a stroke, `Signature.pack`), received_at BIGINT
    replay_row        bucket BIGINT, number BIGINT, detail BIGINT, PRIMARY KEY (bucket, number, detail), clustered

A bucket is 64 bits of a hash and may be negative. `rows` is one statement for all buckets, of which each holds at most `PER_BUCKET`
rows; `signatures` is another. What is older than replays are looked for is deleted with its rows, whose buckets follow from the
signature (`rows_of`), so that no other index is needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from playproof.challenges.alignment import evidence
from playproof.challenges.buckets import Ints, closeness, probes_of
from playproof.challenges.signature import Signature, sign, strokes_of
from playproof.telemetry import Session

RATES = (1.0, 0.79, 1.26, 0.63, 1.6)
"""A play is looked for as it is, and as if it had taken so many times as long."""
MATCH = 7.0
"""Log odds (natural) above which a play is a replay; a million pairs of different people's plays come to about 5 at most."""
CANDIDATES = 8
"""So many of the plays found are compared, each at the pace at which it was found."""
PER_BUCKET = 64
"""Rows of one bucket beyond these are not read: what so many plays share tells nothing."""
_OTHER_RATE = 2.0
"""Taken off the log odds at another pace: it is one more of several tries."""
_LEAST_CLOSE = 4.0
"""A play found once must be so near by its row's detail."""


class Found(NamedTuple):
    """Rows of an index, (m,) each."""

    probe: Ints
    """Which of the buckets asked for."""
    detail: Ints
    number: Ints
    """Of the play."""


class ReplayIndex(Protocol):
    """Plays that are looked up."""

    def rows(self, buckets: Ints) -> Found:
        """The rows in any of `buckets` (b,), at most `PER_BUCKET` of each."""
        ...

    def signatures(self, numbers: Sequence[int]) -> Sequence[Signature | None]:
        """The signature of each play, `None` where there is none any more."""
        ...


@dataclass(frozen=True, slots=True)
class Match:
    """The stored play that a play is most likely a copy of."""

    number: int
    log_odds: float
    """Natural logarithm of the odds that it is one, before any prior; above `MATCH` it is taken for a replay."""
    rate: float
    """How many times as long the play would have to take, nearly."""


def find(session: Session, index: ReplayIndex) -> Match | None:
    """The stored play that `session` is a replay of, `None` where there is none."""
    best = nearest(session, index)
    return best if best is not None and best.log_odds > MATCH else None


def nearest(session: Session, index: ReplayIndex) -> Match | None:
    """The stored play that `session` resembles most, a replay or not; `None` where nothing is alike."""
    signatures = [sign(session, rate) for rate in RATES]
    tries = _likeliest(signatures, index)
    stored = index.signatures([number for _, number in tries])
    best: Match | None = None
    for place, rate in enumerate(RATES):
        found = [(number, each) for (at, number), each in zip(tries, stored, strict=True) if at == place and each is not None]
        if not found:
            continue
        odds = compare(signatures[place], [each for _, each in found]) - (_OTHER_RATE if rate != 1.0 else 0.0)
        top = int(odds.argmax())
        if odds[top] > (best.log_odds if best is not None else 0.0):
            best = Match(found[top][0], float(odds[top]), rate)
    return best


def compare(signature: Signature, stored: Sequence[Signature]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Log odds (c,) that a play with `signature` is a copy of each of `stored`, at its own pace or nearly; 0 where nothing is alike."""
    offsets = np.concatenate([[0], np.cumsum([len(each.times) for each in stored])]).astype(np.int64)
    codes = np.concatenate([each.codes for each in stored])
    times = np.concatenate([each.times for each in stored])
    return np.asarray(evidence(strokes_of(signature.codes, signature.times), codes, times, offsets))


def _likeliest(signatures: Sequence[Signature], index: ReplayIndex) -> list[tuple[int, int]]:
    """Which play to compare with which of `signatures`, the likeliest first: places of signatures and numbers of plays."""
    probes = [probes_of(each) for each in signatures]
    found = index.rows(np.concatenate([each.bucket for each in probes]))
    if not found.number.size:
        return []
    near = closeness(np.concatenate([each.detail for each in probes])[found.probe], found.detail)
    ends = np.cumsum([len(each.bucket) for each in probes])
    place = np.searchsorted(ends, found.probe, side="right")
    keys, which = np.unique(found.number * len(signatures) + place, return_inverse=True)
    total = np.bincount(which, weights=near)
    close = np.flatnonzero(total >= _LEAST_CLOSE)
    likeliest = close[np.argsort(-total[close], kind="stable")[:CANDIDATES]]
    return [(int(key) % len(signatures), int(key) // len(signatures)) for key in keys[likeliest]]
