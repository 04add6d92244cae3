"""Whatever a browser sends, a challenge takes it or refuses it, and only ever reveals the next target for a hit."""

from __future__ import annotations

import msgspec
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from playproof.challenges import GAMES, Answer, Batch, Event, Outcome, State, accept, finish, issue, telemetry
from playproof.challenges.events import FARTHEST, LONGEST_MS, Kind
from playproof.features import extract
from playproof.telemetry.session import require_whole
from playproof.testing.visitor import TEST_KEYS

NOW = 1_790_000_000_000
TIMES = st.floats(0.0, 20_000.0) | st.floats(0.0, LONGEST_MS)
ANYWHERE = st.floats(-FARTHEST, FARTHEST)
WILD = st.builds(Event, TIMES, ANYWHERE, ANYWHERE, st.sampled_from(Kind), st.integers(0, 0x1FF))
TAME = st.builds(Event, TIMES, st.floats(0.0, 1000.0), st.floats(0.0, 600.0), st.sampled_from(Kind), st.integers(0, 6))
SENT = st.lists(st.tuples(st.lists(TAME | WILD, min_size=1, max_size=32), st.integers(0, 5_000)), min_size=1, max_size=6)


@settings(max_examples=150)
@given(st.sampled_from(sorted(GAMES)), SENT, st.integers(0, 2**32 - 1))
def test_any_events_are_taken_without_a_stumble(game: str, sent: list[tuple[list[Event], int]], seed: int) -> None:
    state, view = issue(game, challenge_id="ch_1", random=np.random.default_rng(seed).bytes, keys=TEST_KEYS, now=NOW)
    now, receipt, batches = NOW, view.receipt, []
    for sequence, (events, pause) in enumerate(sent, 1):
        now += pause
        batch = Batch(sequence=sequence, receipt=receipt, events=tuple(events))
        before, (state, answer) = state, accept(state, batch, keys=TEST_KEYS, now=now)
        assert isinstance(answer, Answer)
        assert len(state.play.hits) - len(before.play.hits) in (0, 1), "one batch hits one target at most"
        assert len(state.revealed_at) <= len(state.play.hits) + 1
        assert msgspec.msgpack.decode(msgspec.msgpack.encode(state), type=State) == state
        assert len(msgspec.msgpack.encode(state)) < 2_000
        receipt = answer.receipt
        batches.append(batch)
    session, context = telemetry(state, batches)
    require_whole(session)
    assert not np.isinf(extract(session, context)).any()
    state, outcome = finish(state, receipt=receipt, keys=TEST_KEYS, now=now)
    assert isinstance(outcome, Outcome)
    assert msgspec.json.decode(msgspec.json.encode(outcome), type=Outcome) == outcome
