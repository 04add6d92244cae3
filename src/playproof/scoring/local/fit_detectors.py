"""Fitting each detector on people, or on people and bots. scikit-learn is imported inside the functions that need it."""

from __future__ import annotations

from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from playproof.scoring.combine import weighted_quantile
from playproof.scoring.local.detectors import NETWORK_LIMIT, Boosted, Isolation, Mahalanobis, Margins, Network
from playproof.scoring.local.trees import Tree, stack

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Words = NDArray[np.str_]
Rng = np.random.Generator

_LEVELS = np.concatenate([[0.005, 0.02, 0.05], np.arange(0.1, 0.91, 0.1), [0.95, 0.98, 0.995]])
"""Of the margins' quantiles."""

BAGS = 4
"""Boosted classifiers averaged."""
BAG_FEATURES, BAG_GENERATORS = 0.8, 0.9
"""The share of features and of generators each of them knows: what holds for a generator never met is what most agree on."""
BAG_SIZE = 20000
"""Sessions of people, and of bots, in each of them, and for each network."""
ROUNDS, RATE, LEAVES, DEPTH, BINS = 150, 0.1, 24, 6, 64
NETWORKS, UNITS, EPOCHS, DECAY = 2, 64, 12, 0.3
"""Networks averaged, hidden units of each, passes over its sessions, and its penalty on squared weights."""
_EMPTY_COLUMN = 0.05
"""A feature measured in fewer of the people than this cannot be placed among them."""


def fit_margins(people: Floats, weight: Floats) -> Margins:
    """Quantiles of people's rows (n, f), which may hold NaN, each weighing `weight` (n,)."""
    deviates = np.array([NormalDist().inv_cdf(float(level)) for level in _LEVELS])
    grid = np.empty((people.shape[1], len(_LEVELS)))
    for feature, column in enumerate(people.T):
        known = np.isfinite(column)
        if known.mean() < _EMPTY_COLUMN:
            grid[feature] = 1e9 * deviates  # wherever a value lies, it is in the middle
            continue
        quantiles = weighted_quantile(column[known], weight[known], _LEVELS)
        # Steps of no width would divide by nothing; one in ten thousand of the spread is none to a detector.
        width = max(float(quantiles[-1] - quantiles[0]), 1e-6 * max(1.0, float(np.abs(quantiles).max())))
        grid[feature] = np.maximum.accumulate(quantiles) + 1e-4 * width * np.arange(len(_LEVELS))
    return Margins(grid, deviates)


def fit_mahalanobis(deviates: Floats) -> Mahalanobis:
    """From people's deviates (n, f), every person as often; Ledoit and Wolf's (2004) shrinkage."""
    from sklearn.covariance import LedoitWolf

    fitted = LedoitWolf().fit(deviates)
    values, vectors = np.linalg.eigh(fitted.covariance_)
    # Signs of eigenvectors are the library's choice; distances do not depend on them, hashes would.
    vectors *= np.where(vectors[np.abs(vectors).argmax(axis=0), np.arange(len(values))] < 0.0, -1.0, 1.0)
    return Mahalanobis(fitted.location_, np.ascontiguousarray((vectors / np.sqrt(values)).T))


def fit_isolation(people: Floats, rng: Rng, *, trees: int = 200, sample: int = 256) -> Isolation:
    """From people's rows (n, f), which may hold NaN, every person as often."""
    from sklearn.ensemble import IsolationForest

    middle = np.array([np.median(column[known]) if (known := np.isfinite(column)).any() else 0.0 for column in people.T])
    size = min(sample, len(people))
    forest = IsolationForest(n_estimators=trees, max_samples=size, random_state=_seed(rng)).fit(np.where(np.isnan(people), middle, people))
    grown = []
    for estimator in forest.estimators_:
        tree = estimator.tree_
        left, right, rows = tree.children_left, tree.children_right, tree.n_node_samples
        inner = left >= 0
        heavier_left = np.zeros(len(rows), dtype=bool)
        heavier_left[inner] = rows[left[inner]] >= rows[right[inner]]
        value = _depths(left, right) + _path(rows.astype(np.float64))
        grown.append(
            Tree(tree.feature.astype(np.int32), tree.threshold, heavier_left, left.astype(np.int32), right.astype(np.int32), value)
        )
    return Isolation(stack(grown, people.shape[1]), float(_path(np.array([float(size)]))[0]))


