"""All that is known of one session, as an operator is shown it: the play, the verdict, and where its features stand among people."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from playproof.challenges import Outcome
from playproof.challenges.contract import Violation
from playproof.challenges.events import HEIGHT, WIDTH
from playproof.clock import iso
from playproof.decision import Rules, Verdict
from playproof.features import CATALOGUE
from playproof.scoring.base import Scorer
from playproof.scoring.ranges import HumanRanges
from playproof.service import decode_verdict
from playproof.store.challenge import SITE_SCOPE
from playproof.telemetry.content import from_canonical
from playproof.tokens.site import Site, policy_version, rules_for
from playproof.verification.finishing import Closing, closing_of

if TYPE_CHECKING:
    from playproof.store import StoredChallenge, StoredSession
    from playproof.web.services import Services

LEVELS = (0.01, 0.25, 0.5, 0.75, 0.99)
"""The shares of people whose values stand beside a session's."""
_SHOWN_DIGITS = 6
_PLACES = {feature.name: place for place, feature in enumerate(CATALOGUE)}


class Points(msgspec.Struct, frozen=True):
    """Places of the pointer in order; all three are equally long."""

    t: list[float]
    """Milliseconds since the first movement."""
    x: list[float]
    y: list[float]


class ShownTarget(msgspec.Struct, frozen=True, rename="camel"):
    """A target of a challenge: where it was when it was hit, else where it came up."""

    shown_at: float
    """Milliseconds on the clock of the path."""
    hit_at: float | None
    x: float
    y: float
    radius: float


class Field(msgspec.Struct, frozen=True):
    """The playfield that places are in, in its own units."""

    width: int
    height: int


class Telling(msgspec.Struct, frozen=True):
    """One of the features that say most, beside people's."""

    name: str
    unit: str
    """`1` for shares, ratios and correlations."""
    meaning: str
    group: str
    role: str
    value: float
    people: list[float] | None
    """The values that `levels` of people do not exceed; `None` where people were not measured."""


class Portrayed(msgspec.Struct, frozen=True, rename="camel"):
    """The features of a verdict's summary, and whose people they stand beside."""

    levels: tuple[float, ...]
    model_id: str
    """Of the embedded model, whose people these are."""
    model_version: str
    features: list[Telling]


class Policy(msgspec.Struct, frozen=True, rename="camel"):
    """What decides about such a session now; it may have been another when the session was judged."""

    name: str
    version: str | None
    """As siteverify tells it; `None` where no site is behind the session."""
    pass_threshold: float
    review_threshold: float
    corroborate: bool
    strict: bool


class Course(msgspec.Struct, frozen=True, rename="camel"):
    """The challenge of a session. Times are RFC 3339, UTC."""

    site: str
    site_name: str | None
    way: str
    action: str | None
    cdata: str | None
    hostname: str
    issued_at: str
    started_at: str | None
    closed_at: str | None
    completed: bool | None
    """Every target was hit, in time; `None` where there was no game."""
    hits: int | None
    misses: int | None
    prompt: bool | None
    """Everything came in time."""
    toll_paid: bool
    violations: dict[str, int]
    """How many events broke which rule."""


class SessionView(msgspec.Struct, frozen=True, rename="camel"):
    """One session."""

    scope: str
    session_id: str
    received_at: str
    game_type: str
    device_type: str
    eligible: bool
    """Its row may keep new ones company."""
    label: str | None
    verdict: Verdict
    policy: Policy
    challenge: Course | None
    field: Field | None
    path: Points | None
    """`None` where telemetry was not kept, or its time is over."""
    clicks: Points | None
    targets: list[ShownTarget]
    portrait: Portrayed


