"""What is drawn from a challenge's secret, and the generator that browsers share."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playproof.challenges.generator import Generator
from playproof.challenges.seeds import SECRET_BYTES, new_secret, step_seed
from playproof.framing import framed

FIELDS = st.lists(st.binary(max_size=6) | st.text(max_size=4) | st.integers(), max_size=4)


def test_the_generator_gives_the_reference_numbers() -> None:
    drawn = Generator(struct.pack("<4I", 1, 2, 3, 4))
    assert [drawn.word() for _ in range(6)] == [11520, 0, 5927040, 70819200, 2031721883, 1637235492]


def test_every_number_below_is_drawn_equally_often() -> None:
    generator = Generator(bytes(range(16)))
    counts = np.bincount([generator.below(7) for _ in range(14_000)], minlength=7)
    assert counts.size == 7
    assert ((counts - 2000) ** 2 / 2000).sum() < 22.5  # chi-square with 6 degrees of freedom, one in a thousand
    assert {generator.between(3, 5) for _ in range(100)} == {3, 4, 5}


def test_words_past_the_last_full_round_are_drawn_anew() -> None:
    count = (1 << 31) + 1
    words, generator = Generator(bytes(range(16))), Generator(bytes(range(16)))
    kept = [word for word in (words.word() for _ in range(64)) if word < count]
    assert len(kept) < 64
    assert [generator.below(count) for _ in kept] == kept


@given(st.text(max_size=4), FIELDS, st.text(max_size=4), FIELDS)
def test_two_messages_are_the_same_only_where_all_their_parts_are(
    purpose: str, fields: list[str | bytes | int], other: str, others: list[str | bytes | int]
) -> None:
    def parts(label: str, rest: list[str | bytes | int]) -> list[bytes]:
        return [part if isinstance(part, bytes) else str(part).encode() for part in (label, *rest)]

    assert (framed(purpose, *fields) == framed(other, *others)) == (parts(purpose, fields) == parts(other, others))


def test_a_step_seed_belongs_to_one_step_of_one_challenge() -> None:
    secret = new_secret(bytes)
    assert len(secret) == SECRET_BYTES
    seeds = [
        step_seed(secret, "ch_1", "osu", 0),
        step_seed(secret, "ch_1", "osu", 1),
        step_seed(secret, "ch_2", "osu", 0),
        step_seed(secret, "ch_1", "snake", 0),
        step_seed(bytes(range(32)), "ch_1", "osu", 0),
    ]
    assert len(set(seeds)) == len(seeds)
    assert {len(seed) for seed in seeds} == {16}
    assert step_seed(secret, "ch_1", "osu", 0) == seeds[0]


def test_a_seed_has_sixteen_bytes() -> None:
    with pytest.raises(struct.error):
        Generator(b"short")
