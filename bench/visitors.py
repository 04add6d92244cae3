"""Visitors who play challenges through the whole of verification, without HTTP: each on a clock that their own events move."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from playproof.challenges import Answer, Batch, View
from playproof.challenges.events import HEIGHT, WIDTH, Kind
from playproof.clock import milliseconds
from playproof.evaluation import warps
from playproof.service import Service, build_judge, decode_verdict
from playproof.settings import Settings
from playproof.store import open_store
from playproof.telemetry import Session
from playproof.telemetry.session import Floats
from playproof.testing import FakeClock
from playproof.testing.players import play_by_mouse
from playproof.testing.visitor import ISSUED_AT, Played, Visitor
from playproof.tokens.site import Site, SitePolicy
from playproof.verification.desk import desk_of
from playproof.verification.reception import GAME, Wish

Points = NDArray[np.complex128]


class Place:
    """A service without HTTP, its store in `folder`."""

    def __init__(self, folder: Path, policy: SitePolicy | None = None) -> None:
        settings = Settings(data_dir=folder, challenges_per_address=1_000_000, challenges_per_site=1_000_000)
        self.clock = FakeClock(datetime.fromtimestamp(ISSUED_AT / 1000, UTC))
        self.store = open_store(folder, clock=self.clock)
        self.site = Site("shop", "shop", "pk_shop", ("https://shop.example",), policy or SitePolicy())
        self.store.sites.create(_row(self.site), _secret())
        service = Service(build_judge(settings, clock=self.clock), self.store, clock=self.clock)
        self.desk = desk_of(settings, self.store, service, self.clock)
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


@dataclass(frozen=True, slots=True, eq=False)
class Stroke:
    """A movement from one click to the next."""

    t: Floats
    """(n,) milliseconds since the click before."""
    place: Points
    """(n,) places as x + iy."""
    lasts: float
    """Milliseconds until the click that ends it."""


def strokes_of(session: Session) -> list[Stroke]:
    """The movements of a recorded play, as `playproof.evaluation.warps` tells them apart, of which something can be aimed."""
    return [stroke for stroke in _strokes(session) if abs(stroke.place[-1] - stroke.place[0]) >= warps.NO_CHORD_PX]


def _strokes(session: Session) -> Iterator[Stroke]:
    times, places = warps.ordered(session)
    if times.size < 2:
        return
    for begin, end in pairwise(warps.anchors(session, times).tolist()):
        inside = (times >= begin) & (times <= end)
        if inside.sum() >= 2:
            yield Stroke(times[inside] - begin, places[inside], end - begin)


class Recorded(Guest):
    """Somebody who holds recorded movements, and turns and sizes each to end at the target that is shown; the timing stays their own."""

    def __init__(self, place: Place, game: str, rng: np.random.Generator, strokes: Sequence[Stroke]) -> None:
        """`strokes` are taken in turn, and over again where the game lasts longer."""
        self._strokes = strokes
        self._next = 0
        self._moved = False
        super().__init__(place, game, rng)

    def wait(self, milliseconds: float) -> None:
        """Before a movement nobody waits: it has its own reaction; neither after it, where nothing but the click is to come."""
        if self._moved and self.game.name != "bubble-pop":
            super().wait(milliseconds)

    def move(self, goal: Floats) -> None:
        """Make the next movement, so that it ends at `goal` or nearly."""
        stroke = self._strokes[self._next % len(self._strokes)]
        self._next += 1
        aim = goal + self.rng.normal(0.0, 10.0, 2)
        here, there = complex(*self.at), complex(*aim)
        turned = here + (stroke.place - stroke.place[0]) * ((there - here) / (stroke.place[-1] - stroke.place[0]))
        path = np.stack([turned.real.clip(0.0, WIDTH), turned.imag.clip(0.0, HEIGHT)], axis=1)
        begun = self.t
        for after, at in zip(stroke.t[1:].tolist(), path[1:], strict=True):
            self._log(Kind.MOVE, begun + after, at)
        self.t = begun + stroke.lasts
        self.at = path[-1]
        self._moved = True

    def click(self) -> None:
        """Press here and let go."""
        super().click()
        self._moved = False


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
