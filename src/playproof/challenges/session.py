"""What a challenge leaves for the features: its events as a session, its targets as the context that the server knows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from playproof.challenges.challenge import State, input_class
from playproof.challenges.events import POINTER, WIDTH, Batch, Device, Event, Kind
from playproof.challenges.games import GAMES
from playproof.challenges.referee import targets
from playproof.telemetry import LIMITS, GameContext, Session
from playproof.telemetry.session import Floats


def telemetry(state: State, batches: Sequence[Batch]) -> tuple[Session, GameContext]:
    """The session of a challenge from the batches that were accepted, in order, and its context: the targets that were shown.

    Places are CSS pixels of the playfield as it was drawn, to a tenth, so that the whole pixels of a mouse come back whole;
    times are milliseconds since the first movement. Hits and misses are the referee's; clicks past what a session may have are
    left out. A target that moves is where it was when it was hit.
    """
    placed = [(event, batch.width / WIDTH) for batch in batches for event in batch.events if event.kind in POINTER]
    moves = [(event, scale) for event, scale in placed if event.kind is Kind.MOVE or event.device is Device.TOUCH]
    clicks = [(event, scale) for event, scale in placed if event.kind is GAMES[state.game].click][: LIMITS.clicks]
    start = min((event.t for event, _ in moves or clicks), default=0.0)
    t, x, y = _axes(moves, start)
    click_t, click_x, click_y = _axes(clicks, start)
    trusted = np.array([event.trusted for event, _ in moves], np.int8)
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
    return session, _context(state, batches[-1].width / WIDTH if batches else 1.0, start)


def _axes(events: Sequence[tuple[Event, float]], start: float) -> tuple[Floats, Floats, Floats]:
    t = np.array([round(event.t - start, 3) for event, _ in events], np.float64)
    x, y = (np.array([round(getattr(event, axis) * scale, 1) for event, scale in events], np.float64) for axis in "xy")
    return t, x, y


def _context(state: State, scale: float, start: float) -> GameContext:
    game, play = GAMES[state.game], state.play
    laid = targets(game, state.secret, state.id, len(state.revealed_at))
    shown = [(hit.shown, hit.t) for hit in play.hits]
    shown += [] if play.shown is None else [(play.shown, play.shown)]
    places = [game.centre(target, until - since) for target, (since, until) in zip(laid, shown, strict=False)]
    return GameContext(
        t=np.array([since - start for since, _ in shown], np.float64),
        x=np.array([x * scale for x, _ in places], np.float64),
        y=np.array([y * scale for _, y in places], np.float64),
        radius=np.array([target.radius * scale for target, _ in zip(laid, shown, strict=False)], np.float64),
    )
