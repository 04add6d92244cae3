"""Test keys: public, the same in every installation, for tests of a site that must not depend on anybody's playing.

Only their secrets answer for the test token, and they answer for nothing else. A site's own secret refuses it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from playproof.decision import Decision

Kind = Literal["pass", "review", "fail", "interactive", "spent"]

TRIAL_TOKEN = "pp1.PLAYPROOF-TEST-TOKEN".ljust(len("pp1.") + 43, "X")
"""What the browser gets for every test key: a token in form, and a real one's with a chance of 1 in 2^258."""

TRIAL_GAME = "none"
TRIAL_HOSTNAME = "localhost"
"""What the answers say where nobody played anything anywhere."""


class TrialKey(NamedTuple):
    """A pair of public keys, and what they do."""

    kind: Kind
    meaning: str
    decision: Decision
    """What the secret answers."""
    spent: bool = False
    """The secret answers that the token was asked about before."""
    interactive: bool = False
    """The widget has a game played first; with the others the token is there at once."""

    @property
    def sitekey(self) -> str:
        """What a page names."""
        return f"pk_test_{self.kind}"

    @property
    def secret(self) -> str:
        """What a backend shows."""
        return f"sk_test_{self.kind}"


TRIALS = (
    TrialKey("pass", "the token is there without a game, and passes", Decision.PASS),
    TrialKey("review", "the token is there without a game, and is to be reviewed", Decision.REVIEW),
    TrialKey("fail", "the token is there without a game, and fails", Decision.FAIL),
    TrialKey("interactive", "a game has to be played, and whatever is played passes", Decision.PASS, interactive=True),
    TrialKey("spent", "the token is there without a game, and was asked about before", Decision.PASS, spent=True),
)

BY_SITEKEY: Mapping[str, TrialKey] = {key.sitekey: key for key in TRIALS}
BY_SECRET: Mapping[str, TrialKey] = {key.secret: key for key in TRIALS}
