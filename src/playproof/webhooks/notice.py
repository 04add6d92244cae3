"""What a webhook says."""

from __future__ import annotations

from datetime import datetime

import msgspec

from playproof.clock import iso
from playproof.decision import Verdict
from playproof.ids import RandomBytes, message_id
from playproof.store import Notice

FINAL = "session.final"
TEST = "webhook.test"

_encode = msgspec.json.Encoder().encode


def notice_of(scope: str, verdict: Verdict, now: datetime, random: RandomBytes) -> Notice:
    """What a site is told of a `verdict` that became final at `now`; `scope` is the name of the API key that asked for it."""
    return _notice(FINAL, {"scope": scope, "verdict": verdict}, now, random)


def trial_notice(now: datetime, random: RandomBytes) -> Notice:
    """What a site is told to find out whether it listens: nothing."""
    return _notice(TEST, {}, now, random)


def _notice(kind: str, data: dict[str, object], now: datetime, random: RandomBytes) -> Notice:
    return Notice(message_id(now, random), _encode({"type": kind, "timestamp": iso(now), "data": data}))
