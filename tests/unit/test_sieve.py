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
    assert not sieve.may_hold(first).any()
    sieve.add(first)
    sieve.add(second)
    assert sieve.may_hold(first).all()
    assert sieve.may_hold(second).all()
    assert sieve.may_hold(hashes(0)).shape == (0,)


def test_few_others_are_taken_for_known() -> None:
    sieve = Sieve(ROWS)
    sieve.add(hashes(ROWS))
    assert sieve.may_hold(hashes(100_000)).mean() < 1 / 20


def test_it_says_when_it_is_worth_making_anew() -> None:
    sieve = Sieve(ROWS)
    sieve.add(hashes(2 * ROWS))
    assert not sieve.full
    sieve.add(hashes(1))
    assert sieve.full


def test_a_small_one_has_room_for_a_beginning() -> None:
    sieve, some = Sieve(0), np.array([-(2**63), -1, 0, 1, 2**63 - 1])
    sieve.add(some)
    assert sieve.may_hold(some).all()
    assert not sieve.full
