"""The contract: what no honest browser reports is noted and not told, and what comes late costs trust alone."""

from __future__ import annotations

import numpy as np
import pytest

from playproof.challenges import Answer, Batch, Event, Outcome, State, View, Violation, accept, finish, issue
from playproof.challenges.contract import DRIFT_MS, LATE_MS, Conduct, watch
from playproof.challenges.events import UNTRUSTED, Device, Kind
from playproof.challenges.games import GAMES
from playproof.challenges.games.base import Target
from playproof.testing.players import person_plays
from playproof.testing.visitor import TEST_KEYS

NOW = 1_790_000_000_000
BUBBLES = GAMES["bubble-pop"]


def broken(*events: Event) -> dict[Violation, int]:
    conduct = Conduct()
    for event in events:
        conduct = watch(conduct, event)
    return dict(conduct.violations)


def move(t: float, x: float = 500.0, y: float = 300.0, device: int = Device.MOUSE) -> Event:
    return Event(t, x, y, Kind.MOVE, device)


def test_an_ordinary_press_breaks_nothing() -> None:
    events = [move(0.0), Event(8.0, 503.0, 300.0, Kind.DOWN), move(30.0), Event(90.0, 503.0, 300.0, Kind.UP), move(98.0)]
    keys = [Event(200.0, 0.0, 0.0, Kind.KEY, 4), Event(280.0, 0.0, 0.0, Kind.RELEASE, 4)]
    assert broken(*events, *keys) == {}


def test_time_does_not_run_backwards() -> None:
    assert broken(move(10.0), move(9.9), move(9.95), move(10.0)) == {Violation.TIME_REVERSED: 2}
    assert broken(move(10.0), move(10.0)) == {}, "browsers that blur their clock give one time twice"


@pytest.mark.parametrize(("x", "y"), [(-0.1, 0.0), (1000.1, 0.0), (0.0, -0.1), (0.0, 600.1)])
def test_the_pointer_stays_on_the_field(x: float, y: float) -> None:
    assert broken(move(0.0, x, y)) == {Violation.OUTSIDE: 1}
    assert broken(move(0.0, 0.0, 0.0), move(9000.0, 1000.0, 600.0)) == {}


def test_what_is_let_go_was_pressed_before() -> None:
    down, up = Event(0.0, 5.0, 5.0, Kind.DOWN), Event(1.0, 5.0, 5.0, Kind.UP)
    assert broken(up) == {Violation.UP_WITHOUT_DOWN: 1}
    assert broken(down, down, up) == {Violation.DOWN_TWICE: 1}
    assert broken(down, Event(1.0, 5.0, 5.0, Kind.CANCEL), Event(2.0, 5.0, 5.0, Kind.DOWN)) == {}
    assert broken(Event(0.0, 0.0, 0.0, Kind.RELEASE, 2)) == {Violation.UP_WITHOUT_DOWN: 1}
    assert broken(Event(0.0, 0.0, 0.0, Kind.KEY, 2), Event(1.0, 0.0, 0.0, Kind.RELEASE, 2)) == {}


def test_a_pointer_does_not_leap() -> None:
    assert broken(move(0.0, 10.0), move(16.0, 970.0)) == {}
    assert broken(move(0.0, 10.0), move(16.0, 971.0)) == {Violation.IMPOSSIBLE_SPEED: 1}
    assert broken(move(0.0, 10.0), move(0.0, 970.0)) == {}, "events of one time are taken to be some milliseconds apart"
    assert broken(move(0.0, 10.0), move(17.0, 990.0)) == {}


def test_a_finger_comes_down_anywhere() -> None:
    tap = [Event(0.0, 5.0, 5.0, Kind.DOWN, Device.TOUCH), Event(50.0, 5.0, 5.0, Kind.UP, Device.TOUCH)]
    assert broken(*tap, Event(60.0, 990.0, 590.0, Kind.DOWN, Device.TOUCH)) == {}
    mouse = [Event(0.0, 5.0, 5.0, Kind.DOWN), Event(5.0, 5.0, 5.0, Kind.UP)]
    assert broken(*mouse, Event(10.0, 990.0, 590.0, Kind.DOWN)) == {Violation.IMPOSSIBLE_SPEED: 1}


