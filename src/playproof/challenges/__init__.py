"""Games that a visitor plays so that there is movement to judge: issued, played in batches, finished. Pure: no store, no HTTP."""

from playproof.challenges.challenge import Answer, Outcome, Refused, State, View, accept, finish, issue
from playproof.challenges.contract import Violation
from playproof.challenges.events import Batch, Event
from playproof.challenges.games import GAMES
from playproof.challenges.receipts import KeyRing
from playproof.challenges.refusal import Refusal
from playproof.challenges.session import telemetry

__all__ = [
    "GAMES",
    "Answer",
    "Batch",
    "Event",
    "KeyRing",
    "Outcome",
    "Refusal",
    "Refused",
    "State",
    "View",
    "Violation",
    "accept",
    "finish",
    "issue",
    "telemetry",
]
