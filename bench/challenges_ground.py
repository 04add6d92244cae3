"""What a service finds in its store when it is measured: a site, plays that only have to be ended, and challenges that are open."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from bench.challenges_http import ORIGIN
from bench.challenges_visits import SITEKEY
from bench.http import Served, service
from bench.store import Place
from playproof.challenges import GAMES, Answer, Batch, KeyRing, State, View, accept, issue
from playproof.clock import SystemClock, milliseconds
from playproof.ids import challenge_id
from playproof.service import decode_verdict
from playproof.settings import Settings
from playproof.store import ChallengeRecord, SecretRecord, SiteRecord, Store, open_store
from playproof.testing.players import play_by_mouse
from playproof.testing.visitor import Played, Visitor
from playproof.tokens.site import SitePolicy
from playproof.verification.reception import GAME, encode_batch
from playproof.verification.signing import signing_of

SITE = "site_bench"
LIFETIME_MS = 3_600_000
LATELY_MS = 600_000
"""Plays that only have to be ended began so long ago."""
CLOCK = SystemClock()

_encode_state = msgspec.msgpack.Encoder().encode


@dataclass(frozen=True)
class Ground:
    """A store that no service has at the moment."""

    folder: Path
    url: str | None
    """Of its database; `None` for a file in the folder."""

    def opened(self) -> AbstractContextManager[Store]:
        """The store."""
        return closing(open_store(self.folder, clock=CLOCK, database_url=self.url))

    def serving(self) -> AbstractContextManager[Served]:
        """A service with one worker and the settings' defaults, behind a proxy that says where visitors come from."""
        return service(self.folder, environment={"PLAYPROOF_TRUSTED_PROXIES": "127.0.0.1", **self._database()})

    def _database(self) -> dict[str, str]:
        return {} if self.url is None else {"PLAYPROOF_DATABASE_URL": self.url}

    def decisions(self, names: Sequence[str]) -> tuple[Counter[str], Counter[str]]:
        """What was decided of challenges, and the reasons why some did not pass."""
        decided: Counter[str] = Counter()
        reasons: Counter[str] = Counter()
        with self.opened() as store:
            for name in names:
                stored = store.get(f"site:{SITE}", name)
                verdict = None if stored is None else decode_verdict(stored.verdict)
                decided["nothing" if verdict is None else str(verdict.decision)] += 1
                if verdict is not None and verdict.decision != "pass":
                    reasons.update(reason.code for reason in verdict.reasons)
        return decided, reasons


@contextmanager
def ground(place: Place) -> Iterator[Ground]:
    """A fresh store with a site."""
    with tempfile.TemporaryDirectory(prefix="playproof-bench-") as folder, place() as url:
        made = Ground(Path(folder), url)
        now = milliseconds(CLOCK.now())
        site = SiteRecord(
            id=SITE, name="bench", sitekey=SITEKEY, origins=(ORIGIN,), policy=msgspec.json.encode(SitePolicy()), created_at=now
        )
        with made.opened() as store:
            assert store.sites.create(site, SecretRecord(digest=bytes(32), hint="none", created_at=now))
        yield made


class Earlier(Visitor):
    """One of the builders' people who played a while ago; what the service would have stored then is kept."""

    def __init__(self, keys: KeyRing, number: int, seed: int, began: int) -> None:
        self._keys, self._began = keys, began
        self.states: list[State] = []
        game = tuple(GAMES)[number % len(GAMES)]
        super().__init__(game, np.random.default_rng([seed, number]), latency_ms=40.0, step_ms=8.0, width=400.0)

    def begin(self) -> View:
        """Have a challenge issued."""
        self.issued_at = self._began
        self.first, view = issued(self._keys, self.game.name, self._began)
        self.state = self.first
        return view

    def deliver(self, batch: Batch, arrived: int) -> Answer:
        """Hand over a batch."""
        self.state, answer = accept(self.state, batch, keys=self._keys, now=arrived)
        assert isinstance(answer, Answer), answer
        self.states.append(self.state)
        return answer

    def end(self, now: int) -> Played:
        """Leave it open."""
        return Played(self.state, self.sent, None)  # type: ignore[arg-type]


def issued(keys: KeyRing, game: str, now: int) -> tuple[State, View]:
    """A challenge, and what its browser gets."""
    name = challenge_id(CLOCK.now(), os.urandom)
    return issue(game, challenge_id=name, random=os.urandom, keys=keys, now=now, lifetime_ms=LIFETIME_MS)


def record_of(state: State) -> ChallengeRecord:
    """A challenge as it is stored when it is issued."""
    return ChallengeRecord(
        id=state.id,
        site=SITE,
        way=GAME,
        game=state.game,
        state=_encode_state(state),
        hostname="shop.example",
        address=bytes(16),
        issued_at=state.issued_at,
        expires_at=state.expires_at,
    )


def put_plays(made: Ground, count: int, seed: int) -> list[tuple[str, str]]:
    """Store plays of which every batch was accepted; id and latest receipt of each."""
    ends = []
    with made.opened() as store:
        keys = _keys(store)
        for number in range(count):
            visitor = Earlier(keys, number, seed, milliseconds(CLOCK.now()) - LATELY_MS)
            play_by_mouse(visitor)
            landing: list[Any] = [store.challenges.issue(record_of(visitor.first))]
            for sent, state in zip(visitor.sent, visitor.states, strict=True):
                content = encode_batch(sent.batch)
                landing.append(store.challenges.advance(state.id, sent.batch.sequence, _encode_state(state), content, sent.arrived))
            assert [future.result() for future in landing] == [None] + [True] * len(visitor.sent)
            ends.append((visitor.first.id, visitor.receipt))
    return ends


def put_open(made: Ground, count: int) -> list[str]:
    """Store challenges that may still be played; their ids."""
    with made.opened() as store:
        keys = _keys(store)
        states = [issued(keys, tuple(GAMES)[number % len(GAMES)], milliseconds(CLOCK.now()))[0] for number in range(count)]
        for landed in [store.challenges.issue(record_of(state)) for state in states]:
            assert landed.result() is None
    return [state.id for state in states]


def _keys(store: Store) -> KeyRing:
    return signing_of(Settings(), store, CLOCK, os.urandom).receipts
