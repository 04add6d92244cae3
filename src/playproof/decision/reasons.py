"""The grounds of a verdict: a stable enumeration, and how each is put into words.

The codes are part of the API: one is never renamed, only added.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, NamedTuple

Effect = Literal["fail", "review", "strict", "corroborates", "unscored", "note"]
"""What a reason does to the decision; `EFFECT_MEANINGS` says it in words."""


class ReasonCode(StrEnum):
    """Every reason a verdict can carry."""

    # The movement score.
    UNUSUAL_MOVEMENT = "unusual_movement"
    FEATURE_LOW = "feature_low"
    FEATURE_HIGH = "feature_high"
    BEYOND_RESOLUTION = "beyond_resolution"
    UNCALIBRATED_STRATUM = "uncalibrated_stratum"
    UNCORROBORATED = "uncorroborated"
    # The hosted model.
    HOSTED_UNCALIBRATED = "hosted_uncalibrated"
    HOSTED_FEW_PEOPLE = "hosted_few_people"
    SYNTHETIC_MODEL = "synthetic_model"
    # Evidence that is not there.
    NO_MOVEMENT = "no_movement"
    INSUFFICIENT_EVIDENCE = "insufficient_evidence"
    KEYBOARD_NOT_SCORED = "keyboard_not_scored"
    HEURISTIC_ONLY = "heuristic_only"
    # What cannot be, or is not told by people.
    UNTRUSTED_EVENTS = "untrusted_events"
    TIME_REVERSED = "time_reversed"
    SINGLE_INSTANT = "single_instant"
    SINGLE_POINT = "single_point"
    CLICKS_WITHOUT_MOVEMENT = "clicks_without_movement"
    TELEPORT_CLICKS = "teleport_clicks"
    IMPLAUSIBLE_COORDINATES = "implausible_coordinates"
    IMPLAUSIBLE_TIME = "implausible_time"
    DURATION_MISMATCH = "duration_mismatch"
    # A challenge.
    REPLAYED_MOVEMENT = "replayed_movement"
    PROTOCOL_VIOLATION = "protocol_violation"
    CHALLENGE_INCOMPLETE = "challenge_incomplete"
    BEYOND_LOOKUP = "beyond_lookup"
    GUESSED = "guessed"
    LATE_EVENTS = "late_events"
    CAMPAIGN = "campaign"
    ACCESSIBLE_WAY = "accessible_way"
    TOLL_MISSING = "toll_missing"
    # Told apart in a minute by whoever reads this: worth a word, not a decision.
    FRACTIONAL_COORDINATES = "fractional_coordinates"
    ZERO_DISTANCE_MOVES = "zero_distance_moves"


class Meaning(NamedTuple):
    """What a reason code stands for."""

    effect: Effect
    meaning: str


EFFECT_MEANINGS: dict[Effect, str] = {
    "fail": "fails",
    "review": "rules out a pass",
    "strict": "rules out a pass where the site is strict",
    "corroborates": "alone only explains; with it, a score that would fail does fail where a challenge asks for a second ground",
    "unscored": "there is no score to have: review, unless the rules have something else for that",
    "note": "only explains",
}
"""What each effect is."""

MEANINGS: dict[ReasonCode, Meaning] = {
    ReasonCode.UNUSUAL_MOVEMENT: Meaning("note", "The anomaly score is above a threshold of the policy: few people move like this."),
    ReasonCode.FEATURE_LOW: Meaning("note", "A feature lies below the range of nearly all people."),
    ReasonCode.FEATURE_HIGH: Meaning("note", "A feature lies above the range of nearly all people."),
    ReasonCode.BEYOND_RESOLUTION: Meaning("note", "The score is higher than the calibration can promise a rate for; it still ranks."),
    ReasonCode.UNCALIBRATED_STRATUM: Meaning(
        "note",
        "Too few people of this game and input class are known, so the movement score can do no worse than review, and in a challenge "
        "decides nothing.",
    ),
    ReasonCode.UNCORROBORATED: Meaning("note", "Movement alone would have failed this session; the policy asks for a second ground."),
    ReasonCode.HOSTED_UNCALIBRATED: Meaning(
        "note", "Too few people's scores by this hosted model are known for its score to mean anything, so the embedded model decides."
    ),
    ReasonCode.HOSTED_FEW_PEOPLE: Meaning(
        "note", "The hosted score alone would have failed this session; too few people's are known for more than review."
    ),
    ReasonCode.SYNTHETIC_MODEL: Meaning(
        "note", "The hosted model was trained on made-up people: its verdicts show how things work, and prove nothing."
    ),
    ReasonCode.NO_MOVEMENT: Meaning("review", "The pointer did not move, or hardly: missing evidence is never innocent."),
    ReasonCode.INSUFFICIENT_EVIDENCE: Meaning("review", "Too little movement to tell a person by."),
    ReasonCode.KEYBOARD_NOT_SCORED: Meaning("unscored", "Keyboard play is never scored by the pointer model."),
    ReasonCode.HEURISTIC_ONLY: Meaning("note", "No model could answer; the rules alone did, and the configured direction decides."),
    ReasonCode.UNTRUSTED_EVENTS: Meaning("fail", "Events were made by a script, not by the browser's user (isTrusted is false)."),
    ReasonCode.TIME_REVERSED: Meaning("review", "Time runs backwards within the session."),
    ReasonCode.SINGLE_INSTANT: Meaning("review", "Every movement has the same time."),
    ReasonCode.SINGLE_POINT: Meaning("review", "Every movement is at the same place."),
    ReasonCode.CLICKS_WITHOUT_MOVEMENT: Meaning("review", "There are clicks, but no movement led to them."),
    ReasonCode.TELEPORT_CLICKS: Meaning("review", "Most clicks are far from where the pointer was."),
    ReasonCode.IMPLAUSIBLE_COORDINATES: Meaning("review", "Positions lie further out than any screen."),
    ReasonCode.IMPLAUSIBLE_TIME: Meaning("review", "Times are longer than any play."),
    ReasonCode.DURATION_MISMATCH: Meaning("note", "The stated duration differs from the last time by more than a tenth."),
    ReasonCode.REPLAYED_MOVEMENT: Meaning("fail", "Nearly the same movement was seen before: of an earlier play, moved, warped or cut."),
    ReasonCode.PROTOCOL_VIOLATION: Meaning("fail", "The browser reported what no honest browser can of this challenge."),
    ReasonCode.CHALLENGE_INCOMPLETE: Meaning("fail", "The challenge was not played to its end, or not in time."),
    ReasonCode.BEYOND_LOOKUP: Meaning("review", "More movement than is looked up among earlier plays: some of it may hide a copy."),
    ReasonCode.GUESSED: Meaning("review", "It was not played by mouse, and more tries missed than hit."),
    ReasonCode.LATE_EVENTS: Meaning("strict", "Events came in later than they happened, as from a dead spot: they can be trusted less."),
    ReasonCode.CAMPAIGN: Meaning("corroborates", "Many recent plays are nearer to each other than people's are, and this is one of them."),
    ReasonCode.TOLL_MISSING: Meaning(
        "review", "It was not played by mouse, too little is known of people who play so, and the toll asked for that was not worked out."
    ),
    ReasonCode.ACCESSIBLE_WAY: Meaning("note", "The visitor took the accessible way and paid its toll; movement was not judged."),
    ReasonCode.FRACTIONAL_COORDINATES: Meaning("note", "Positions are fractions of a pixel, which few browsers report for a mouse."),
    ReasonCode.ZERO_DISTANCE_MOVES: Meaning("note", "Movements that go nowhere."),
}

EFFECTS: dict[str, Effect] = {code.value: meaning.effect for code, meaning in MEANINGS.items()}
"""What the reason of each code does; by plain text, which is looked up several times as fast as a member."""
