"""What every scorer keeps to, whatever it is made of.

A scorer joins by adding itself to `SCORERS`: a function that returns it and one that saves it and loads it again.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from playproof.features import MODEL_FEATURES, NAMES, extract_many
from playproof.scoring.base import Floats, Scorer
from playproof.scoring.local import load_artefact, reference_path
from playproof.scoring.local.artefact import write_artefact
from playproof.testing import KINDS, bot_session, human_session


def _reference() -> Scorer:
    return load_artefact(reference_path())


def _reference_again(folder: Path) -> Scorer:
    return write_artefact(load_artefact(reference_path()), folder, provenance={})


SCORERS: dict[str, tuple[Callable[[], Scorer], Callable[[Path], Scorer]]] = {"local": (_reference, _reference_again)}


@pytest.fixture(scope="module", params=sorted(SCORERS))
def name(request: pytest.FixtureRequest) -> str:
    """Each scorer in turn."""
    return str(request.param)


@pytest.fixture(scope="module")
def scorer(name: str) -> Scorer:
    return SCORERS[name][0]()


@pytest.fixture(scope="module")
def rows() -> Floats:
    """Rows of people and of bots, as built, not recorded; some with much that is not measurable."""
    rng = np.random.default_rng(7)
    people = [human_session(rng, targets=int(rng.integers(3, 14))) for _ in range(12)]
    bots = [bot_session(rng, kind=kind) for kind in KINDS for _ in range(3)]
    return extract_many([*people, *bots])


def test_a_score_does_not_depend_on_the_rows_beside_it(scorer: Scorer, rows: Floats) -> None:
    together = scorer.raw(rows)
    alone = np.concatenate([scorer.raw(row[None, :]) for row in rows])
    backwards = scorer.raw(np.ascontiguousarray(rows[::-1]))[::-1]
    strided = scorer.raw(np.asfortranarray(rows))
    assert together.tobytes() == alone.tobytes() == np.ascontiguousarray(backwards).tobytes() == strided.tobytes()


def test_the_same_row_scores_the_same_again(scorer: Scorer, rows: Floats) -> None:
    assert scorer.raw(rows).tobytes() == scorer.raw(rows.copy()).tobytes()


def test_scoring_leaves_the_rows_alone(scorer: Scorer, rows: Floats) -> None:
    before = rows.copy()
    scorer.raw(rows)
    assert before.tobytes() == rows.tobytes()


def test_higher_is_less_human(scorer: Scorer, rows: Floats) -> None:
    raw = scorer.raw(rows)
    assert np.median(raw[:12]) < np.median(raw[12:])


def test_calibrated_scores_rise_with_raw_scores(scorer: Scorer, rows: Floats) -> None:
    for calibration in scorer.calibrators.values():
        scores = [calibration.score(raw) for raw in np.sort(scorer.raw(rows))]
        assert scores == sorted(scores)
        assert min(scores) >= 0.0
        assert calibration.resolved_to == pytest.approx(np.log10(calibration.people + 1))


def test_what_is_not_measurable_still_gives_a_finite_score(scorer: Scorer, rows: Floats) -> None:
    patchy = np.tile(rows[0], (len(NAMES) + 1, 1))
    patchy[np.arange(len(NAMES)), np.arange(len(NAMES))] = np.nan
    patchy[-1] = np.nan
    assert np.isfinite(scorer.raw(patchy)).all()


def test_extremes_give_a_finite_score(scorer: Scorer, rows: Floats) -> None:
    for extreme in (0.0, 1e300, -1e300, 1e-300):
        assert np.isfinite(scorer.raw(np.full((1, len(NAMES)), extreme))).all()


@pytest.mark.parametrize("infinite", [np.inf, -np.inf])
def test_an_infinite_feature_is_refused(scorer: Scorer, rows: Floats, infinite: float) -> None:
    broken = rows[:2].copy()
    broken[1, NAMES.index(MODEL_FEATURES[0])] = infinite
    with pytest.raises(ValueError, match="infinite"):
        scorer.raw(broken)


@pytest.mark.parametrize("shape", [(len(NAMES),), (2, len(NAMES) - 1), (2, len(NAMES) + 1)])
def test_rows_of_another_catalogue_are_refused(scorer: Scorer, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="features were expected"):
        scorer.raw(np.zeros(shape))


def test_no_rows_give_no_scores(scorer: Scorer) -> None:
    assert scorer.raw(np.empty((0, len(NAMES)))).shape == (0,)


def test_saved_and_loaded_it_scores_the_same(name: str, scorer: Scorer, rows: Floats, tmp_path: Path) -> None:
    again = SCORERS[name][1](tmp_path)
    raw = scorer.raw(rows)
    assert again.raw(rows).tobytes() == raw.tobytes()
    assert again.model_id == scorer.model_id
    assert again.calibrators.keys() == scorer.calibrators.keys()
    for stratum, calibration in again.calibrators.items():
        assert [calibration.score(value) for value in raw] == [scorer.calibrators[stratum].score(value) for value in raw]
    assert again.ranges.quantiles.tobytes() == scorer.ranges.quantiles.tobytes()


def test_it_says_who_it_is(scorer: Scorer) -> None:
    assert scorer.model_id
    assert scorer.model_version
    assert scorer.ranges.quantiles.shape == (len(NAMES), len(scorer.ranges.levels))
    assert {0.05, 0.95} <= set(scorer.ranges.levels.tolist())
