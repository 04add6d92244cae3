"""Visitors who play challenges through the whole of verification, without HTTP: each on a clock that their own events move."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from bench.strokes import Hand, outside
from playproof.challenges import Answer, Batch, View
from playproof.challenges.challenge import Reveal
from playproof.challenges.events import Kind
from playproof.clock import milliseconds
from playproof.errors import ChallengeOver, ChallengeRefused
from playproof.observe.metrics import Metrics
from playproof.service import Service, build_judge, decode_verdict
from playproof.settings import Settings
from playproof.store import open_store
from playproof.telemetry.session import Floats
from playproof.testing import FakeClock
from playproof.testing.players import play_by_mouse
from playproof.testing.visitor import ISSUED_AT, Played, Visitor
from playproof.tokens.site import Site, SitePolicy
from playproof.verification.desk import desk_of
from playproof.verification.reception import GAME, Wish


class Place:
    """A service without HTTP, its store in `folder`."""

    def __init__(self, folder: Path, policy: SitePolicy | None = None, seed: int = 1) -> None:
        settings = Settings(data_dir=folder, challenges_per_address=1_000_000, challenges_per_site=1_000_000)
        self.clock = FakeClock(datetime.fromtimestamp(ISSUED_AT / 1000, UTC))
        self.store = open_store(folder, clock=self.clock)
        self.site = Site("shop", "shop", "pk_shop", ("https://shop.example",), policy or SitePolicy())
        self.store.sites.create(_row(self.site), _secret())
        self.service = Service(build_judge(settings, clock=self.clock), self.store, clock=self.clock)
        random = np.random.default_rng(seed).bytes
        self.desk = desk_of(settings, self.store, self.service, Metrics(), self.clock, random)
        self.loop = asyncio.new_event_loop()

    def wish(self, game: str) -> Wish:
        """What a page of the site asks for."""
        return Wish(site=self.site, way=GAME, game=game, action=None, cdata=None, hostname="shop.example", address=bytes(16))

    def until(self, now: int) -> None:
        """Let time go on to `now`, unless it is later."""
        self.clock.advance(max(0.0, (now - milliseconds(self.clock.now())) / 1000.0))

    def end(self, name: str, receipt: str) -> None:
        """Finish a challenge."""
        self.loop.run_until_complete(self.desk.finishing.finish(name, receipt, None, _landed))

    def verdict(self, name: str) -> Verdicted:
        """What was decided of a challenge."""
        stored = self.store.get("site:shop", name)
        assert stored is not None
        verdict = decode_verdict(stored.verdict)
        return Verdicted(str(verdict.decision), tuple(reason.code for reason in verdict.reasons), verdict.anomaly.anomaly_score)

    def close(self) -> None:
        """Let go of everything."""
        self.loop.close()
        self.store.close()


@dataclass(frozen=True, slots=True)
class Verdicted:
    """What came of a challenge."""

    decision: str
    reasons: tuple[str, ...]
    score: float | None


class Guest(Visitor):
    """A person of the builders' who plays at `place`."""

    def __init__(self, place: Place, game: str, rng: np.random.Generator) -> None:
        self.place = place
        super().__init__(game, rng, latency_ms=40.0, step_ms=8.0, width=400.0)

    def begin(self) -> View:
        """Have a challenge issued."""
        self.issued_at = milliseconds(self.place.clock.now())
        view, stored = self.place.desk.reception.issue(self.place.wish(self.game.name))
        assert stored.result() is None
        assert isinstance(view, View)
        self.name = view.id
        self.state = None  # type: ignore[assignment]  # nobody but the server knows it
        return view

    def deliver(self, batch: Batch, arrived: int) -> Answer:
        """Hand over a batch."""
        self.place.until(arrived)
        taken = self.place.desk.reception.take(self.name, batch)
        assert taken.stored is not None
        assert taken.stored.result()
        return taken.answer

    def end(self, now: int) -> Played:
        """Finish the challenge."""
        self.place.until(now)
        self.place.end(self.name, self.receipt)
        return Played(self.state, self.sent, None)  # type: ignore[arg-type]


class Moving(Visitor):
    """Somebody who makes recorded movements, each turned and sized to end at the target that is shown; the timing stays its own."""

    hand: Hand

    def __init__(self, *given: Any, **named: Any) -> None:
        self.spans: list[tuple[float, float]] = []
        """When each movement began and ended, ms on the browser's clock."""
        self._moved = False
        self.reach_ms = self.hand.usual_ms
        super().__init__(*given, **named)

    def wait(self, milliseconds: float) -> None:
        """Before a movement nobody waits: it has its own reaction; neither after it, where nothing but the click is to come."""
        if self._moved and self.game.name != "bubble-pop":
            super().wait(milliseconds)

    def move(self, goal: Floats) -> None:
        """Make a movement that ends at `goal` or nearly."""
        there = complex(*(goal + self.rng.normal(0.0, 10.0, 2)))
        stroke, places = self.hand.take(complex(*self.at), there)
        begun, seen = self.t, ~outside(places)
        for after, at, inside in zip(stroke.t[1:].tolist(), places[1:].tolist(), seen[1:].tolist(), strict=True):
            if inside:  # of the rest of the page the widget is told nothing
                self._log(Kind.MOVE, begun + after, np.array([at.real, at.imag]))
        self.t = begun + stroke.lasts
        self.at = np.array([there.real, there.imag])
        self.spans.append((begun, self.t))
        self._moved = True

    def click(self) -> None:
        """Press here and let go."""
        super().click()
        self._moved = False

    def _learn(self, reveal: Reveal) -> None:
        self._moved = False
        super()._learn(reveal)


class Recorded(Moving, Guest):
    """Such a one, at a place."""

    def __init__(self, place: Place, game: str, rng: np.random.Generator, hand: Hand) -> None:
        self.hand = hand
        super().__init__(place, game, rng)


class Copy:
    """Somebody who sends what another visitor sent, event by event, in answer to a new challenge."""

    def __init__(self, place: Place, original: Guest) -> None:
        begun = milliseconds(place.clock.now())
        view, stored = place.desk.reception.issue(place.wish(original.game.name))
        assert stored.result() is None
        receipt = view.receipt
        for sent in original.sent:
            place.until(begun + sent.arrived - original.issued_at)
            taken = place.desk.reception.take(view.id, msgspec.structs.replace(sent.batch, receipt=receipt))
            assert taken.stored is not None
            assert taken.stored.result()
            receipt = taken.answer.receipt
        place.end(view.id, receipt)
        self.verdict = place.verdict(view.id)


def resent(place: Place, original: Guest) -> int:
    """How many of a finished play's batches are taken that are sent to its challenge again."""
    taken = 0
    for sent in original.sent:
        with suppress(ChallengeOver, ChallengeRefused):
            place.desk.reception.take(original.name, sent.batch)
            taken += 1
    return taken


def played(visitor: Guest) -> Verdicted:
    """What came of `visitor` once the game was played to its end."""
    play_by_mouse(visitor)
    return visitor.place.verdict(visitor.name)


async def _landed(outcome: Future[Any]) -> Any:
    return await asyncio.wrap_future(outcome)


def _row(site: Site) -> Any:
    from playproof.store import SiteRecord

    policy = msgspec.json.encode(site.policy)
    return SiteRecord(id=site.id, name=site.name, sitekey=site.sitekey, origins=site.origins, policy=policy, created_at=ISSUED_AT)


def _secret() -> Any:
    from playproof.store import SecretRecord

    return SecretRecord(digest=bytes(32), hint="none", created_at=ISSUED_AT)
