"""The generator that the server and the browser share: the same seed gives the same whole numbers in both.

It is xoshiro128** 1.1 (Blackman and Vigna, "Scrambled linear pseudorandom number generators", ACM TOMS 47, 2021;
https://prng.di.unimi.it/xoshiro128starstar.c, public domain): four words of 32 bits, and nothing but sums, shifts and
products modulo 2**32, which JavaScript does exactly with `Math.imul`. It spreads a seed over a layout; the secrecy of
later steps rests on the seeds (`playproof.challenges.seeds`), not on it. `web/widget/games/generator.js` is its twin.
"""

from __future__ import annotations

import struct

_WORD = 0xFFFFFFFF


class Generator:
    """Whole numbers from a seed of 16 bytes: its four words, little-endian, are the first state."""

    __slots__ = ("_state",)

    def __init__(self, seed: bytes) -> None:
        self._state = list(struct.unpack("<4I", seed))

    def word(self) -> int:
        """The next 32 bits."""
        a, b, c, d = self._state
        result = _turned(b * 5 & _WORD, 7) * 9 & _WORD
        c ^= a
        d ^= b
        self._state = [a ^ d, b ^ c, c ^ (b << 9 & _WORD), _turned(d, 11)]
        return result

    def below(self, count: int) -> int:
        """One of `count` (1 to 2**32) whole numbers from 0 on, all as likely: words past the last full round are drawn anew."""
        full = (1 << 32) - (1 << 32) % count
        while (word := self.word()) >= full:
            pass
        return word % count

    def between(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both among them."""
        return low + self.below(high - low + 1)


def _turned(word: int, by: int) -> int:
    return (word << by | word >> 32 - by) & _WORD
