"""Fitting the embedded model. scikit-learn is needed here and nowhere at run time.

    samples = gather(sessions, labels, seed=1)
    fitted = fit(samples, seed=1)
    fitted.model.raw(rows)

The people are dealt into `FOLDS` folds. For each fold the detectors are fitted on the people of the others, so that they have
an honest opinion of its own; those opinions, fused, are what the calibration rests on. Then the detectors are fitted once
more, on everybody. Each person weighs the same, each generator weighs the same, and a generator's variants share its weight.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from playproof.features import CATALOGUE_VERSION, MODEL_FEATURES, NAMES
from playproof.scoring.combine import Fusion, scaling, weighted_quantile
from playproof.scoring.conformal import Calibrator, fit_calibrator
from playproof.scoring.local.detectors import Detector, Tails
from playproof.scoring.local.fit_detectors import fit_boosted, fit_isolation, fit_mahalanobis, fit_margins, fit_network
from playproof.scoring.local.model import LocalModel, Panel
from playproof.scoring.local.samples import Samples, balanced
from playproof.scoring.ranges import HumanRanges
from playproof.scoring.strata import MINIMUM_PEOPLE, MINIMUM_SESSIONS, REFERENCE

Floats = NDArray[np.float64]

FOLDS = 10
WEIGHTS = {"mahalanobis": 0.35, "boosted": 0.35, "network": 0.3}
"""Which detectors are fused, and how; the comparison is in `docs/adr/0003-detectors.md`."""
RANGE_LEVELS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999)


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A model, and what it says of people while not having seen them."""

    model: LocalModel
    people: Samples
    """The recorded people with enough evidence, in the order of `held_out`."""
    held_out: Floats
    """(n,) raw score of each by detectors that did not see the person; higher is less human."""
    held_out_detectors: Floats
    """(n, d) the same for every detector, on the fusion's common scale."""


def fit(samples: Samples, *, seed: int, weights: Mapping[str, float] = WEIGHTS) -> Fitted:
    """Fit and calibrate a model in memory; some three minutes on two cores. The same samples and seed give the same model.

    Raises `ValueError` if there are fewer than `FOLDS` people in the reference stratum, or no bots.
    """
    import sklearn.ensemble  # noqa: F401  # the limit holds for libraries already loaded
    from threadpoolctl import threadpool_limits

    usable = samples.where(samples.enough)
    reference = ~usable.bot & (usable.stratum == REFERENCE)
    names = np.unique(usable.subject[reference])
    if len(names) < FOLDS:
        raise ValueError(f"fitting needs at least {FOLDS} people of {REFERENCE} with enough movement; there are {len(names)}")
    if not usable.bot.any():
        raise ValueError("fitting needs sessions of bots to tell people from")
    rng = np.random.default_rng(seed)
    people = usable.where(~usable.bot & usable.recorded)
    fold = _deal(people, rng)

    def fit_without(number: int, own: np.random.Generator) -> Panel:
        # The library's own threads would contend for small data, and add in another order; the limit holds for one thread.
        with threadpool_limits(1):
            return _fit_panel(usable.without(subjects=np.unique(people.subject[fold == number])), list(weights), own)

    with threadpool_limits(1), ThreadPoolExecutor(os.cpu_count()) as pool:
        *others, panel = pool.map(fit_without, range(FOLDS + 1), rng.spawn(FOLDS + 1))  # the last leaves nobody out
    outputs = np.empty((len(people), len(weights)))
    for number, other in enumerate(others):
        outputs[fold == number] = other.outputs(people.rows[fold == number])

    judged = people.stratum == REFERENCE
    centre, scale = scaling(outputs[judged], balanced(people.subject[judged]))
    fusion = Fusion(tuple(weights), np.array([*weights.values()]), centre, scale)
    held_out = fusion.raw(outputs)
    calibrators: dict[str, Calibrator] = {}
    for stratum in np.unique(people.stratum):
        of = people.stratum == stratum
        if of.sum() >= MINIMUM_SESSIONS and len(np.unique(people.subject[of])) >= MINIMUM_PEOPLE:
            calibrators[str(stratum)] = fit_calibrator(held_out[of], people.subject[of], rng)
    ranges = _ranges(people.where(judged))
    model = LocalModel(panel, fusion, calibrators, ranges, CATALOGUE_VERSION, model_version="unsaved", manifest={})
    return Fitted(model, people, held_out, fusion.alike(outputs))


def _deal(people: Samples, rng: np.random.Generator) -> NDArray[np.intp]:
    """(n,) the fold of every session: a person's are together, and the reference stratum's people are spread evenly."""
    fold = np.zeros(len(people), dtype=np.intp)
    reference = np.unique(people.subject[people.stratum == REFERENCE])
    for names in (reference, np.setdiff1d(people.subject, reference)):
        for place, name in enumerate(rng.permutation(names)):
            fold[people.subject == name] = place % FOLDS
    return fold


def _fit_panel(samples: Samples, names: Sequence[str], rng: np.random.Generator) -> Panel:
    columns = np.array([NAMES.index(name) for name in MODEL_FEATURES], dtype=np.intp)
    of = ~samples.bot & samples.recorded & (samples.stratum == REFERENCE)
    people, weight = samples.rows[of][:, columns], balanced(samples.subject[of])
    margins = fit_margins(people, weight)
    # One-class fitters take no weights, so they get people drawn alike.
    drawn = people[rng.choice(len(people), size=len(people), p=weight)]
    detectors: list[Detector] = []
    for name in names:
        match name:
            case "mahalanobis":
                detectors.append(fit_mahalanobis(margins.view(drawn).deviates))
            case "tails":
                detectors.append(Tails())
            case "isolation":
                detectors.append(fit_isolation(drawn, rng))
            case "boosted":
                rows = samples.rows[:, columns]
                detectors.append(fit_boosted(rows, samples.bot, _case_weight(samples), samples.generator, rng))
            case "network":
                deviates = margins.view(samples.rows[:, columns]).deviates
                detectors.append(fit_network(deviates, samples.bot, _case_weight(samples), samples.generator, rng))
            case _:
                raise ValueError(f"no detector is called {name}")
    return Panel(columns, margins, tuple(detectors))


def _case_weight(samples: Samples) -> Floats:
    """(n,) people weigh alike, generators weigh alike, and within a generator its variants do."""
    weight = np.empty(len(samples))
    weight[~samples.bot] = balanced(samples.subject[~samples.bot])
    weight[samples.bot] = balanced(samples.generator[samples.bot], samples.variant[samples.bot])
    return weight


def _ranges(people: Samples) -> HumanRanges:
    weight = balanced(people.subject)
    quantiles = np.full((people.rows.shape[1], len(RANGE_LEVELS)), np.nan)
    for feature, column in enumerate(people.rows.T):
        known = np.isfinite(column)
        if known.any():
            quantiles[feature] = weighted_quantile(column[known], weight[known], RANGE_LEVELS)
    return HumanRanges(np.array(RANGE_LEVELS), quantiles)
