"""What a challenge leaves for the features: its events as a session, its targets as the context that the server knows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from playproof.challenges.challenge import State, input_class
from playproof.challenges.events import POINTER, Batch, Device, Event, Kind
from playproof.challenges.games import GAMES
from playproof.challenges.referee import targets
from playproof.telemetry import LIMITS, GameContext, Session
from playproof.telemetry.session import Floats


def telemetry(state: State, batches: Sequence[Batch]) -> tuple[Session, GameContext]:
    """The session of a challenge from the batches that were accepted, in order, and its context: the targets that were shown.

    Places are whole units of the playfield and count as pixels: people who play on a small screen then move like people on a
    large one, of whom there are recordings. Times are milliseconds since the first movement. Hits and misses are the referee's;
    clicks past what a session may have are left out. A target that moves is where it was when it was hit.
    """
    pointer = [event for batch in batches for event in batch.events if event.kind in POINTER]
    moves = _moved([event for event in pointer if event.kind is Kind.MOVE or event.device is Device.TOUCH])
    clicks = [event for event in pointer if event.kind is GAMES[state.game].click][: LIMITS.clicks]
    start = min((event.t for event in moves or clicks), default=0.0)
    t, x, y = _axes(moves, start)
    click_t, click_x, click_y = _axes(clicks, start)
    trusted = np.array([event.trusted for event in moves], np.int8)
    session = Session(
        id=state.id,
        game_type=state.game,
        device_type=input_class(state),
        duration_ms=float(max([0.0, *t[-1:], *click_t[-1:]])),
        t=t,
        x=x,
        y=y,
        trusted=trusted if moves else None,
        click_t=click_t,
        click_x=click_x,
        click_y=click_y,
        click_hit=None,
        hits=len(state.play.hits),
        misses=state.play.misses,
        ignored_fields=0,
    )
    return session, _context(state, start)


def _moved(events: Sequence[Event]) -> list[Event]:
    """Those of `events` that are in another place than the one before: on a large screen a unit is several pixels."""
    kept: list[Event] = []
    last = None
    for event in events:
        place = _place(event)
        if place != last:
            kept.append(event)
            last = place
    return kept


def _place(event: Event) -> tuple[int, int]:
    return round(event.x), round(event.y)


def _axes(events: Sequence[Event], start: float) -> tuple[Floats, Floats, Floats]:
    t = np.array([round(event.t - start, 3) for event in events], np.float64)
    places = np.array([_place(event) for event in events], np.float64).reshape(-1, 2)
    return t, places[:, 0].copy(), places[:, 1].copy()


def _context(state: State, start: float) -> GameContext:
    game, play = GAMES[state.game], state.play
    laid = targets(game, state.secret, state.id, len(state.revealed_at))
    shown = [(hit.shown, hit.t) for hit in play.hits]
    shown += [] if play.shown is None else [(play.shown, play.shown)]
    places = [game.centre(target, until - since) for target, (since, until) in zip(laid, shown, strict=False)]
    return GameContext(
        t=np.array([since - start for since, _ in shown], np.float64),
        x=np.array([x for x, _ in places], np.float64),
        y=np.array([y for _, y in places], np.float64),
        radius=np.array([target.radius for target, _ in zip(laid, shown, strict=False)], np.float64),
    )