def fit_boosted(rows: Floats, bot: Flags, weight: Floats, generator: Words, rng: Rng) -> Boosted:
    """From rows (n, f) of people and bots with NaN, each weighing `weight` (n,); every bag leaves out features and generators."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    grown: list[Tree] = []
    baseline, features = 0.0, rows.shape[1]
    for _ in range(BAGS):
        known = np.sort(rng.choice(features, max(1, round(BAG_FEATURES * features)), replace=False))
        here = _bag(bot, weight, generator, rng)
        classifier = HistGradientBoostingClassifier(
            max_iter=ROUNDS,
            learning_rate=RATE,
            max_leaf_nodes=LEAVES,
            max_depth=DEPTH,
            max_bins=BINS,
            min_samples_leaf=20,
            l2_regularization=5.0,
            early_stopping=False,
            random_state=_seed(rng),
        ).fit(rows[np.ix_(here, known)], bot[here])
        grown += [_boosted_tree(stage[0], known) for stage in classifier._predictors]
        baseline += float(np.ravel(classifier._baseline_prediction)[0]) / BAGS
    return Boosted(stack(grown, features), baseline)


def fit_network(deviates: Floats, bot: Flags, weight: Floats, generator: Words, rng: Rng) -> Network:
    """From deviates (n, f) of people and bots, each weighing `weight` (n,); every network leaves out generators."""
    from sklearn.neural_network import MLPClassifier

    seen = np.clip(deviates, -NETWORK_LIMIT, NETWORK_LIMIT)
    inner, bias, outer, baseline = [], [], [], 0.0
    for _ in range(NETWORKS):
        here = _bag(bot, weight, generator, rng)
        classifier = MLPClassifier((UNITS,), alpha=DECAY, batch_size=256, learning_rate_init=2e-3, random_state=_seed(rng))
        classes = np.array([False, True])
        for _ in range(EPOCHS):
            classifier.partial_fit(seen[here], bot[here], classes=classes)
        inner.append(classifier.coefs_[0])
        bias.append(classifier.intercepts_[0])
        outer.append(classifier.coefs_[1][:, 0] / NETWORKS)
        baseline += float(classifier.intercepts_[1][0]) / NETWORKS
    return Network(np.ascontiguousarray(np.concatenate(inner, axis=1)), np.concatenate(bias), np.concatenate(outer), baseline)


def _bag(bot: Flags, weight: Floats, generator: Words, rng: Rng) -> NDArray[np.intp]:
    """Places of `BAG_SIZE` people and `BAG_SIZE` bots of some generators among all (n,).

    Drawn by weight, not weighted: as fair, another sample for every bag, and the library bins weighted data slowly.
    """
    generators = np.unique(generator[bot])
    met = rng.choice(generators, max(1, round(BAG_GENERATORS * len(generators))), replace=False)
    return np.concatenate([_draw(~bot, weight, rng), _draw(bot & np.isin(generator, met), weight, rng)])


def _draw(of: Flags, weight: Floats, rng: Rng) -> NDArray[np.intp]:
    """Places of `BAG_SIZE` rows among `of` (n,), drawn with replacement by weight."""
    places = np.flatnonzero(of)
    return rng.choice(places, size=BAG_SIZE, p=weight[places] / weight[places].sum())


def _boosted_tree(predictor: Any, known: NDArray[np.intp]) -> Tree:
    nodes = predictor.nodes
    leaf = nodes["is_leaf"].astype(bool)
    return Tree(
        known[nodes["feature_idx"].astype(np.intp)].astype(np.int32),
        nodes["num_threshold"].astype(np.float64),
        nodes["missing_go_to_left"].astype(bool),
        np.where(leaf, -1, nodes["left"].astype(np.int32)),
        np.where(leaf, -1, nodes["right"].astype(np.int32)),
        nodes["value"].astype(np.float64) / BAGS,
    )


def _depths(left: NDArray[np.int64], right: NDArray[np.int64]) -> Floats:
    depth = np.zeros(len(left))
    for node in range(len(left)):  # parents come before their children
        if left[node] >= 0:
            depth[[left[node], right[node]]] = depth[node] + 1.0
    return depth


def _path(rows: Floats) -> Floats:
    """Mean depth at which `rows` (n,) are set apart by random cuts: that of an unsuccessful search in a binary tree."""
    many = 2.0 * (np.log(np.maximum(rows - 1.0, 1.0)) + np.euler_gamma) - 2.0 * (rows - 1.0) / np.maximum(rows, 1.0)
    return np.where(rows > 2.0, many, np.where(rows > 1.0, 1.0, 0.0))


def _seed(rng: Rng) -> int:
    return int(rng.integers(2**31))
