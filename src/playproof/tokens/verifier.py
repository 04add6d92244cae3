"""Asking about a token: whose secret it is, whether the token is good, and that it is good once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, NamedTuple, Protocol

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


Networks = Callable[[bytes, str], bool | None]
"""Whether the challenge of a token (by its digest) was begun from the network of an address; `None` where that is not known. Blocks."""


class Asker(NamedTuple):
    """Who asks, and what was looked up for the answer."""

    site: Site
    same_network: bool | None = None


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

    def asker(self, inquiry: Inquiry, networks: Networks) -> Asker | None:
        """The site whose secret was shown; `None` where there is none. Blocks. Raises what the store raises."""
        row = self._sites.by_secret(secret_digest(inquiry.secret), milliseconds(self._clock.now()))
        if row is None or row.disabled_at is not None:
            return None
        known = inquiry.remoteip is not None and well_formed(inquiry.response)
        return Asker(site_of(row), networks(digest(inquiry.response), inquiry.remoteip or "") if known else None)

    def spend(self, inquiry: Inquiry, asker: Asker) -> Future[Any] | Fault:
        """Spend the token that `asker` asks about; `told` says what the result of the future means."""
        site = asker.site
        if inquiry.sitekey is not None and inquiry.sitekey != site.sitekey:
            return Fault.FOREIGN
        if inquiry.response == TRIAL_TOKEN:
            return Fault.TEST_TOKEN
        if not well_formed(inquiry.response):
            return Fault.MALFORMED

        def answer(token: IssuedToken, verdict: bytes) -> bytes:
            return outcomes.encode(outcomes.outcome_of(token, verdict, site, inquiry, self._base, same_network=asker.same_network))

        return self._tokens.spend(digest(inquiry.response), site.id, milliseconds(self._clock.now()), inquiry.idempotency, answer)

    def told(self, spent: Spent, inquiry: Inquiry) -> Outcome | Fault:
        """What to answer to `inquiry`, once the store has spent the token or not."""
        fault = _REFUSED.get(spent.outcome)
        if fault is not None or spent.answer is None:
            return fault or Fault.SPENT
        found = outcomes.decode(spent.answer)
        return outcomes.asked_again(found, inquiry) if spent.outcome == "repeated" else found
