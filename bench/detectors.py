"""Detectors side by side, and their fusions, on people and generators that no fit has seen.

    python -m bench.detectors FILES... [--folds 5] [--seed 1]

FILES are labelled sessions, as for `playproof train`. For each fold all detectors are fitted without its people and its generators;
the threshold of each detector and each fusion is the raw score that one in a hundred of the fitted people exceed, judged by
detectors that did not see them, each person weighing the same. The table says what of the held-out people lies above it, and
what of the held-out generators, each weighing the same. Families of our own making are held out fold by fold as well: the recorded
generators are nearly all caught, so these are what tells the candidates apart. Sessions with too little movement to judge are
left out. Some minutes.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.machine import machine
from playproof.evaluation.corpora import read_corpus
from playproof.evaluation.protocols import gather_samples, split
from playproof.scoring.combine import weighted_quantile
from playproof.scoring.local.fit import fit
from playproof.scoring.local.samples import AND, Samples, balanced
from playproof.scoring.strata import REFERENCE

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Fuse = Callable[[Floats], Floats]

DETECTORS = ("mahalanobis", "tails", "isolation", "boosted", "network")
RATE = 0.01


def _weighted(**weights: float) -> Fuse:
    share = np.array([weights.get(name, 0.0) for name in DETECTORS])
    return lambda outputs: np.asarray(outputs @ share)


CANDIDATES: Mapping[str, Fuse] = {
    **{name: _weighted(**{name: 1.0}) for name in DETECTORS},
    "one-class, mean of three": _weighted(mahalanobis=1 / 3, tails=1 / 3, isolation=1 / 3),
    "mahalanobis 0.25, boosted 0.75": _weighted(mahalanobis=0.25, boosted=0.75),
    "mahalanobis 0.30, boosted 0.70": _weighted(mahalanobis=0.3, boosted=0.7),
    "mahalanobis 0.50, boosted 0.50": _weighted(mahalanobis=0.5, boosted=0.5),
    "mahalanobis 0.40, network 0.60": _weighted(mahalanobis=0.4, network=0.6),
    "mahalanobis 0.30, boosted 0.50, network 0.20": _weighted(mahalanobis=0.3, boosted=0.5, network=0.2),
    "mahalanobis 0.35, boosted 0.35, network 0.30": _weighted(mahalanobis=0.35, boosted=0.35, network=0.3),
    "mahalanobis 0.50, boosted 0.30, network 0.20": _weighted(mahalanobis=0.5, boosted=0.3, network=0.2),
    "all five, 0.20 each": _weighted(**dict.fromkeys(DETECTORS, 0.2)),
    "highest of mahalanobis, boosted, network": lambda outputs: np.asarray(outputs[:, [0, 3, 4]].max(axis=1)),
}


def main() -> None:
    """Read, refit fold by fold, print the table."""
    parser = argparse.ArgumentParser(description="Detectors side by side on people and generators that no fit has seen.")
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    records = read_corpus(arguments.files).records
    samples = gather_samples(records, arguments.seed)
    folds = split(records, arguments.folds, arguments.seed)
    place = np.full(len(samples), -1)
    place[: len(records)] = [folds.of(record.labels) for record in records]
    made = np.setdiff1d(samples.generator[samples.bot], samples.generator[samples.recorded])
    above = {name: np.zeros(len(samples), dtype=bool) for name in CANDIDATES}
    judged = np.zeros(len(samples), dtype=bool)
    for fold in range(folds.count):
        people_out = [name for name, held in folds.people.items() if held == fold]
        made_out = made[fold :: folds.count]
        kept = samples.without(
            subjects=people_out, generators=[*(name for name, held in folds.generators.items() if held == fold), *made_out]
        )
        fitted = fit(kept, seed=arguments.seed, weights=dict.fromkeys(DETECTORS, 1.0 / len(DETECTORS)))
        known = fitted.people.stratum == REFERENCE
        weight = balanced(fitted.people.subject[known])
        out = {"", *people_out}
        nobodys = np.array([out.issuperset(subject.split(AND)) for subject in samples.subject.tolist()])
        held = np.flatnonzero(((place == fold) | (np.isin(samples.generator, made_out) & nobodys)) & samples.enough)
        judged[held] = True
        outputs = fitted.model.detectors(samples.rows[held])
        for name, fuse in CANDIDATES.items():
            threshold = weighted_quantile(fuse(fitted.held_out_detectors[known]), weight, [1.0 - RATE])[0]
            above[name][held] = fuse(outputs) > threshold
    people = judged & ~samples.bot & (samples.stratum == REFERENCE)
    generators = np.unique(samples.generator[judged & samples.bot & samples.recorded])
    print(machine())
    print(f"{people.sum()} sessions of {np.unique(samples.subject[people]).size} people, {generators.size} generators, {folds.count} folds")
    print("| detector or fusion | people above | generators above, mean | worst generator | made families above, mean |")
    print("| --- | ---: | ---: | --- | ---: |")
    for candidate, flags in above.items():
        rates = {str(generator): _rate(samples, flags, judged & (samples.generator == generator)) for generator in [*generators, *made]}
        recorded = [rates[name] for name in generators]
        worst = min(generators, key=lambda generator: rates[generator])
        wrong = float(balanced(samples.subject[people]) @ flags[people])
        mean_made = np.mean([rates[name] for name in made])
        print(f"| {candidate} | {wrong:.2%} | {np.mean(recorded):.2%} | {worst} {rates[worst]:.1%} | {mean_made:.2%} |")


def _rate(samples: Samples, flags: Flags, of: Flags) -> float:
    """The share of the sessions `of` (n,) one generator that is flagged, its variants weighing the same."""
    return float(balanced(samples.variant[of]) @ flags[of])


if __name__ == "__main__":
    main()
