"""The secret of a challenge, and what is derived from it.

One secret is drawn for each challenge and never leaves the server. Everything that is to look random to a visitor is an
HMAC-SHA256 of it under a label of its own, so that what is shown of one step tells nothing of the next.
"""

from __future__ import annotations

import hmac

from playproof.framing import framed
from playproof.ids import RandomBytes

SECRET_BYTES = 32
STEP_SEED_BYTES = 16
"""Of the state of `playproof.challenges.generator`."""

_STEP = "playproof/challenge/step/1"


def new_secret(random: RandomBytes) -> bytes:
    """The secret of a new challenge."""
    return random(SECRET_BYTES)


def step_seed(secret: bytes, challenge_id: str, game: str, step: int) -> bytes:
    """What a visitor's browser is told of step `step` (from 0) once it may know: 16 bytes, from which both sides lay it out."""
    return hmac.digest(secret, framed(_STEP, challenge_id, game, step), "sha256")[:STEP_SEED_BYTES]