def test_devices_and_keys_have_names() -> None:
    assert broken(move(0.0, device=3)) == {Violation.UNKNOWN_DEVICE: 1}
    assert broken(Event(0.0, 0.0, 0.0, Kind.KEY, 200)) == {Violation.UNKNOWN_DEVICE: 1}


class Tab:
    """A browser that sends what a test wants, when it wants."""

    def __init__(self) -> None:
        self.state: State
        self.view: View
        self.state, self.view = issue("bubble-pop", challenge_id="ch_1", random=np.random.default_rng(3).bytes, keys=TEST_KEYS, now=NOW)
        self.sequence, self.receipt = 0, self.view.receipt
        self.target: Target | None = None
        self.learn(self.view.reveal.seed)

    def learn(self, seed: str) -> None:
        self.target = BUBBLES.layout(bytes.fromhex(seed), self.target)

    def send(self, *events: Event, after: float) -> Answer:
        self.sequence += 1
        batch = Batch(sequence=self.sequence, receipt=self.receipt, events=events)
        self.state, answer = accept(self.state, batch, keys=TEST_KEYS, now=round(NOW + after))
        assert isinstance(answer, Answer)
        self.receipt = answer.receipt
        if answer.reveal and answer.reveal.step > 0:
            self.learn(answer.reveal.seed)
        return answer

    def press(self, t: float, device: int = Device.MOUSE) -> tuple[Event, Event]:
        assert self.target
        place = float(self.target.x), float(self.target.y)
        return Event(t, *place, Kind.DOWN, device), Event(t + 60.0, *place, Kind.UP, device)

    @property
    def violations(self) -> dict[Violation, int]:
        return dict(self.state.conduct.violations)

    def outcome(self) -> Outcome:
        outcome = finish(self.state, receipt=self.receipt, keys=TEST_KEYS, now=NOW + 60_000)[1]
        assert isinstance(outcome, Outcome)
        return outcome


def shown(t: float, step: int) -> Event:
    return Event(t, 0.0, 0.0, Kind.SHOWN, step)


def test_events_of_the_future_are_noted() -> None:
    tab = Tab()
    tab.send(Event(1000.0 + DRIFT_MS, 0.0, 0.0, Kind.TICK), after=1000.0)
    assert tab.violations == {}
    tab.send(Event(2001.0 + DRIFT_MS, 0.0, 0.0, Kind.TICK), after=2000.0)
    assert tab.violations == {Violation.CLOCK_AHEAD: 1}


def test_nothing_is_hit_that_was_not_shown() -> None:
    tab = Tab()
    answer = tab.send(*tab.press(500.0), after=700.0)
    assert answer.reveal is not None
    assert answer.reveal.step == 0
    assert (tab.outcome().hits, tab.outcome().misses) == (0, 0)


def test_a_hit_reveals_the_next_target_and_a_miss_does_not() -> None:
    tab = Tab()
    tab.send(shown(20.0, 0), Event(400.0, 1.0, 1.0, Kind.DOWN), Event(450.0, 1.0, 1.0, Kind.UP), after=500.0)
    assert (tab.outcome().hits, tab.outcome().misses) == (0, 1)
    answer = tab.send(*tab.press(900.0), after=1000.0)
    assert answer.reveal is not None
    assert answer.reveal.step == 1
    assert tab.outcome().hit_ms == (880.0,)


def test_a_batch_hits_no_target_that_only_its_answer_reveals() -> None:
    tab = Tab()
    first = tab.press(400.0)
    tab.learn(tab.view.reveal.seed)  # whatever it guesses
    answer = tab.send(shown(20.0, 0), *first, shown(470.0, 1), *tab.press(900.0), after=1000.0)
    assert answer.reveal is not None
    assert answer.reveal.step == 1
    assert tab.violations == {Violation.BEFORE_REVEAL: 1}
    assert tab.outcome().hits == 1


