"""Identifiers made by the server."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from datetime import datetime

RandomBytes = Callable[[int], bytes]
"""A source of random bytes, such as `os.urandom`."""

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no i, l, o, u
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]


def session_id(now: datetime, random: RandomBytes) -> str:
    """A new session id: ``pp_`` and 26 characters, ordered by creation time to the millisecond.

    48 bits of time, then 80 random bits, so that ids sort by age and cannot be guessed.
    """
    return "pp_" + _ordered(now, random)


def message_id(now: datetime, random: RandomBytes) -> str:
    """A new id of a message to a site: ``msg_`` and 26 characters, made as those of sessions are."""
    return "msg_" + _ordered(now, random)


def process_name(random: RandomBytes) -> str:
    """A name for this process that no other has, on any machine, before or after."""
    return f"{socket.gethostname()}-{os.getpid()}-{random(6).hex()}"


def _ordered(now: datetime, random: RandomBytes) -> str:
    number = (int(now.timestamp() * 1000) << 80) | int.from_bytes(random(10), "big")
    return "".join([_PAIRS[(number >> shift) & 1023] for shift in range(120, -1, -10)])
