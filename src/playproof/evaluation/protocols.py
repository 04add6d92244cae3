"""The two ways to judge a model: as it ships, and refitted without what it judges."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from playproof.decision import Judge
from playproof.errors import EvaluationRefused
from playproof.evaluation.corpora import Corpus, Progress, Record, silent
from playproof.evaluation.outcomes import HUMAN, Outcome, generator_of, outcome_of, person_of, source_of
from playproof.evaluation.provenance import Provenance, overlap
from playproof.scoring.base import Scorer
from playproof.scoring.strata import stratum_of
from playproof.telemetry import Labels

if TYPE_CHECKING:
    from playproof.scoring.local.samples import Samples

Ints = NDArray[np.int64]
JudgeOf = Callable[[Scorer], Judge]
"""The judge that decides with a model, under the operator's thresholds."""


class Fit(Protocol):
    """Fits a model, calibration included."""

    def __call__(self, samples: Samples, *, seed: int, progress: Progress) -> Scorer:
        """The model; the same samples and seed give the same one."""
        ...


@dataclass(frozen=True, slots=True)
class Folds:
    """Who is held out when."""

    people: dict[str, int]
    generators: dict[str, int]
    count: int

    def of(self, labels: Labels) -> int:
        """The one fold that holds out the sessions of this person or generator."""
        return self.people[person_of(labels)] if labels.label == HUMAN else self.generators[generator_of(labels)]


def split(records: Sequence[Record], count: int, seed: int) -> Folds:
    """Put every person and every generator into exactly one of `count` folds.

    People are spread by source, so that every fold holds out some of each source that has enough, and the folds come out
    about even in sessions. Raises `EvaluationRefused` where there are fewer people or generators than folds.
    """
    people: dict[str, dict[str, int]] = {}
    generators: dict[str, int] = {}
    for record in records:
        labels = record.labels
        group, name = (
            (people.setdefault(source_of(labels), {}), person_of(labels)) if labels.label == HUMAN else (generators, generator_of(labels))
        )
        group[name] = group.get(name, 0) + 1
    for what, number in (("people", sum(map(len, people.values()))), ("bot generators", len(generators))):
        if number < count:
            raise EvaluationRefused(f"{count} folds need at least {count} {what}, and the files hold {number}; try --folds, or more files")
    rng = np.random.default_rng(seed)
    placed: dict[str, int] = {}
    load = np.zeros(count)
    for source in sorted(people, key=lambda name: (-len(people[name]), name)):
        placed |= _spread(people[source], load, rng)
    return Folds(placed, _spread(generators, np.zeros(count), rng), count)


def _spread(sizes: dict[str, int], load: NDArray[np.float64], rng: np.random.Generator) -> dict[str, int]:
    """Deal names over the folds in rounds, each round to the emptier folds first; adds their sizes to `load` (folds,)."""
    names = sorted(sizes)
    shuffled = [names[index] for index in rng.permutation(len(names))]
    shuffled.sort(key=lambda name: -sizes[name])  # the large first, so that the small can even them out
    placed: dict[str, int] = {}
    for start in range(0, len(shuffled), load.size):
        order = np.argsort(load, kind="stable")
        for name, fold in zip(shuffled[start : start + load.size], order, strict=False):
            placed[name] = int(fold)
            load[fold] += sizes[name]
    return placed


def judge_all(records: Sequence[Record], judge: Judge, progress: Progress = silent, fold: int = 0) -> list[Outcome]:
    """Judge every session as the service would: labels, sources and ids stay out of it."""
    outcomes = []
    for index, record in enumerate(records):
        session = record.session
        stratum = stratum_of(session.game_type, session.device_type, judge.chain.model.calibrators)
        verdict = judge.judge(session, str(index)).verdict
        outcomes.append(outcome_of(record.labels, verdict, observing=not stratum.calibrated, fold=fold))
        if index % 200 == 0:
            progress("judging", index / len(records))
    progress("judging", 1.0)
    return outcomes


def judge_held_out(corpus: Corpus, folds: Folds, fit: Fit, judge_of: JudgeOf, *, seed: int, progress: Progress = silent) -> list[Outcome]:
    """Judge every session with a model refitted, and recalibrated, without its person or its generator; in corpus order."""
    samples = gather_samples(corpus.records, seed)
    place = np.array([folds.of(record.labels) for record in corpus.records], dtype=np.int64)
    outcomes: dict[int, Outcome] = {}
    for fold in range(folds.count):
        kept = samples.without(
            subjects=[name for name, held in folds.people.items() if held == fold],
            generators=[name for name, held in folds.generators.items() if held == fold],
        )

        def part(what: str, share: float, fold: int = fold) -> None:
            progress(f"fold {fold + 1} of {folds.count}: {what}", (fold + share) / folds.count)

        judge = judge_of(fit(kept, seed=seed, progress=part))
        held = np.flatnonzero(place == fold)
        for index, outcome in zip(held, judge_all([corpus.records[i] for i in held], judge, fold=fold), strict=True):
            outcomes[int(index)] = outcome
    progress("done", 1.0)
    return [outcomes[index] for index in range(len(corpus.records))]


def gather_samples(records: Sequence[Record], seed: int) -> Samples:
    """Catalogue rows of `records` with what they may be split by, under names that are unique across sources."""
    from playproof.scoring.local.samples import gather

    return gather([record.session for record in records], [_named(record.labels) for record in records], seed=seed)


def _named(labels: Labels) -> Labels:
    """`labels` with names that are unique across sources, and never empty."""
    if labels.label == HUMAN:
        return replace(labels, subject=person_of(labels))
    return replace(labels, generator=generator_of(labels))


def refuse_fitted(corpus: Corpus, fitted: Provenance | None) -> None:
    """Raise `EvaluationRefused` where the model was fitted on any of `corpus`."""
    if fitted is None:
        raise EvaluationRefused(
            "the model does not say what it was fitted on, so nobody can tell whether it has seen these files; "
            "--in-sample judges them all the same"
        )
    shared = overlap(corpus, fitted)
    if shared:
        raise EvaluationRefused(
            f"the model was fitted on {shared}: the figures would flatter. --protocol grouped refits without what it judges; "
            "--in-sample judges them all the same, and says so"
        )
