"""Where challenges are issued and played: the pure core over what the store keeps, so that any process can answer the next batch."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

import msgspec

from playproof.challenges import GAMES, Answer, Batch, Outcome, Refused, State, View, accept, issue
from playproof.challenges import finish as close_challenge
from playproof.challenges.receipts import Link, first_link, forgery, receipt
from playproof.challenges.refusal import REFUSALS, Refusal
from playproof.clock import Clock, milliseconds
from playproof.errors import ChallengeNotFound, ChallengeOver, ChallengeRefused, InvalidRequest, RateLimited
from playproof.ids import RandomBytes, challenge_id
from playproof.verification.findings import KEYBOARD
from playproof.verification.rates import Rates, Reached
from playproof.verification.signing import Signing
from playproof.verification.toll import Toll, toll

if TYPE_CHECKING:
    from playproof.store import ChallengeRecord, Rate, Store, StoredChallenge
    from playproof.tokens.site import Site

T = TypeVar("T")

Landed = Callable[[Future[T]], Awaitable[T]]
"""Waits on the event loop for what the store's writer finishes."""

GAME: Final = "game"
POW: Final = "pow"
"""The ways of a challenge: a game, or proof of work instead of one."""

_OVER = frozenset({Refusal.CLOSED, Refusal.EXPIRED})

_encode = msgspec.msgpack.Encoder().encode
_state = msgspec.msgpack.Decoder(State).decode
encode_batch = _encode
decode_batch = msgspec.msgpack.Decoder(Batch).decode


