"""Plays that are sent twice are known again, whatever was done to them between; others are not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from playproof.challenges.buckets import PROBES, closeness, probes_of, rows_of
from playproof.challenges.memory_index import MemoryIndex
from playproof.challenges.replay import MATCH, PER_BUCKET, compare, find, nearest
from playproof.challenges.shape import DIMENSIONS, RADIUS, SIGNED, TIME, shapes_of
from playproof.challenges.signature import MOST_STROKES, Signature, sign, strokes_of
from playproof.evaluation import warps
from playproof.telemetry import Session
from playproof.testing import bot_session, human_session

PLAYS = 40
Warp = Callable[[Session, np.random.Generator], Session]


def behind_others(play: Session, rng: np.random.Generator) -> Session:
    """Somebody else's movement, and much of it, before the play."""
    parts = [*(human_session(rng) for _ in range(5)), play]
    begins = np.cumsum([0.0, *(part.t[-1] + 200.0 for part in parts[:-1])])
    t = np.concatenate([part.t + begin for part, begin in zip(parts, begins, strict=True)])
    x, y = (np.concatenate([getattr(part, axis) for part in parts]) for axis in ("x", "y"))
    return replace(play, t=t, x=x, y=y, trusted=None, duration_ms=float(t[-1]))


WARPS: dict[str, Warp] = {
    "exact": lambda play, rng: play,
    "shifted": lambda play, rng: warps.placed(play, 1.0, 113.0 - 57.0j),
    "scaled down": lambda play, rng: warps.placed(play, 0.6),
    "scaled up": lambda play, rng: warps.placed(play, 1.7),
    "rotated": lambda play, rng: warps.placed(play, np.exp(1j * rng.uniform(0.0, 6.28))),
    "mirrored": lambda play, rng: warps.mirrored(play),
    "mirrored and turned": lambda play, rng: warps.placed(warps.mirrored(play), 1.2j),
    "stretched": lambda play, rng: warps.stretched(play, 1.1, 0.95),
    "slower": lambda play, rng: warps.retimed(play, 1.4),
    "faster": lambda play, rng: warps.retimed(play, 0.75),
    "wavering pace": lambda play, rng: warps.time_warped(play, 0.15, rng),
    "jittered": lambda play, rng: warps.jittered(play, 1.0, 2.0, rng),
    "slow noise": lambda play, rng: warps.swayed(play, 2.0, rng),
    "cut": lambda play, rng: warps.cut(play, 1500.0, 1500.0),
    "thinned": lambda play, rng: warps.thinned(play, 0.1, rng),
    "logged at 40 Hz": lambda play, rng: warps.resampled(play, 40.0),
    "logged at 125 Hz": lambda play, rng: warps.resampled(play, 125.0),
    "aimed anew": warps.reaimed,
    "aimed anew and slower": lambda play, rng: warps.retimed(warps.reaimed(play, rng), 1.2),
    "spliced": lambda play, rng: warps.spliced([play, human_session(rng), play], rng, run=6),
    "behind others' movement": behind_others,
}


@pytest.fixture(scope="module")
def plays() -> list[Session]:
    rng = np.random.default_rng(5)
    return [human_session(rng) for _ in range(PLAYS)]


@pytest.fixture(scope="module")
def index(plays: list[Session]) -> MemoryIndex:
    return MemoryIndex([sign(play) for play in plays])


@pytest.mark.parametrize("name", WARPS)
def test_a_play_sent_again_is_known(name: str, plays: list[Session], index: MemoryIndex) -> None:
    rng = np.random.default_rng(9)
    found = [find(WARPS[name](play, rng), index) for play in plays]
    right = sum(match is not None and match.number == number for number, match in enumerate(found))
    wrong = sum(match is not None and match.number != number for number, match in enumerate(found))
    assert right >= 0.9 * PLAYS
    assert wrong == 0


def test_plays_of_their_own_are_not(index: MemoryIndex) -> None:
    rng = np.random.default_rng(6)
    assert [find(human_session(rng), index) for _ in range(PLAYS)] == [None] * PLAYS


def test_the_odds_of_different_plays_stay_far_below_a_match(plays: list[Session]) -> None:
    signatures = [sign(play) for play in plays]
    odds = np.stack([compare(each, signatures) for each in signatures])
    assert odds[~np.eye(PLAYS, dtype=bool)].max() < MATCH / 2
    assert odds.diagonal().min() > 5 * MATCH


