"""Identifiers made by the server."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from datetime import UTC, datetime

RandomBytes = Callable[[int], bytes]
"""A source of random bytes, such as `os.urandom`."""

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no i, l, o, u
_PREFIX = "pp_"
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]


def session_id(now: datetime, random: RandomBytes) -> str:
    """A new session id: ``pp_`` and 26 characters, ordered by creation time to the millisecond.

    48 bits of time, then 80 random bits, so that ids sort by age and cannot be guessed.
    """
    return _PREFIX + _ordered(now, random)


def made_at(name: str) -> datetime | None:
    """When `session_id` made this id; `None` where it did not."""
    letters = name.removeprefix(_PREFIX)
    if not name.startswith(_PREFIX) or len(letters) != 26 or not set(letters) <= set(_ALPHABET):
        return None
    number = 0
    for letter in letters:
        number = number * 32 + _ALPHABET.index(letter)
    try:
        return datetime.fromtimestamp((number >> 80) / 1000.0, UTC)
    except (ValueError, OverflowError):  # in a year that no calendar has
        return None


def challenge_id(now: datetime, random: RandomBytes) -> str:
    """A new id of a challenge: ``ch_`` and 26 characters, made as those of sessions are."""
    return "ch_" + _ordered(now, random)


def site_id(now: datetime, random: RandomBytes) -> str:
    """A new id of a site: ``site_`` and 26 characters, made as those of sessions are."""
    return "site_" + _ordered(now, random)


def message_id(now: datetime, random: RandomBytes) -> str:
    """A new id of a message to a site: ``msg_`` and 26 characters, made as those of sessions are."""
    return "msg_" + _ordered(now, random)


def process_name(random: RandomBytes) -> str:
    """A name for this process that no other has, on any machine, before or after."""
    return f"{socket.gethostname()}-{os.getpid()}-{random(6).hex()}"


def _ordered(now: datetime, random: RandomBytes) -> str:
    number = (int(now.timestamp() * 1000) << 80) | int.from_bytes(random(10), "big")
    return "".join([_PAIRS[(number >> shift) & 1023] for shift in range(120, -1, -10)])