class Instead(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of a challenge without a game. Times in ms since 1970, UTC."""

    id: str
    issued_at: int
    expires_at: int
    work: int
    """Hashes, on average."""
    link: Link


_instead = msgspec.msgpack.Decoder(Instead).decode


class TollView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """What the browser gets when a challenge without a game is issued."""

    id: str
    way: str
    expires_in: int
    """Milliseconds."""
    pow: Toll
    receipt: str


@dataclass(frozen=True, slots=True)
class Prices:
    """What the ways cost."""

    lifetime_ms: int
    beside: int
    """Hashes, on average, beside a game that is not played by mouse."""
    instead: int
    """The same instead of a game."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a browser asks for."""

    site: Site
    way: str
    game: str | None
    """`None`: any that the site offers."""
    action: str | None
    cdata: str | None
    hostname: str
    """Of the page that the challenge is played on."""
    address: bytes
    """See `playproof.verification.address`."""


class Taken(NamedTuple):
    """What to answer to a batch, and when."""

    answer: Answer
    stored: Future[bool] | None
    """Says true once the answer may be given, and false where another batch came first; `None` where it had been taken before."""
    game: str


class Reception:
    """Issues challenges and takes what is played of them. Its methods block where they do not return a future."""

    def __init__(self, store: Store, signing: Signing, rates: Rates, prices: Prices, clock: Clock, random: RandomBytes) -> None:
        self._store = store
        self._signing = signing
        self._rates = rates
        self._prices = prices
        self._clock = clock
        self._random = random
        self._reached = Reached()

    def over(self, wish: Wish) -> Rate | None:
        """A rate that `wish` counts towards and that was found to be over when somebody asked last; `None` where none was."""
        return self._reached.among(self._rates_of(wish), milliseconds(self._clock.now()))

    def issue(self, wish: Wish) -> tuple[View | TollView, Future[Rate | None]]:
        """A new challenge for `wish`, to be shown once the future says that it is stored.

        The future's result is the rate that is over, where one is: the challenge then does not exist. Raises `InvalidRequest` where the
        site has no such game, and `StoreUnavailable`.
        """
        now = milliseconds(self._clock.now())
        name = challenge_id(self._clock.now(), self._random)
        view: View | TollView
        if wish.way == POW:
            made, view = self._instead(name, now)
            content, game = _encode(made), POW
        else:
            game = self._game(wish)
            state, view = issue(
                game,
                challenge_id=name,
                random=self._random,
                keys=self._signing.receipts,
                now=now,
                lifetime_ms=self._prices.lifetime_ms,
            )
            content = _encode(state)
        record = _record(wish, name, game, content, now, now + self._prices.lifetime_ms)
        stored = self._store.challenges.issue(record, self._rates_of(wish))
        stored.add_done_callback(partial(self._remember, now))
        return view, stored

    def take(self, name: str, batch: Batch) -> Taken:
        """Take a batch of the challenge `name`; where another one came first, it can be taken again.

        Raises `ChallengeNotFound`, `ChallengeOver`, `ChallengeRefused` or `StoreUnavailable`.
        """
        now = milliseconds(self._clock.now())
        stored = self.stored(name)
        if stored.way != GAME:
            raise refusal(Refusal.CLOSED)
        state = _state(stored.state)
        after, answer = accept(state, batch, keys=self._signing.receipts, now=now)
        if isinstance(answer, Refused):
            if answer.answer is None:
                raise refusal(answer.reason)
            return Taken(answer.answer, None, stored.game)
        advanced = self._store.challenges.advance(name, batch.sequence, _encode(after), encode_batch(batch), now)
        return Taken(answer, advanced, stored.game)

    def toll(self, name: str, device: str) -> tuple[Toll, Future[Rate | None] | None]:
        """What a play of the challenge `name` by `device` costs, shown once the future, where there is one, says that no rate is over.

        The keyboard's is the accessible way, which has a rate of its own. Raises as `take` does.
        """
        stored = self.stored(name)
        if stored.way != GAME or stored.closed_at is not None:
            raise refusal(Refusal.CLOSED)
        made = toll(name, device, self._prices.beside, self._signing.toll_key(self._signing.current), self._random)
        if device != KEYBOARD:
            return made, None
        return made, self._store.challenges.count(self._rates.accessible(stored.site, stored.address))

    def stored(self, name: str) -> StoredChallenge:
        """The challenge of that id. Raises `ChallengeNotFound` or `StoreUnavailable`."""
        found = self._store.challenges.get(name)
        if found is None:
            raise ChallengeNotFound("there is no challenge of this id")
        return found

    def _rates_of(self, wish: Wish) -> list[Rate]:
        rates = self._rates.issuing(wish.site.id, wish.address)
        return rates + self._rates.accessible(wish.site.id, wish.address) if wish.way == POW else rates

    def _remember(self, now: int, stored: Future[Rate | None]) -> None:
        """In the thread of whoever stored it, or gave up."""
        over = None if stored.cancelled() or stored.exception() is not None else stored.result()
        if over is not None:
            self._reached.add(over, now)

    def _game(self, wish: Wish) -> str:
        offered = wish.site.policy.games or tuple(GAMES)
        if wish.game is None:
            return offered[int.from_bytes(self._random(4), "big") % len(offered)]
        if wish.game not in offered or wish.game not in GAMES:
            raise InvalidRequest(f"this site has no game {wish.game!r}", path="$.game", expected=", ".join(offered))
        return wish.game

    def _instead(self, name: str, now: int) -> tuple[Instead, TollView]:
        link = first_link(now)
        work = self._prices.instead
        made = Instead(id=name, issued_at=now, expires_at=now + self._prices.lifetime_ms, work=work, link=link)
        view = TollView(
            id=name,
            way=POW,
            expires_in=self._prices.lifetime_ms,
            pow=toll(name, POW, work, self._signing.toll_key(self._signing.current), self._random),
            receipt=receipt(self._signing.receipts, name, link),
        )
        return made, view


def closed(stored: StoredChallenge, receipt_given: str, signing: Signing, now: int) -> tuple[bytes, Outcome | None]:
    """The closed state of an open challenge, and what came of its game, `None` where it had none. Raises `ChallengeRefused`."""
    if stored.way != GAME:
        made = _instead(stored.state)
        forged = forgery(signing.receipts, made.id, made.link, receipt_given)
        if forged:
            raise refusal(Refusal(forged))
        return stored.state, None
    state, outcome = close_challenge(_state(stored.state), receipt=receipt_given, keys=signing.receipts, now=now)
    if isinstance(outcome, Refused):
        raise refusal(outcome.reason)
    return _encode(state), outcome


def is_latest(stored: StoredChallenge, receipt_given: str, signing: Signing) -> bool:
    """Whether `receipt_given` is the latest receipt of a challenge, open or closed."""
    link = _instead(stored.state).link if stored.way != GAME else _state(stored.state).link
    return forgery(signing.receipts, stored.id, link, receipt_given) is None


def state_of(stored: StoredChallenge) -> State:
    """The state of a challenge with a game."""
    return _state(stored.state)


def refusal(reason: Refusal) -> ChallengeOver | ChallengeRefused:
    """The error that tells a browser of `reason`."""
    kind = ChallengeOver if reason in _OVER else ChallengeRefused
    return kind(reason.value, REFUSALS[reason])


def limited(rate: Rate, now: int) -> RateLimited:
    """The error that tells whoever is over `rate` when to come again."""
    return RateLimited("too many challenges were begun from here lately", -(-(rate.window_ms - now % rate.window_ms) // 1000))


def _record(wish: Wish, name: str, game: str, content: bytes, now: int, until: int) -> ChallengeRecord:
    from playproof.store import ChallengeRecord

    return ChallengeRecord(
        id=name,
        site=wish.site.id,
        way=wish.way,
        game=game,
        state=content,
        action=wish.action,
        cdata=wish.cdata,
        hostname=wish.hostname,
        address=wish.address,
        issued_at=now,
        expires_at=until,
    )
