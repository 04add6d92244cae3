"""Detectors say what the library that fitted them says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from playproof.scoring.combine import Fusion
from playproof.scoring.local import fit_detectors
from playproof.scoring.local.detectors import LIMIT, NETWORK_LIMIT, Floats, Mahalanobis, Margins, Network, Tails
from playproof.scoring.local.fit_detectors import fit_boosted, fit_isolation, fit_mahalanobis, fit_margins, fit_network

FEATURES = 6


@pytest.fixture(scope="module")
def people() -> Floats:
    """Rows of six features on different scales, one of them often missing, one never there."""
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(600, FEATURES)) * 10.0 ** np.arange(FEATURES)
    rows[:, 1] = np.exp(rng.normal(size=600))
    rows[::3, 2] = np.nan
    rows[:, 5] = np.nan
    return rows


def test_deviates_are_standard_normal_among_people_and_missing_is_the_middle(people: Floats) -> None:
    margins = fit_margins(people, np.full(len(people), 1.0 / len(people)))
    deviates = margins.view(people).deviates
    assert np.abs(deviates[:, :5].mean(axis=0)).max() < 0.1
    assert np.abs(deviates[:, [0, 1, 3, 4]].std(axis=0) - 1.0).max() < 0.1
    assert (deviates[::3, 2] == 0.0).all()
    assert (deviates[:, 5] == 0.0).all()


def test_deviates_rise_with_the_feature_and_are_cut(people: Floats) -> None:
    margins = fit_margins(people, np.full(len(people), 1.0 / len(people)))
    rows = people[[1] * 200]
    rows[:, 0] = np.linspace(-50.0, 50.0, 200)
    found = margins.view(rows).deviates[:, 0].tolist()
    assert found == sorted(found)
    assert (found[0], found[-1]) == (-LIMIT, LIMIT)


def test_a_feature_that_is_the_same_for_all_people_is_not_divided_by() -> None:
    rows = np.full((50, 2), 3.0)
    margins = fit_margins(rows, np.full(50, 0.02))
    assert np.isfinite(margins.view(np.array([[3.0, 4.0]])).deviates).all()


def test_distance_is_that_of_the_shrunk_covariance() -> None:
    sklearn = pytest.importorskip("sklearn.covariance")
    rows = np.random.default_rng(2).normal(size=(300, FEATURES)) @ np.random.default_rng(3).normal(size=(FEATURES, FEATURES))
    detector, fitted = fit_mahalanobis(rows), sklearn.LedoitWolf().fit(rows)
    margins = fit_margins(rows, np.full(len(rows), 1.0 / len(rows)))
    view = margins.view(rows[:20])._replace(deviates=rows[:20])
    assert detector.outputs(view) == pytest.approx(np.log(fitted.mahalanobis(rows[:20])))


def test_tails_grow_with_every_feature(people: Floats) -> None:
    margins = fit_margins(people, np.full(len(people), 1.0 / len(people)))
    middle = np.append(np.nanmedian(people[:, :5], axis=0), np.nan)
    usual, unusual = Tails().outputs(margins.view(np.array([middle, np.full(FEATURES, 1e7)])))
    assert usual < 0.1 < unusual


def test_isolation_is_the_librarys(people: Floats) -> None:
    sklearn = pytest.importorskip("sklearn.ensemble")
    full = np.where(np.isnan(people), 0.5, people)
    detector = fit_isolation(full, np.random.default_rng(4), trees=30)
    seed = int(np.random.default_rng(4).integers(2**31))
    forest = sklearn.IsolationForest(n_estimators=30, max_samples=256, random_state=seed).fit(full)
    margins = fit_margins(full, np.full(len(full), 1.0 / len(full)))
    ours = detector.outputs(margins.view(full[:40]))
    # The library's score is minus 2 to the power of minus the mean path over its expectation.
    assert ours == pytest.approx(np.log2(-forest.score_samples(full[:40])), abs=1e-9)


def test_no_bit_of_a_row_depends_on_the_rows_beside_it(people: Floats) -> None:
    full = np.where(np.isnan(people), 0.5, people)
    margins = fit_margins(people, np.full(len(people), 1.0 / len(people)))
    odd = people[:40].copy()
    odd[:4] = [[1e308] * FEATURES, [-1e308] * FEATURES, [np.nan] * FEATURES, [5e-324] * FEATURES]
    rng = np.random.default_rng(4)
    network = Network(rng.normal(size=(FEATURES, 16)), rng.normal(size=16), rng.normal(size=16), 0.5)
    for detector in (fit_mahalanobis(full), Tails(), fit_isolation(full, rng, trees=30), network):
        together = detector.outputs(margins.view(odd))
        assert np.isfinite(together).all()
        assert together.tolist() == [detector.outputs(margins.view(row[None, :]))[0] for row in odd]


def test_rows_and_constants_that_do_not_fit_are_refused(people: Floats) -> None:
    margins = fit_margins(people, np.full(len(people), 1.0 / len(people)))
    with pytest.raises(ValueError, match="rows of 6 features"):
        margins.view(people[:, :5])
    with pytest.raises(ValueError, match="rows of 2 features"):
        Mahalanobis(np.zeros(2), np.eye(2)).outputs(margins.view(people))
    with pytest.raises(ValueError, match="does not fit"):
        Mahalanobis(np.zeros(2), np.eye(3))
    with pytest.raises(ValueError, match="rows of 2 features"):
        Network(np.zeros((2, 3)), np.zeros(3), np.zeros(3), 0.0).outputs(margins.view(people))
    with pytest.raises(ValueError, match="hidden unit"):
        Network(np.zeros((2, 3)), np.zeros(3), np.zeros(2), 0.0)
    with pytest.raises(ValueError, match="quantiles"):
        Margins(margins.quantiles, margins.deviates[:3])
    with pytest.raises(ValueError, match="weight"):
        Fusion(("a", "b"), np.ones(2), np.zeros(1), np.ones(2))
    with pytest.raises(ValueError, match="2 detectors"):
        Fusion(("a", "b"), np.ones(2), np.zeros(2), np.ones(2)).raw(np.zeros((1, 3)))


def test_boosting_ranks_bots_above_people_it_never_saw(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("sklearn.ensemble")
    monkeypatch.setattr(fit_detectors, "BAGS", 2)
    monkeypatch.setattr(fit_detectors, "BAG_SIZE", 300)
    monkeypatch.setattr(fit_detectors, "ROUNDS", 15)
    rng = np.random.default_rng(6)
    rows = rng.normal(size=(800, FEATURES))
    bot = np.arange(800) % 2 == 0
    rows[bot, :3] += 2.0
    rows[rng.random(rows.shape) < 0.1] = np.nan
    generator = np.where(bot, np.char.add("g", (np.arange(800) % 5).astype(str)), "")
    detector = fit_boosted(rows[:600], bot[:600], np.ones(600), generator[:600], np.random.default_rng(7))
    margins = fit_margins(rows, np.full(800, 1.0 / 800))
    said = detector.outputs(margins.view(rows[600:]))
    assert np.median(said[bot[600:]]) > 1.0
    assert np.median(said[~bot[600:]]) < -1.0


def test_boosted_trees_are_the_librarys(monkeypatch: pytest.MonkeyPatch) -> None:
    sklearn = pytest.importorskip("sklearn.ensemble")
    for name, value in {"BAGS": 1, "BAG_SIZE": 400, "BAG_FEATURES": 1.0, "BAG_GENERATORS": 1.0, "ROUNDS": 10}.items():
        monkeypatch.setattr(fit_detectors, name, value)
    fitted: list[Any] = []
    original = sklearn.HistGradientBoostingClassifier.fit

    def remembered(self: object, *args: object) -> object:
        fitted.append(original(self, *args))
        return fitted[-1]

    monkeypatch.setattr(sklearn.HistGradientBoostingClassifier, "fit", remembered)
    rng = np.random.default_rng(8)
    rows = rng.normal(size=(500, FEATURES))
    rows[rng.random(rows.shape) < 0.2] = np.nan
    bot = np.nan_to_num(rows[:, 0]) + rng.normal(size=500) > 0.0
    detector = fit_boosted(rows, bot, np.ones(500), np.where(bot, "g", ""), np.random.default_rng(9))
    margins = fit_margins(rows, np.full(500, 1.0 / 500))
    ours = detector.outputs(margins.view(rows[:60]))
    assert ours == pytest.approx(fitted[0].decision_function(rows[:60]), abs=1e-9)


def test_networks_say_the_mean_of_the_librarys(monkeypatch: pytest.MonkeyPatch) -> None:
    sklearn = pytest.importorskip("sklearn.neural_network")
    for name, value in {"NETWORKS": 2, "BAG_SIZE": 400, "EPOCHS": 6, "UNITS": 8}.items():
        monkeypatch.setattr(fit_detectors, name, value)
    fitted: list[Any] = []
    original = sklearn.MLPClassifier.partial_fit

    def remembered(self: object, *args: object, **named: object) -> object:
        if self not in fitted:
            fitted.append(self)
        return original(self, *args, **named)

    monkeypatch.setattr(sklearn.MLPClassifier, "partial_fit", remembered)
    rng = np.random.default_rng(8)
    rows = rng.normal(size=(500, FEATURES)) * 3.0
    bot = np.abs(rows[:, 0]) + rng.normal(size=500) > 2.0
    margins = fit_margins(rows, np.full(500, 1.0 / 500))
    deviates = margins.view(rows).deviates
    detector = fit_network(deviates, bot, np.ones(500), np.where(bot, "g", ""), np.random.default_rng(9))
    seen = np.clip(deviates, -NETWORK_LIMIT, NETWORK_LIMIT)
    theirs = [np.log(share[:, 1] / share[:, 0]) for share in (network.predict_proba(seen) for network in fitted)]
    assert len(theirs) == 2
    assert detector.outputs(margins.view(rows)) == pytest.approx(np.mean(theirs, axis=0), abs=1e-6)
    assert np.median(np.mean(theirs, axis=0)[bot]) > np.median(np.mean(theirs, axis=0)[~bot])
