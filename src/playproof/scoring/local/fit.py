"""Fitting the embedded model. scikit-learn is needed here and nowhere at run time.

    samples = gather(sessions, labels, seed=1)
    fitted = fit(samples, seed=1)
    fitted.model.raw(rows)

The people are dealt into `MEMBERS` folds. A member is fitted on the people of the other folds, so it has an honest opinion
of the people in its own; those opinions, fused, are what the calibration rests on. Each person weighs the same, each
generator weighs the same, and a generator's variants share its weight.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from playproof.features import CATALOGUE_VERSION, MODEL_FEATURES, NAMES
from playproof.scoring.combine import Fusion, scaling, weighted_quantile
from playproof.scoring.conformal import Calibrator, fit_calibrator
from playproof.scoring.local.detectors import Detector, Tails
from playproof.scoring.local.fit_detectors import fit_boosted, fit_isolation, fit_mahalanobis, fit_margins
from playproof.scoring.local.model import Ensemble, LocalModel
from playproof.scoring.local.samples import Samples, Words, balanced
from playproof.scoring.ranges import HumanRanges
from playproof.scoring.strata import MINIMUM_PEOPLE, MINIMUM_SESSIONS, REFERENCE

Floats = NDArray[np.float64]

MEMBERS = 5
WEIGHTS = {"mahalanobis": 0.5, "boosted": 0.5}
"""Which detectors are fused, and how; the comparison is in `docs/adr/0003-detectors.md`."""
RANGE_LEVELS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999)


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A model, and what it says of people while not having seen them."""

    model: LocalModel
    people: Samples
    """The recorded people with enough evidence, in the order of `held_out`."""
    held_out: Floats
    """(n,) raw score of each by the member that did not see them; higher is less human."""
    held_out_detectors: Floats
    """(n, d) the same for every detector, on the fusion's common scale."""


def fit(samples: Samples, *, seed: int, weights: Mapping[str, float] = WEIGHTS) -> Fitted:
    """Fit and calibrate a model in memory; about half a minute on one core. The same samples and seed give the same model.

    Raises `ValueError` if there are fewer than `MEMBERS` people in the reference stratum, or no bots.
    """
    import sklearn.ensemble  # noqa: F401  # the limit holds for libraries already loaded
    from threadpoolctl import threadpool_limits

    usable = samples.where(samples.enough)
    reference = ~usable.bot & (usable.stratum == REFERENCE)
    names = np.unique(usable.subject[reference])
    if len(names) < MEMBERS:
        raise ValueError(f"fitting needs at least {MEMBERS} people of {REFERENCE} with enough movement; there are {len(names)}")
    if not usable.bot.any():
        raise ValueError("fitting needs sessions of bots to tell people from")
    rng = np.random.default_rng(seed)
    folds = [names[np.sort(part)] for part in np.array_split(rng.permutation(len(names)), MEMBERS)]
    others = np.unique(usable.subject[~usable.bot & ~reference])
    extra = np.array_split(rng.permutation(len(others)), MEMBERS)
    folds = [np.concatenate([fold, others[part]]) for fold, part in zip(folds, extra, strict=True)]

    # More threads than one would contend for small data, and add in another order.
    with threadpool_limits(1):
        ensemble = _fit_ensemble(usable, folds, list(weights), rng)
    people = usable.where(~usable.bot & usable.recorded)
    member = np.full(len(people), -1)
    for number, fold in enumerate(folds):
        member[np.isin(people.subject, fold)] = number
    outputs = np.stack([ensemble.outputs(row)[number] for row, number in zip(people.rows, member, strict=True)])

    judged = people.stratum == REFERENCE
    centre, scale = np.empty((MEMBERS, len(weights))), np.empty((MEMBERS, len(weights)))
    for number in range(MEMBERS):
        # A member's own fold has no say in its constants.
        heard = judged & (member != number)
        centre[number], scale[number] = scaling(outputs[heard], balanced(people.subject[heard]))
    fusion = Fusion(tuple(weights), np.array([*weights.values()]), centre, scale)
    alike = (outputs - centre[member]) / scale[member]
    held_out = (alike * fusion.weights).sum(axis=1)

    calibrators: dict[str, Calibrator] = {}
    for stratum in np.unique(people.stratum):
        of = people.stratum == stratum
        if of.sum() >= MINIMUM_SESSIONS and len(np.unique(people.subject[of])) >= MINIMUM_PEOPLE:
            calibrators[str(stratum)] = fit_calibrator(held_out[of], people.subject[of], rng)
    ranges = _ranges(people.where(judged))
    model = LocalModel(ensemble, fusion, calibrators, ranges, CATALOGUE_VERSION, model_version="unsaved", manifest={})
    return Fitted(model, people, held_out, alike)


def _fit_ensemble(usable: Samples, folds: Sequence[Words], names: Sequence[str], rng: np.random.Generator) -> Ensemble:
    columns = np.array([NAMES.index(name) for name in MODEL_FEATURES], dtype=np.intp)
    members = [usable.without(subjects=fold) for fold in folds]
    one_class = [_one_class(member) for member in members]
    margins = fit_margins([rows[:, columns] for rows, _ in one_class], [weight for _, weight in one_class])
    # One-class fitters take no weights, so they get people drawn alike.
    drawn = [rows[rng.choice(len(rows), size=len(rows), p=weight)][:, columns] for rows, weight in one_class]
    detectors: list[Detector] = []
    for name in names:
        match name:
            case "mahalanobis":
                views = [np.stack([margins.view(x).deviates[number] for x in rows]) for number, rows in enumerate(drawn)]
                detectors.append(fit_mahalanobis(views))
            case "tails":
                detectors.append(Tails())
            case "isolation":
                detectors.append(fit_isolation(drawn, rng))
            case "boosted":
                cases = [(member.rows[:, columns], member.bot, _case_weight(member), member.generator) for member in members]
                detectors.append(fit_boosted(cases, rng))
            case _:
                raise ValueError(f"no detector is called {name}")
    return Ensemble(columns, margins, tuple(detectors))


def _one_class(member: Samples) -> tuple[Floats, Floats]:
    """Rows (n, k) of the reference stratum's people and their weights (n,), which sum to 1."""
    of = ~member.bot & (member.stratum == REFERENCE)
    return member.rows[of], balanced(member.subject[of])


def _case_weight(member: Samples) -> Floats:
    """(n,) people weigh alike, generators weigh alike, and within a generator its variants do."""
    weight = np.empty(len(member))
    weight[~member.bot] = balanced(member.subject[~member.bot])
    weight[member.bot] = balanced(member.generator[member.bot], member.variant[member.bot])
    return weight


def _ranges(people: Samples) -> HumanRanges:
    weight = balanced(people.subject)
    quantiles = np.full((people.rows.shape[1], len(RANGE_LEVELS)), np.nan)
    for feature, column in enumerate(people.rows.T):
        known = np.isfinite(column)
        if known.any():
            quantiles[feature] = weighted_quantile(column[known], weight[known], RANGE_LEVELS)
    return HumanRanges(np.array(RANGE_LEVELS), quantiles)
