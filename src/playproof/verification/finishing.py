"""The end of a challenge: closed for good, looked up among earlier plays, judged by its site's rules, stored with its token.

It takes two transactions. The first closes the challenge and puts the play's signature into the replay index under a number; then
plays of smaller numbers are looked at, so that of two copies that end at the same moment the later one is found. The second stores the
session with its verdict, and the token. What a crash leaves between the two, the finish said again takes up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from playproof.challenges import Outcome, telemetry
from playproof.challenges.buckets import rows_of
from playproof.challenges.refusal import Refusal
from playproof.challenges.replay import Match, find
from playproof.challenges.signature import Signature, sign
from playproof.clock import Clock, milliseconds
from playproof.dataset.eligibility import Channel
from playproof.decision import Decision
from playproof.features import extract
from playproof.store.challenge import SITE_SCOPE
from playproof.tokens.site import Site, rules_for
from playproof.tokens.token import SHORTEST_SECONDS, digest, token_text
from playproof.tokens.trial import TRIAL_TOKEN
from playproof.verification.campaigns import Campaigns
from playproof.verification.demo import DEMO
from playproof.verification.findings import KEYBOARD, campaign_finding, findings, toll_findings
from playproof.verification.reception import GAME, POW, Landed, closed, decode_batch, is_latest, refusal, state_of
from playproof.verification.signing import Signing
from playproof.verification.sites import TRIAL
from playproof.verification.toll import paid

if TYPE_CHECKING:
    from playproof.service import Prepared, Service
    from playproof.store import Store, StoredChallenge, TokenRecord
    from playproof.telemetry import GameContext, Session

    Play = tuple[Session, GameContext]

Sleep = Callable[[float], Awaitable[Any]]


class Closing(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of how a challenge ended, until its token is stored and after."""

    key: str
    """Id of the signing key that its token is made with."""
    paid: bool
    """The toll for how it was played was worked out."""
    outcome: Outcome | None
    """`None` where there was no game."""
    targets: tuple[tuple[float, float, float, float], ...] = ()
    """Those that were shown: when, ms on the clock of the play's session, and where: x, y and radius in units of the playfield."""


@dataclass(frozen=True, slots=True)
class Finished:
    """What is answered to a browser, the same for whoever played, and what goes on behind it."""

    token: str
    expires_in: int
    """Milliseconds."""
    prepared: Prepared | None = None
    """The session that was stored just now; `None` where an earlier finish had stored it."""
    number: int = 0
    """Of that session in the store."""


@dataclass(frozen=True, slots=True)
class Tolls:
    """What is asked of those who do not play by mouse."""

    beside: int
    """Hashes, on average, beside a game."""
    instead: int
    wait_ms: int
    """The least time from issue to finish of a challenge without a game."""


_encode = msgspec.msgpack.Encoder().encode
closing_of = msgspec.msgpack.Decoder(Closing).decode


