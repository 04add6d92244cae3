"""What a challenge says of its visitor beside the movement: reasons that the rules of a site decide by."""

from __future__ import annotations

from playproof.challenges import GAMES, Outcome
from playproof.challenges.replay import Match
from playproof.challenges.signature import MOST_STROKES, whole
from playproof.decision.reasons import ReasonCode
from playproof.scoring.heuristic import Hit
from playproof.telemetry import Session
from playproof.verification.campaigns import Found

MOUSE, KEYBOARD = "mouse", "keyboard"


def findings(outcome: Outcome, session: Session, match: Match | None, *, paid: bool) -> list[Hit]:
    """The findings on a play; `match` is the earlier play that it is a copy of, `paid` says that its toll was worked out."""
    hits = []
    if outcome.violations:
        told = ", ".join(f"{violation.value} {count}x" for violation, count in outcome.violations.items())
        hits.append(Hit(ReasonCode.PROTOCOL_VIOLATION, f"events that no browser reports of an honest play: {told}"))
    if match is not None:
        hits.append(Hit(ReasonCode.REPLAYED_MOVEMENT, f"nearly the movement of an earlier play (log odds {match.log_odds:.0f})"))
    if not whole(session):
        hits.append(Hit(ReasonCode.BEYOND_LOOKUP, f"{MOST_STROKES} strokes or more, or nearly a minute of movement and more"))
    if not outcome.completed:
        late = ", and its time was over" if outcome.expired else ""
        hits.append(Hit(ReasonCode.CHALLENGE_INCOMPLETE, f"{outcome.hits} of {outcome.targets} targets were hit{late}"))
    # What the pointer's events say of scripts is found in the session itself.
    if outcome.untrusted and (session.trusted is None or bool(session.trusted.all())):
        hits.append(Hit(ReasonCode.UNTRUSTED_EVENTS, f"{outcome.untrusted} of {outcome.events} events were made by a script"))
    if not outcome.prompt:
        hits.append(Hit(ReasonCode.LATE_EVENTS, "events came in late, as after a dead spot"))
    if outcome.device != MOUSE and outcome.misses > outcome.hits:
        hits.append(Hit(ReasonCode.GUESSED, f"{outcome.misses} misses, {outcome.hits} hits"))
    if outcome.device != MOUSE and outcome.hits and not paid:
        hits.append(Hit(ReasonCode.TOLL_MISSING, f"played by {outcome.device}, and its toll is missing or wrong"))
    elif outcome.device == KEYBOARD:
        hits.append(Hit(ReasonCode.ACCESSIBLE_WAY, f"{GAMES[outcome.game].name} was played by keyboard, and the toll paid"))
    return hits


def toll_findings(*, paid: bool) -> list[Hit]:
    """The findings on a visitor who took the way without a game."""
    if paid:
        return [Hit(ReasonCode.ACCESSIBLE_WAY, "proof of work instead of a game")]
    return [Hit(ReasonCode.CHALLENGE_INCOMPLETE, "the proof of work is missing or wrong")]


def campaign_finding(campaign: Found) -> Hit:
    """The finding on a visitor who is one more of a campaign."""
    told = f"one more of {len(campaign.members)} plays among {campaign.window} that are nearer to each other than people's"
    return Hit(ReasonCode.CAMPAIGN, told)
