"""What is known of buckets without asking for them."""

from __future__ import annotations

import numpy as np

from playproof.store.sieve import Sieve

RNG = np.random.default_rng(3)
ROWS = 50_000


def hashes(count: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return RNG.integers(-(2**63), 2**63 - 1, count)


def test_what_was_added_is_always_known() -> None:
    sieve, first, second = Sieve(ROWS), hashes(ROWS), hashes(7)
    assert len(sieve.may_hold(first)) == 0
    sieve.add(first)
    sieve.add(second)
    assert sieve.may_hold(first).tolist() == list(range(ROWS))
    assert sieve.may_hold(second).tolist() == list(range(7))
    assert sieve.may_hold(hashes(0)).tolist() == []


def test_few_others_are_taken_for_known() -> None:
    sieve = Sieve(ROWS)
    sieve.add(hashes(ROWS))
    assert len(sieve.may_hold(hashes(100_000))) < 5_000


def test_it_says_when_it_is_worth_making_anew() -> None:
    sieve = Sieve(ROWS)
    sieve.add(hashes(2 * ROWS))
    assert not sieve.full
    sieve.add(hashes(1))
    assert sieve.full


def test_a_small_one_has_room_for_a_beginning() -> None:
    sieve, some = Sieve(0), np.array([-(2**63), -1, 0, 1, 2**63 - 1])
    sieve.add(some)
    assert sieve.may_hold(some).tolist() == [0, 1, 2, 3, 4]
    assert not sieve.full
