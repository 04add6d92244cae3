"""Asking about a token: whose secret it is, whether the token is good, and that it is good once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Protocol

from playproof.clock import Clock, milliseconds
from playproof.decision import Rules
from playproof.tokens import outcome as outcomes
from playproof.tokens.faults import Fault
from playproof.tokens.inquiry import Inquiry
from playproof.tokens.keys import secret_digest
from playproof.tokens.outcome import IssuedToken, Outcome
from playproof.tokens.site import Site, SiteRow, site_of
from playproof.tokens.token import digest, well_formed
from playproof.tokens.trial import BY_SECRET, TRIAL_TOKEN


class SiteTable(Protocol):
    """Where sites are kept."""

    def by_secret(self, digest: bytes, now: int) -> SiteRow | None:
        """The site that has a live secret of this digest."""
        ...


class Spent(Protocol):
    """What became of asking about a token."""

    @property
    def outcome(self) -> str:
        """spent, repeated, already, expired, unknown or foreign."""
        ...

    @property
    def token(self) -> Any:
        """The token, an `IssuedToken`, where there is one."""
        ...

    @property
    def answer(self) -> bytes | None:
        """What was made of it, now or when it was spent, where that may be told."""
        ...


class TokenTable(Protocol):
    """Where tokens are kept, and spent once."""

    def spend(self, digest: bytes, site: str, now: int, idempotency: bytes | None, answer: Callable[[Any, bytes], bytes]) -> Future[Any]:
        """Spend the token of `site`; the future is `Spent`."""
        ...


_REFUSED = {"already": Fault.SPENT, "expired": Fault.EXPIRED, "unknown": Fault.UNKNOWN, "foreign": Fault.FOREIGN}


class Verifier:
    """Answers for tokens, by what the store knows."""

    def __init__(self, sites: SiteTable, tokens: TokenTable, base: Rules, clock: Clock, *, trials: bool) -> None:
        """`base` are the operator's rules, `trials` whether the test keys are good here."""
        self._sites = sites
        self._tokens = tokens
        self._base = base
        self._clock = clock
        self._trials = trials

    def trial(self, inquiry: Inquiry) -> Outcome | Fault | None:
        """The answer where the secret is that of a test key; `None` where it is not, or they are turned off."""
        key = BY_SECRET.get(inquiry.secret) if self._trials else None
        if key is None:
            return None
        if inquiry.response != TRIAL_TOKEN:
            return Fault.TEST_SECRET
        if inquiry.sitekey is not None and inquiry.sitekey != key.sitekey:
            return Fault.FOREIGN
        return Fault.SPENT if key.spent else outcomes.trial_outcome(key, inquiry, self._clock.now())

    def site(self, inquiry: Inquiry) -> Site | None:
        """The site whose secret was shown; `None` where there is none. Blocks. Raises what the store raises."""
        now = milliseconds(self._clock.now())
        row = self._sites.by_secret(secret_digest(inquiry.secret), now)
        return None if row is None or row.disabled_at is not None else site_of(row)

    def spend(self, inquiry: Inquiry, site: Site) -> Future[Any] | Fault:
        """Spend the token that `site` asks about; `told` says what the result of the future means."""
        if inquiry.sitekey is not None and inquiry.sitekey != site.sitekey:
            return Fault.FOREIGN
        if inquiry.response == TRIAL_TOKEN:
            return Fault.TEST_TOKEN
        if not well_formed(inquiry.response):
            return Fault.MALFORMED

        def answer(token: IssuedToken, verdict: bytes) -> bytes:
            return outcomes.encode(outcomes.outcome_of(token, verdict, site, inquiry, self._base))

        return self._tokens.spend(digest(inquiry.response), site.id, milliseconds(self._clock.now()), inquiry.idempotency, answer)

    def told(self, spent: Spent) -> Outcome | Fault:
        """What to answer, once the store has spent the token or not."""
        fault = _REFUSED.get(spent.outcome)
        if fault is not None or spent.answer is None:
            return fault or Fault.SPENT
        return outcomes.decode(spent.answer)
