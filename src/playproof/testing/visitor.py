"""A browser with a challenge in it, on a clock and a network that are made up: it speaks the real protocol with the real core.

Tests of what is built around the core override `begin`, `deliver` and `end`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from playproof.challenges import GAMES, Answer, Batch, Event, KeyRing, Outcome, Refused, State, View, accept, finish, issue
from playproof.challenges.challenge import Reveal
from playproof.challenges.events import MOST_EVENTS, WIDTH, Kind
from playproof.challenges.games.base import Target
from playproof.telemetry.session import Floats
from playproof.testing.events import Track
from playproof.testing.people import reach, tremor

TEST_KEYS = KeyRing({"test": bytes(range(32))}, "test")
ISSUED_AT = 1_790_000_000_000
"""Of every visitor's challenge, milliseconds since 1970."""

_FRAME_MS = 16.0
_BATCH_MS = 240.0
_PRESS_MS = 80.0
_FIELD: Floats = np.array([1000.0, 600.0])


@dataclass(frozen=True)
class Sent:
    """A batch that was accepted."""

    batch: Batch
    answer: Answer
    arrived: int
    """Milliseconds since 1970."""
    before: State
    """The state that it came upon."""


@dataclass(frozen=True)
class Played:
    """A challenge that was played to its end."""

    state: State
    sent: list[Sent]
    outcome: Outcome

    @property
    def batches(self) -> list[Batch]:
        """What was accepted, in order."""
        return [one.batch for one in self.sent]


class Visitor:
    """Who moves, presses and waits; the browser logs it, sends it, and shows the next target once it is told of it.

    `t` is the time in milliseconds since the game came up, `at` where the pointer is (2,) in units, `target` what is shown.
    """

    reach_ms = 450.0
    """What a reach is expected to take when it is decided where to aim."""

    def __init__(self, game: str, rng: np.random.Generator, *, latency_ms: float, step_ms: float, width: float) -> None:
        self.rng = rng
        self.game = GAMES[game]
        self.issued_at = ISSUED_AT
        """Milliseconds since 1970."""
        view = self.begin()
        self.t = 0.0
        self.at: Floats = _FIELD / 2.0 + rng.normal(0.0, 60.0, 2)
        self.target: Target | None = None
        self.shown = 0.0
        self.sent: list[Sent] = []
        self._latency, self._step, self._width = latency_ms, step_ms, width
        self._slope = float(rng.uniform(80.0, 115.0))
        self.receipt, self._reveal = view.receipt, Reveal(-1, "")
        self._events: list[Event] = []
        self._answered = 0.0
        self._learn(view.reveal)

    def wait(self, milliseconds: float) -> None:
        """Do nothing."""
        self.t += max(milliseconds, 0.0)

    def move(self, goal: Floats) -> None:
        """Reach into `goal`."""
        track = Track()
        end = reach(track, self.rng, self.at, goal, self._slope)
        time, place = track.sampled(1.0)
        if len(time) > 1:
            place = place + tremor(self.rng, time, place)
        begun = self.t
        for after in np.arange(self._step, track.now, self._step):
            self._log(Kind.MOVE, begun + after, np.clip(place[min(int(after), len(place) - 1)], 0.0, _FIELD))
        self.t = begun + track.now
        self.at = np.clip(end, 0.0, _FIELD)

    def click(self) -> None:
        """Press here and let go."""
        for kind in (Kind.DOWN, Kind.UP):
            self._log(kind, self.t, self.at)
            if kind is self.game.click:
                self.send()
            self.t += _PRESS_MS if kind is Kind.DOWN else 0.0
        self.settle()

    def press(self, key: int) -> None:
        """Press a key and let it go."""
        self._log(Kind.KEY, self.t, value=key)
        self.send()
        self.t += _PRESS_MS
        self._log(Kind.RELEASE, self.t, value=key)
        self.settle()

    def tick(self) -> None:
        """Tell the server that time went on."""
        self._log(Kind.TICK, self.t)
        self.send()

    def settle(self) -> None:
        """Take in the answers so far; what they reveal is shown when they are back."""
        answer = self.sent[-1].answer if self.sent else None
        if answer and answer.reveal is None:
            self.target = None
        elif answer and answer.reveal and answer.reveal.step > self._reveal.step:
            self.t = max(self.t, self._answered)
            self._learn(answer.reveal)

    def send(self) -> None:
        """Send what was logged, where anything was."""
        if not self._events:
            return
        batch = Batch(sequence=len(self.sent) + 1, receipt=self.receipt, events=tuple(self._events))
        last = batch.events[-1].t
        arrived = round(self.issued_at + last + 2.0 * self._latency)  # the game came up when its view had arrived
        self._events, self._answered = [], last + 2.0 * self._latency
        before = self.state
        answer = self.deliver(batch, arrived)
        self.sent.append(Sent(batch, answer, arrived, before))
        self.receipt = answer.receipt

    def finished(self) -> Played:
        """End the challenge."""
        return self.end(round(self.issued_at + self.t + 2.0 * self._latency))

    def begin(self) -> View:
        """Have a challenge issued."""
        name = f"ch_{self.rng.integers(1 << 60):x}"
        self.state, view = issue(self.game.name, challenge_id=name, random=self.rng.bytes, keys=TEST_KEYS, now=self.issued_at)
        return view

    def deliver(self, batch: Batch, arrived: int) -> Answer:
        """Hand over `batch` at a time in milliseconds since 1970."""
        self.state, answer = accept(self.state, batch, keys=TEST_KEYS, now=arrived)
        assert isinstance(answer, Answer), answer
        return answer

    def end(self, now: int) -> Played:
        """Finish the challenge at a time in milliseconds since 1970."""
        self.state, outcome = finish(self.state, receipt=self.receipt, keys=TEST_KEYS, now=now)
        assert not isinstance(outcome, Refused), outcome
        return Played(self.state, self.sent, outcome)

    def _log(self, kind: Kind, t: float, place: Floats | None = None, value: int = 0) -> None:
        x, y = (0.0, 0.0) if place is None else self._on_grid(place)
        last = self._events[-1] if self._events else None
        if kind is Kind.MOVE and last and last.kind is Kind.MOVE and (last.x, last.y) == (x, y):
            return
        self._events.append(Event(round(float(t), 1), x, y, kind, value))
        if len(self._events) == MOST_EVENTS or t - self._events[0].t > _BATCH_MS:
            self.send()

    def _on_grid(self, place: Floats) -> tuple[float, float]:
        """A whole pixel, in units to a hundredth."""
        x, y = (round(round(float(value) * self._width / WIDTH) * WIDTH / self._width, 2) for value in place)
        return x, y

    def _learn(self, reveal: Reveal) -> None:
        self.target = self.game.layout(bytes.fromhex(reveal.seed), self.target)
        self._reveal = reveal
        self.t += _FRAME_MS
        self.shown = self.t
        self._log(Kind.SHOWN, self.t, value=reveal.step)