@pytest.mark.parametrize(("t", "violations"), [(311.0, {}), (309.0, {Violation.BEFORE_REVEAL: 1})])
def test_a_target_is_not_shown_before_the_server_tells_of_it(t: float, violations: dict[Violation, int]) -> None:
    tab = Tab()
    tab.send(shown(20.0, 0), *tab.press(200.0), after=500.0)
    tab.send(shown(t, 1), Event(520.0, 0.0, 0.0, Kind.TICK), after=560.0)
    assert DRIFT_MS == 150.0
    assert tab.violations == violations, "the browser's clock began 40 ms after the issue at the latest, the reveal left after 500"


def test_nobody_hits_what_was_shown_just_now() -> None:
    tab = Tab()
    answer = tab.send(shown(300.0, 0), *tab.press(399.9), after=500.0)
    assert answer.reveal is not None
    assert answer.reveal.step == 0, "it counts as no hit either"
    assert tab.violations == {Violation.TOO_SOON: 1}
    tab = Tab()
    tab.send(shown(300.0, 0), *tab.press(400.0), after=500.0)
    assert tab.violations == {}


def test_a_lucky_key_is_no_violation_but_no_hit_either() -> None:
    tab = Tab()
    assert tab.target
    tab.send(shown(300.0, 0), Event(350.0, 0.0, 0.0, Kind.KEY, tab.target.key), after=500.0)
    assert tab.violations == {}
    assert tab.outcome().hits == 0


def test_waiting_that_is_only_claimed_is_seen_from_the_server() -> None:
    tab = Tab()
    tab.send(shown(20.0, 0), Event(4000.0, 1.0, 1.0, Kind.MOVE), after=5000.0)
    tab.send(*tab.press(5000.0), after=5100.0)
    assert tab.violations == {}
    tab.send(shown(5130.0, 1), *tab.press(5800.0), after=5190.0)
    assert set(tab.violations) == {Violation.CLOCK_AHEAD, Violation.TOO_SOON, Violation.BEFORE_REVEAL}


def test_what_lay_somewhere_is_accepted_with_less_trust() -> None:
    tab = Tab()
    tab.send(shown(20.0, 0), Event(200.0, 5.0, 5.0, Kind.MOVE), after=260.0)
    tab.send(Event(400.0, 5.0, 5.0, Kind.MOVE), after=460.0 + LATE_MS)
    assert tab.outcome().prompt
    tab.send(Event(600.0, 5.0, 5.0, Kind.MOVE), after=662.0 + LATE_MS)
    assert not tab.outcome().prompt
    assert tab.violations == {}


def test_a_target_that_is_shown_long_after_it_was_revealed_costs_trust() -> None:
    tab = Tab()
    tab.send(shown(20.0, 0), *tab.press(400.0), after=500.0)
    tab.send(shown(500.0 + LATE_MS, 1), after=600.0 + LATE_MS)
    assert not tab.outcome().prompt
    assert tab.violations == {}


def test_events_that_a_script_made_are_counted() -> None:
    tab = Tab()
    tab.send(shown(20.0, 0), Event(200.0, 5.0, 5.0, Kind.MOVE, UNTRUSTED), Event(210.0, 5.0, 5.0, Kind.MOVE, UNTRUSTED), after=300.0)
    assert tab.outcome().untrusted == 2


def test_one_key_makes_it_a_keyboard_play() -> None:
    tab = Tab()
    tab.send(shown(20.0, 0), *tab.press(400.0, Device.TOUCH), after=500.0)
    assert tab.outcome().device == "touch"
    assert tab.target
    tab.send(shown(560.0, 1), Event(1000.0, 0.0, 0.0, Kind.KEY, tab.target.key), after=1100.0)
    assert tab.outcome().device == "keyboard"


@pytest.mark.parametrize("latency", [5.0, 150.0, 600.0])
def test_a_slow_network_breaks_nothing(latency: float) -> None:
    for game in GAMES:
        outcome = person_plays(game, np.random.default_rng(4), latency_ms=latency).outcome
        assert outcome.completed
        assert outcome.prompt
        assert outcome.violations == {}