def dossier(services: Services, scope: str, name: str) -> SessionView | None:
    """What is known of the session `name` in `scope`; `None` where there is none. Blocks. Raises `StoreUnavailable`."""
    stored = services.store.get(scope, name)
    if stored is None:
        return None
    challenge = services.store.challenges.get(name) if scope.startswith(SITE_SCOPE) else None
    site = None if challenge is None else services.desk.sites.get(challenge.site)
    closing = None if challenge is None or challenge.closing is None else closing_of(challenge.closing)
    judge = services.service.judge
    verdict = decode_verdict(stored.verdict)
    path, clicks = _played(stored)
    return SessionView(
        scope=scope,
        session_id=name,
        received_at=_time(stored.received_at),
        game_type=stored.game_type,
        device_type=stored.device_type,
        eligible=stored.eligible,
        label=stored.label,
        verdict=verdict,
        policy=_policy(judge.rules, site, challenge),
        challenge=None if challenge is None or closing is None else _course(challenge, closing, site),
        field=None if closing is None or closing.outcome is None else Field(WIDTH, HEIGHT),
        path=path,
        clicks=clicks,
        targets=[] if closing is None or closing.outcome is None else _targets(closing, closing.outcome),
        portrait=_portrait(verdict, judge.chain.model),
    )


def _played(stored: StoredSession) -> tuple[Points | None, Points | None]:
    if stored.telemetry is None:
        return None, None
    session = from_canonical(stored.telemetry)
    path = Points(session.t.tolist(), session.x.tolist(), session.y.tolist())
    return path, Points(session.click_t.tolist(), session.click_x.tolist(), session.click_y.tolist())


def _targets(closing: Closing, outcome: Outcome) -> list[ShownTarget]:
    hits = [*outcome.hit_ms, *[None] * (len(closing.targets) - len(outcome.hit_ms))]
    return [
        ShownTarget(shown_at=t, hit_at=None if took is None else t + took, x=x, y=y, radius=radius)
        for (t, x, y, radius), took in zip(closing.targets, hits, strict=False)
    ]


def _course(challenge: StoredChallenge, closing: Closing, site: Site | None) -> Course:
    outcome = closing.outcome
    violations: dict[Violation, int] = {} if outcome is None else outcome.violations
    return Course(
        site=challenge.site,
        site_name=None if site is None else site.name,
        way=challenge.way,
        action=challenge.action,
        cdata=challenge.cdata,
        hostname=challenge.hostname,
        issued_at=_time(challenge.issued_at),
        started_at=None if challenge.started_at is None else _time(challenge.started_at),
        closed_at=None if challenge.closed_at is None else _time(challenge.closed_at),
        completed=None if outcome is None else outcome.completed,
        hits=None if outcome is None else outcome.hits,
        misses=None if outcome is None else outcome.misses,
        prompt=None if outcome is None else outcome.prompt,
        toll_paid=closing.paid,
        violations={violation.value: count for violation, count in violations.items()},
    )


def _policy(base: Rules, site: Site | None, challenge: StoredChallenge | None) -> Policy:
    rules, version = base, None
    if site is not None and challenge is not None:
        rules = rules_for(site.policy, challenge.action, base)
        version = policy_version(site.policy, challenge.action, base)
    return Policy(rules.policy, version, rules.pass_threshold, rules.review_threshold, rules.corroborate, rules.strict)


def _portrait(verdict: Verdict, model: Scorer) -> Portrayed:
    known = [(name, value) for name, value in verdict.feature_summary.items() if name in _PLACES]
    return Portrayed(LEVELS, model.model_id, model.model_version, [_telling(name, value, model.ranges) for name, value in known])


def _telling(name: str, value: float, ranges: HumanRanges) -> Telling:
    place = _PLACES[name]
    feature = CATALOGUE[place]
    among = np.interp(LEVELS, ranges.levels, ranges.quantiles[place]).tolist()
    people = [float(f"{each:.{_SHOWN_DIGITS}g}") for each in among] if among[0] == among[0] else None
    return Telling(name, feature.unit, feature.meaning, feature.group, feature.role, value, people)


def _time(milliseconds: int) -> str:
    return iso(datetime.fromtimestamp(milliseconds / 1000.0, UTC))
