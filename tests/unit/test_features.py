"""The catalogue and its rows."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import pytest

from playproof.features import CATALOGUE, CATALOGUE_VERSION, MODEL_FEATURES, NAMES, extract, extract_many
from playproof.features.clicks import Clicks
from playproof.features.curvature import Curvature
from playproof.features.extract import Evidence
from playproof.features.geometry import Geometry
from playproof.features.grain import Grain
from playproof.features.kinematics import Kinematics
from playproof.features.page import _GROUPS
from playproof.features.path import LONGEST_PATH_MS, STEP_MS
from playproof.features.pauses import Pauses
from playproof.features.phases import Phases
from playproof.features.profiles import Profile
from playproof.features.residual import Residual
from playproof.features.smoothness import Smoothness
from playproof.features.strokes import MOST
from playproof.features.submovements import Submovements
from playproof.features.texture import Texture
from playproof.features.variability import Variability
from playproof.telemetry import GameContext, Session
from playproof.testing import KINDS, bot_session, human_session

MEASURED = (
    Evidence, Kinematics, Curvature, Smoothness, Geometry, Profile, Submovements, Pauses, Clicks, Variability, Residual, Texture, Grain,
    Phases,
)  # fmt: skip
"""What is measured of every session, in the order of a row; after it comes what a context adds."""
GOLDEN = ("2.0", "f605568597c4e63e")
"""Catalogue version and what it makes of a few sessions: change both or neither."""


def made(t: list[float], x: list[float], y: list[float], clicks: list[float] | None = None) -> Session:
    base = human_session(np.random.default_rng(0))
    click = np.array(clicks or [])
    places = [np.array(values, np.float64) for values in (t, x, y)]
    return replace(base, t=places[0], x=places[1], y=places[2], click_t=click, click_x=click * 0.0, click_y=click * 0.0)


def value(session: Session, name: str, context: GameContext | None = None) -> float:
    return float(extract(session, context)[NAMES.index(name)])


def some_sessions() -> list[Session]:
    people = [human_session(np.random.default_rng(seed)) for seed in range(4)]
    return people + [bot_session(np.random.default_rng(9), kind=kind) for kind in KINDS]


def test_the_catalogue_is_whole() -> None:
    assert len(set(NAMES)) == len(NAMES) == len(CATALOGUE)
    assert len(MODEL_FEATURES) >= 40
    assert {feature.group for feature in CATALOGUE} == set(_GROUPS)
    for feature in CATALOGUE:
        assert feature.meaning[0].isupper(), feature
        assert not feature.meaning.endswith("."), feature
        assert feature.unit, feature
        assert feature.source, feature
        assert 0.0 < feature.tolerance < 0.5, feature
    assert (*MODEL_FEATURES,) == tuple(feature.name for feature in CATALOGUE if feature.role == "model")


def test_a_row_is_written_in_the_order_of_the_catalogue() -> None:
    measured = [name for group in MEASURED for name in group._fields]
    assert measured == [feature.name for feature in CATALOGUE if feature.role != "context"]
    assert (*measured, *NAMES[len(measured) :]) == NAMES


def test_every_model_feature_can_be_measured() -> None:
    rows = extract_many([human_session(np.random.default_rng(seed)) for seed in range(6)])
    never = [name for name, column in zip(NAMES, rows.T, strict=True) if np.isnan(column).all()]
    assert set(never) == {feature.name for feature in CATALOGUE if feature.role == "context"}


def test_many_rows_are_the_rows_of_one_bit_for_bit() -> None:
    sessions = some_sessions()
    rows = extract_many(sessions)
    assert rows.shape == (len(sessions), len(NAMES))
    assert rows.dtype == np.float64
    for row, session in zip(rows, sessions, strict=True):
        assert row.tobytes() == extract(session).tobytes()
    assert extract_many(sessions[::-1]).tobytes() == rows[::-1].tobytes()
    assert extract_many([]).shape == (0, len(NAMES))


def test_the_version_changes_with_the_rows() -> None:
    # Six digits: the last bits differ between processors, and what is tiny or huge is made of them.
    rows = [[f"{n:.6g}" if 1e-6 < abs(n) < 1e7 else str(n * 0.0) for n in extract(session).tolist()] for session in some_sessions()]
    digest = hashlib.sha256(repr((NAMES, rows)).encode()).hexdigest()[:16]
    assert (CATALOGUE_VERSION, digest) == GOLDEN


@pytest.mark.parametrize(
    "session",
    [
        made([], [], []),
        made([], [], [], [3.0]),
        made([0.0], [5.0], [5.0]),
        made([0.0, 10.0], [5.0, 9.0], [5.0, 5.0]),
        made([0.0, 10.0, 20.0], [5.0, 9.0, 12.0], [5.0, 5.0, 5.0]),
        made([float(i) for i in range(500)], [7.0] * 500, [7.0] * 500, [100.0]),
        made([0.0] * 300, [float(i) for i in range(300)], [0.0] * 300),
    ],
    ids=["nothing", "click", "point", "two", "three", "still", "one time"],
)
def test_what_hardly_moves_is_not_measurable(session: Session) -> None:
    row = extract(session)
    for feature, number in zip(CATALOGUE, row.tolist(), strict=True):
        assert np.isnan(number) == (feature.role != "evidence"), feature.name
    assert value(session, "stroke_count") == 0.0
    assert value(session, "click_count") == session.click_t.size


def test_evidence_counts_what_moved() -> None:
    # 1 s to the right at 300 px/s, a second's rest, 1 s back.
    t = [float(i) for i in (*range(0, 1001, 10), *range(2000, 3001, 10))]
    x = [0.3 * i for i in (*range(0, 1001, 10), *range(1000, -1, -10))]
    session = made(t, x, [0.0] * len(t), [1500.0])
    assert value(session, "stroke_count") == 2.0
    assert value(session, "path_px") == pytest.approx(600.0, abs=15.0)
    assert value(session, "active_ms") == pytest.approx(2000.0, abs=120.0)
    assert value(session, "moving_samples") == value(session, "active_ms") / STEP_MS
    assert value(session, "rest_share") == pytest.approx(1.0 / 3.0, abs=0.03)
    assert value(session, "click_dwell") == pytest.approx(1.0, abs=0.08)
    assert value(session, "straightness") == pytest.approx(1.0, abs=1e-9)
    assert value(session, "one_axis_pure") == 1.0
    assert value(session, "deviation") == pytest.approx(0.0, abs=1e-9)


def test_a_minimum_jerk_stroke_fits_the_bell() -> None:
    t = np.arange(0.0, 801.0, 4.0)
    s = t / 800.0
    way = 700.0 * s**3 * (10.0 - 15.0 * s + 6.0 * s**2)
    even = made(t.tolist(), (700.0 * s).tolist(), (400.0 * s).tolist())
    bell = made(t.tolist(), way.tolist(), (0.6 * way).tolist())
    assert value(bell, "bell_misfit") < 0.15 < value(even, "bell_misfit")
    assert value(bell, "peak_time") == pytest.approx(0.5, abs=0.06)
    assert value(bell, "jerk_smoothness") > -7.5


def test_curvature_of_a_circle() -> None:
    t = np.arange(0.0, 4001.0, 4.0)
    angle = t / 4000.0 * 4.0 * np.pi
    session = made(t.tolist(), (500.0 + 200.0 * np.cos(angle)).tolist(), (500.0 + 200.0 * np.sin(angle)).tolist())
    assert value(session, "curvature_median") == pytest.approx(5.0, rel=0.03)
    assert value(session, "turn_rate_median") == pytest.approx(np.pi, rel=0.03)
    assert value(session, "turn_change_share") == 0.0


def test_order_of_arrival_and_repeats_do_not_matter() -> None:
    session = human_session(np.random.default_rng(5))
    order = np.random.default_rng(6).permutation(session.t.size)
    mixed = replace(session, t=session.t[order], x=session.x[order], y=session.y[order])
    assert extract(mixed).tobytes() == extract(session).tobytes()
    # The same place again a little later, as some recorders send it.
    t = np.repeat(session.t, 2)
    t[1::2] += 0.5
    still = replace(session, t=t, x=np.repeat(session.x, 2), y=np.repeat(session.y, 2))
    assert extract(still).tobytes() == extract(session).tobytes()


def test_hours_cost_no_more_than_a_minute() -> None:
    rng = np.random.default_rng(7)
    t = np.sort(rng.uniform(0.0, 4 * 3.6e6, 20_000))
    walk = np.cumsum(rng.normal(0.0, 30.0, (2, t.size)), axis=1)
    long = made(t.tolist(), walk[0].tolist(), walk[1].tolist(), [1e6, 9e6])
    assert 1000.0 < value(long, "active_ms") <= LONGEST_PATH_MS
    busy = made(np.linspace(0.0, 9e5, 20_000).tolist(), (walk[0] * 5.0).tolist(), walk[1].tolist())
    assert 1000.0 < value(busy, "active_ms") <= LONGEST_PATH_MS
    assert value(busy, "stroke_count") <= MOST


def test_context_tells_aim_and_reaction() -> None:
    t = [float(i) for i in (*range(0, 401, 10), *range(1300, 1701, 10))]
    x = [0.5 * i for i in (*range(0, 401, 10), *range(400, -1, -10))]
    session = replace(made(t, x, [0.0] * len(t), [900.0, 1900.0]), click_x=np.array([206.0, 0.0]), click_y=np.array([0.0, 8.0]))
    context = GameContext(t=np.array([0.0, 1000.0]), x=np.array([200.0, 0.0]), y=np.zeros(2), radius=np.array([20.0, 20.0]))
    assert value(session, "aim_error", context) == pytest.approx(0.35)
    assert value(session, "reaction_time", context) == pytest.approx(160.0, abs=180.0)
    assert np.isnan(value(session, "aim_error"))
    plain = [i for i, feature in enumerate(CATALOGUE) if feature.role != "context"]
    assert extract(session)[plain].tobytes() == extract(session, context)[plain].tobytes()
    early = GameContext(t=np.array([5000.0]), x=np.zeros(1), y=np.zeros(1), radius=np.ones(1))
    assert np.isnan(value(session, "aim_error", early))
    assert np.isnan(value(session, "reaction_time", early))
    nothing = GameContext(t=np.empty(0), x=np.empty(0), y=np.empty(0), radius=np.empty(0))
    assert np.isnan(value(session, "aim_error", nothing))


def test_events_at_nearly_one_time_are_one() -> None:
    session = human_session(np.random.default_rng(8))
    t = np.repeat(session.t, 2)
    t[1::2] = np.nextafter(t[1::2], np.inf)
    x = np.repeat(session.x, 2)
    x[::2] += 900.0
    jumping = replace(session, t=t, x=x, y=np.repeat(session.y, 2))
    np.testing.assert_allclose(extract(jumping), extract(session), rtol=1e-6, atol=1e-6)
