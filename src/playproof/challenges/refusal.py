"""Why something of a challenge is not taken."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from playproof.challenges.receipts import Forgery


class Refusal(StrEnum):
    """Why a batch or a finish is not taken; nothing of the challenge changes by it. Stable names."""

    CLOSED = "closed"
    EXPIRED = "expired"
    DUPLICATE = "duplicate"
    REORDERED = "reordered"
    MISSING = "missing"
    FOREIGN_KEY = Forgery.FOREIGN_KEY.value
    BAD_RECEIPT = Forgery.BAD_RECEIPT.value
    TOO_MANY = "too_many"


REFUSALS: Mapping[Refusal, str] = {
    Refusal.CLOSED: "The challenge is finished; an attempt is one attempt, whatever came of it.",
    Refusal.EXPIRED: "Its time is over.",
    Refusal.DUPLICATE: "This very batch was taken already; the answer to it comes along, in case it was lost.",
    Refusal.REORDERED: "A later batch, or another one in this place, was taken already.",
    Refusal.MISSING: "A batch before this one never came.",
    Refusal.FOREIGN_KEY: "The receipt names a key that is not in the ring: another service's, or one retired.",
    Refusal.BAD_RECEIPT: "The receipt was made up, or is that of another challenge or another place in the chain.",
    Refusal.TOO_MANY: "More batches than a play can need.",
}
"""What each means."""