def test_too_little_to_tell_matches_nothing(index: MemoryIndex) -> None:
    still = warps.placed(human_session(np.random.default_rng(1)), 0.0)
    assert len(sign(still).times) == 0
    assert nearest(still, index) is None
    nothing = MemoryIndex([sign(still)])
    assert len(nothing) == 1
    assert find(still, nothing) is None


def test_events_that_are_far_apart_make_no_strokes() -> None:
    # What the tracing puts between them would be the same of everybody.
    play = bot_session(np.random.default_rng(2), kind="teleport")
    assert len(sign(play).times) == 0


def test_a_shape_is_free_of_place_size_direction_and_pace() -> None:
    play = human_session(np.random.default_rng(3))
    shapes = shapes_of(play.t, play.x, play.y, 1.0)
    assert len(shapes) > 5
    for turn in (1.0, 3.0, 2.0j):
        other = warps.placed(play, turn, 40.0 + 9.0j)
        turned = shapes_of(other.t, other.x, other.y, 1.0)
        turned = turned[turned[:, RADIUS] >= shapes[:, RADIUS].min() * abs(turn) - 1e-6]
        np.testing.assert_allclose(turned[:, :DIMENSIONS], shapes[:, :DIMENSIONS], atol=1e-9)
    slow = shapes_of(play.t * 2.0, play.x, play.y, 0.5)
    np.testing.assert_allclose(slow, shapes, atol=1e-6)
    left = warps.mirrored(play)
    mirrored = shapes_of(left.t, left.x, left.y, 1.0)
    np.testing.assert_allclose(mirrored[:, :SIGNED], -shapes[:, :SIGNED], atol=1e-9)
    np.testing.assert_allclose(mirrored[:, SIGNED:], shapes[:, SIGNED:], atol=1e-6)


def test_a_signature_goes_through_bytes(plays: list[Session]) -> None:
    signature = sign(plays[0])
    content = signature.pack()
    assert len(content) == 1 + 14 * len(signature.times) <= 1 + 14 * MOST_STROKES
    again = Signature.unpack(content)
    np.testing.assert_array_equal(again.codes, signature.codes)
    np.testing.assert_array_equal(again.times, signature.times)
    for broken in (b"", content[:-1], b"\x02" + content[1:]):
        with pytest.raises(ValueError, match="not a signature"):
            Signature.unpack(broken)


def test_a_signature_tells_the_strokes_nearly(plays: list[Session]) -> None:
    play = plays[1]
    signature = sign(play)
    strokes = strokes_of(signature.codes, signature.times)
    assert (np.diff(strokes[:, TIME]) > 0.0).all()
    assert (np.abs(strokes[:, :SIGNED]) < 1.0).all()


def test_the_rows_of_a_play_are_among_its_probes(plays: list[Session]) -> None:
    signature = sign(plays[2])
    rows, probes = rows_of(signature), probes_of(signature)
    assert len(rows.bucket) == 2 * len(signature.times) - 3, "with the next, and the next but one"
    np.testing.assert_array_equal(probes.bucket[::PROBES], rows.bucket)
    assert len(np.unique(probes.bucket)) == len(probes.bucket)
    np.testing.assert_array_equal(closeness(rows.detail, rows.detail), np.full(len(rows.detail), 8.0))
    mirrored = rows_of(sign(warps.mirrored(plays[2])))
    assert np.isin(mirrored.bucket, rows.bucket).mean() > 0.9


def test_an_index_reads_no_more_than_so_many_rows_of_a_bucket(plays: list[Session]) -> None:
    signature = sign(plays[3])
    crowd = MemoryIndex([signature] * (PER_BUCKET + 10))
    bucket = rows_of(signature).bucket[:1]
    found = crowd.rows(bucket)
    assert found.number.tolist() == list(range(PER_BUCKET))
    assert crowd.rows(bucket + 1).number.size == 0
    assert crowd.signatures([-1, PER_BUCKET + 10]) == [None, None]


def test_an_index_may_grow(plays: list[Session], index: MemoryIndex) -> None:
    grown = MemoryIndex()
    assert nearest(plays[0], grown) is None
    for play in plays:
        grown.extend([sign(play)])
    buckets = np.concatenate([rows_of(sign(play)).bucket for play in plays])
    for one, other in zip(grown.rows(buckets), index.rows(buckets), strict=True):
        np.testing.assert_array_equal(one, other)
    assert grown.bytes / len(grown) < 1200
