"""A site: who asks for challenges, from which pages, and what it makes of the verdicts."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal, Protocol

import msgspec

from playproof.decision import Rules
from playproof.tokens.token import LONGEST_SECONDS, SHORTEST_SECONDS

HIGHEST_THRESHOLD = 12.0
LONGEST_ACTION = 32
ACTION_PATTERN = r"^[A-Za-z0-9_-]{1,32}$(?!\n)"
"""Python's `$` alone would let a line end follow."""

Threshold = Annotated[float, msgspec.Meta(ge=0.0, le=HIGHEST_THRESHOLD)]
Accessible = Literal["pass", "review"]
Action = Annotated[str, msgspec.Meta(pattern=ACTION_PATTERN)]

_VERSION_CHARACTERS = 12


class Terms(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What may be decided for one action of a site; `None` leaves it to the site, and there to the operator."""

    corroborate: bool | None = None
    """Movement alone fails nobody."""
    pass_threshold: Threshold | None = None
    """Highest anomaly score (-log10 of the share of people at least this unusual) that passes."""
    review_threshold: Threshold | None = None
    """Highest anomaly score that is only reviewed."""
    review_is_success: bool | None = None
    """`review` counts as success."""
    strict: bool | None = None
    """What costs trust without being wrong rules out a pass."""
    accessible: Accessible | None = None
    """The best that whoever goes the accessible way can get."""


class SitePolicy(Terms, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What a site decides for all its actions, and what it decides otherwise for some."""

    review_is_success: bool = False
    strict: bool = False
    accessible: Accessible = "pass"
    games: tuple[str, ...] = ()
    """Those it offers; none named: all."""
    token_seconds: Annotated[int, msgspec.Meta(ge=SHORTEST_SECONDS, le=LONGEST_SECONDS)] = LONGEST_SECONDS
    """How long a token is good for."""
    actions: dict[Action, Terms] = msgspec.field(default_factory=dict)
    """By name; what an action leaves open is the site's."""

    def terms(self, action: str | None) -> Terms:
        """What holds for `action`."""
        own = {name: getattr(self, name) for name in Terms.__struct_fields__}
        named = self.actions.get(action) if action is not None else None
        return Terms(**(own | _given(named))) if named is not None else Terms(**own)


@dataclass(frozen=True, slots=True)
class Site:
    """A site as the rest of the program sees it."""

    id: str
    name: str
    sitekey: str
    origins: tuple[str, ...]
    """Pages of these may play its challenges; see `playproof.tokens.origins`."""
    policy: SitePolicy


class SiteRow(Protocol):
    """A site as it is stored."""

    @property
    def id(self) -> str: ...  # noqa: D102 - as in `Site`
    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def sitekey(self) -> str: ...  # noqa: D102
    @property
    def origins(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def policy(self) -> bytes:
        """`SitePolicy` as JSON."""
        ...

    @property
    def disabled_at(self) -> int | None:
        """Since when it is not to be answered any more."""
        ...


def site_of(row: SiteRow) -> Site:
    """The site that is stored as `row`. Raises `ValueError` where its policy cannot be read."""
    return Site(row.id, row.name, row.sitekey, row.origins, policy_of(row.policy))


def policy_of(stored: bytes) -> SitePolicy:
    """The policy in JSON; what a later version added is left out. Raises `ValueError` where it is none."""
    try:
        return msgspec.json.decode(stored, type=SitePolicy)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"this is no policy: {error}") from None


def encoded(policy: SitePolicy) -> bytes:
    """`policy` as JSON, to be stored. Raises `ValueError` where something in it is out of range or does not fit together."""
    stored = msgspec.json.encode(policy)
    policy = policy_of(stored)
    for action in (None, *policy.actions):
        terms = policy.terms(action)
        if terms.pass_threshold is not None and terms.review_threshold is not None and terms.review_threshold < terms.pass_threshold:
            raise ValueError("the review threshold is below the pass threshold" + (f" for action {action}" if action else ""))
    return stored


def rules_for(policy: SitePolicy, action: str | None, base: Rules | None = None) -> Rules:
    """The rules that a challenge for `action` is judged by: the operator's, `base`, where the site does not say otherwise."""
    base = base or Rules()
    terms = policy.terms(action)
    passes = base.pass_threshold if terms.pass_threshold is None else terms.pass_threshold
    reviews = base.review_threshold if terms.review_threshold is None else terms.review_threshold
    return replace(
        base,
        policy="verify",
        pass_threshold=passes,
        review_threshold=max(passes, reviews),
        corroborate=base.corroborate if terms.corroborate is None else terms.corroborate,
        strict=bool(terms.strict),
    )


def policy_version(policy: SitePolicy, action: str | None, base: Rules | None = None) -> str:
    """What the answer about a token calls the policy behind it: it changes whenever the policy for `action` does."""
    said = msgspec.json.encode([rules_for(policy, action, base), policy.terms(action)], order="sorted")
    return "verify-" + hashlib.sha256(said).hexdigest()[:_VERSION_CHARACTERS]


def _given(terms: Terms) -> dict[str, Any]:
    return {name: value for name in Terms.__struct_fields__ if (value := getattr(terms, name)) is not None}