class Finishing:
    """Ends challenges."""

    def __init__(
        self,
        store: Store,
        service: Service,
        signing: Signing,
        sites: Callable[[str], Site | None],
        tolls: Tolls,
        campaigns: Campaigns,
        clock: Clock,
    ) -> None:
        """`sites` knows sites by their ids, and may block."""
        self._store = store
        self._service = service
        self._signing = signing
        self._sites = sites
        self._tolls = tolls
        self._campaigns = campaigns
        self._clock = clock

    async def finish(self, name: str, receipt: str, payload: str | None, landed: Landed[Any], sleep: Sleep = asyncio.sleep) -> Finished:
        """End the challenge `name` with its latest receipt and, where one was asked for, the solution of its toll.

        Said again with the same receipt it answers the same token. Raises `ChallengeNotFound`, `ChallengeOver`, `ChallengeRefused` or
        `StoreUnavailable`.
        """
        stored, site = await asyncio.to_thread(self._found, name)
        if stored.way == POW:
            await self._wait(stored, sleep)
        play = None
        if stored.closed_at is None:
            stored, play = await self._closed(stored, receipt, payload, landed)
        elif not is_latest(stored, receipt, self._signing):
            raise refusal(Refusal.CLOSED)
        assert stored.closing is not None
        closing = closing_of(stored.closing)
        if site is None or closing.key not in self._signing.accepted:
            raise refusal(Refusal.CLOSED)
        token = token_text(self._signing.token_key(closing.key), name)
        told = TRIAL_TOKEN if site is TRIAL else token
        lifetime = _lifetime_ms(site, closing)
        if stored.token_at is not None:
            left = stored.token_at + lifetime - milliseconds(self._clock.now())
            if left <= 0:
                raise refusal(Refusal.EXPIRED)
            return Finished(told, left)
        prepared = await asyncio.to_thread(self._judged, stored, closing, site, play)
        now = milliseconds(self._clock.now())
        record = _token(stored, closing, prepared, token, now, now + lifetime)
        outcome = await landed(self._store.challenges.conclude(name, prepared.record, record, now))
        fresh = outcome.status == "stored"
        return Finished(told, lifetime, prepared if fresh else None, outcome.number)

    def _found(self, name: str) -> tuple[StoredChallenge, Site | None]:
        """The challenge and its site, `None` where that is there no more."""
        stored = self._stored(name)
        return stored, self._sites(stored.site)

    def _stored(self, name: str) -> StoredChallenge:
        from playproof.errors import ChallengeNotFound

        found = self._store.challenges.get(name)
        if found is None:
            raise ChallengeNotFound("there is no challenge of this id")
        return found

    async def _wait(self, stored: StoredChallenge, sleep: Sleep) -> None:
        """A computer that works fast still takes the accessible way no more often than it may."""
        left = stored.issued_at + self._tolls.wait_ms - milliseconds(self._clock.now())
        if stored.closed_at is None and left > 0:
            await sleep(min(left, self._tolls.wait_ms) / 1000.0)  # a clock that was set back waits for nobody

    async def _closed(
        self, stored: StoredChallenge, receipt: str, payload: str | None, landed: Landed[Any]
    ) -> tuple[StoredChallenge, Play | None]:
        """The challenge once it is closed, by this finish or by one that came first; and what was played, where this one looked."""
        work = self._tolls.beside if stored.way == GAME else self._tolls.instead

        def close() -> tuple[bytes, bytes, Signature | None, int, Play | None]:
            now = milliseconds(self._clock.now())
            state, outcome = closed(stored, receipt, self._signing, now)
            way = POW if outcome is None else outcome.device
            keys = [key for key in self._signing.accepted if paid(payload, stored.id, way, work, self._signing.toll_key(key))]
            timely = outcome is not None or now <= stored.expires_at
            closing = Closing(key=receipt.partition(".")[0], paid=bool(keys) and timely, outcome=outcome)
            if outcome is None:
                return state, _encode(closing), None, now, None
            session, context = play = self._play(stored)
            shown = zip(*(axis.tolist() for axis in (context.t, context.x, context.y, context.radius)), strict=True)
            closing = msgspec.structs.replace(closing, targets=tuple(shown))
            signature = sign(session)
            return state, _encode(closing), signature if len(signature.times) else None, now, play

        state, closing, signature, now, play = await asyncio.to_thread(close)
        packed, rows = (None, None) if signature is None else (signature.pack(), rows_of(signature))
        number = await landed(self._store.challenges.close(stored.id, stored.sequence, state, closing, packed, rows, now))
        if number is not None:
            return msgspec.structs.replace(stored, state=state, closing=closing, closed_at=now, number=number), play
        after = await asyncio.to_thread(self._stored, stored.id)
        if after.closed_at is None:
            raise refusal(Refusal.REORDERED)
        if not is_latest(after, receipt, self._signing):
            raise refusal(Refusal.CLOSED)
        return after, None

    def _play(self, stored: StoredChallenge) -> Play:
        batches = [decode_batch(content) for content in self._store.challenges.batches(stored.id)]
        return telemetry(state_of(stored), batches)

    def _judged(self, stored: StoredChallenge, closing: Closing, site: Site, play: Play | None) -> Prepared:
        """What is decided of a closed challenge; `play` is what was played, where that is known already."""
        terms = site.policy.terms(stored.action)
        rules = rules_for(site.policy, stored.action, self._service.judge.rules)
        context: GameContext | None = None
        if closing.outcome is None:
            session, found = _empty(stored.id), toll_findings(paid=closing.paid)
        else:
            session, context = play or self._play(stored)
            found = findings(closing.outcome, session, self._match(stored, session), paid=closing.paid)
            campaign = self._campaigns.joined(f"{session.game_type}/{session.device_type}", partial(extract, session, context))
            found += [campaign_finding(campaign)] if campaign is not None else []
        if closing.paid and session.device_type == KEYBOARD:
            rules = replace(rules, unscored=Decision(terms.accessible or site.policy.accessible))
        prepared = self._service.prepare(
            session,
            SITE_SCOPE + site.id,
            _channel(site, session),
            context=context,
            found=found,
            rules=rules,
        )
        # One address among many must not become the norm of a site's visitors.
        return replace(prepared, record=msgspec.structs.replace(prepared.record, origin=stored.address.hex()))

    def _match(self, stored: StoredChallenge, session: Session) -> Match | None:
        return find(session, self._store.replays.before(stored.number)) if stored.number else None


def _lifetime_ms(site: Site, closing: Closing) -> int:
    """How long a token is good for; one of the accessible way no longer than any has to be."""
    accessible = closing.outcome is None or closing.outcome.device == KEYBOARD
    return 1000 * (SHORTEST_SECONDS if accessible else site.policy.token_seconds)


def _channel(site: Site, session: Session) -> Channel:
    if site is TRIAL:
        return Channel.TEST_KEY
    if site.id == DEMO:
        return Channel.DEMO
    return Channel.ACCESSIBLE if session.device_type == KEYBOARD else Channel.CHALLENGE


def _empty(name: str) -> Session:
    """The session of a visitor who played nothing."""
    from playproof.telemetry import Session

    nothing = np.empty(0)
    return Session(
        id=name,
        game_type=POW,
        device_type=KEYBOARD,
        duration_ms=0.0,
        t=nothing,
        x=nothing,
        y=nothing,
        trusted=None,
        click_t=nothing,
        click_x=nothing,
        click_y=nothing,
        click_hit=None,
        hits=None,
        misses=None,
        ignored_fields=0,
    )


def _token(stored: StoredChallenge, closing: Closing, prepared: Prepared, token: str, now: int, until: int) -> TokenRecord:
    from playproof.store import TokenRecord

    return TokenRecord(
        digest=digest(token),
        challenge=stored.id,
        site=stored.site,
        scope=prepared.record.scope,
        session_id=prepared.record.session_id,
        action=stored.action,
        cdata=stored.cdata,
        hostname=stored.hostname,
        issued_at=now,
        expires_at=until,
        way=stored.way,
        game=stored.game,
        device=closing.outcome.device if closing.outcome else POW,
    )
