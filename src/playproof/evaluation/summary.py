"""The figures of an evaluation: n/N with intervals, per source of people and per bot generator."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum

import msgspec
import numpy as np

from playproof.decision.reasons import MEANINGS, ReasonCode
from playproof.decision.verdict import Decision
from playproof.evaluation.metrics import (
    Floats,
    clustered_interval,
    codes,
    det_curve,
    mean_auc,
    mean_interval,
    roc_auc,
    wilson,
)
from playproof.evaluation.outcomes import Outcome, calibrated, family_of, generator_of, person_of, source_of


class Standing(StrEnum):
    """What the judging model knew of a bot's generator."""

    HELD_OUT = "held out"
    """The refit that judged it saw no session of the generator."""
    UNSEEN = "unseen"
    """The model was fitted on no session of the generator."""
    NEW_DRIVER = "seen, new driver"
    """The model was fitted on the generator, but driven otherwise."""
    SEEN = "seen"
    """The model was fitted on this very family."""
    UNKNOWN = "not known"
    """The model does not say what it was fitted on."""


Ends = tuple[float, float]


class Count(msgspec.Struct, frozen=True, rename="camel"):
    """`hits` of `total` sessions, with 95 % intervals."""

    hits: int
    total: int
    rate: float | None
    """`None` where there are none."""
    wilson: Ends
    bootstrap: Ends | None
    """Over people; `None` for bots of one generator, which have no people to draw."""

    @property
    def share(self) -> float:
        """The rate, NaN where there are none."""
        return self.hits / self.total if self.total else float("nan")

    def __str__(self) -> str:
        return f"{self.hits}/{self.total}"


class PeopleRow(msgspec.Struct, frozen=True, rename="camel"):
    """One source of people."""

    source: str
    people: int
    observing: int
    """Sessions in strata that are not calibrated."""
    not_passed: Count
    failed: Count


class BotRow(msgspec.Struct, frozen=True, rename="camel"):
    """One bot generator, or one family of it."""

    name: str
    standing: Standing
    not_passed: Count
    failed: Count
    auc: float | None
    """ROC AUC of the sessions in calibrated strata, against the people there whom the same model judged; `None` without."""


class MeanRow(msgspec.Struct, frozen=True, rename="camel"):
    """Generators of one standing, each weighing the same."""

    standing: Standing
    generators: int
    not_passed: float
    not_passed_interval: Ends
    failed: float
    failed_interval: Ends
    worst: str
    worst_not_passed: Count


class RuleRow(msgspec.Struct, frozen=True, rename="camel"):
    """How often a rule that speaks against a pass fired."""

    code: ReasonCode
    people: Count
    bots: float | None
    """Mean over generators of the share of sessions it fired on; `None` without bots."""


class Separation(msgspec.Struct, frozen=True, rename="camel"):
    """How well the score alone ranks bots above people in calibrated strata; a session without a score ranks last."""

    people: int
    """Sessions of people compared."""
    bots: int

    roc_auc: float
    """Every session weighing the same; across folds by the calibrated score."""
    mean_roc_auc: float
    """Mean over generators."""
    mean_interval: Ends
    equal_error: float
    """Generators weighing the same, by the calibrated score."""


class Figures(msgspec.Struct, frozen=True, rename="camel"):
    """Everything counted."""

    people: tuple[PeopleRow, ...]
    generators: tuple[BotRow, ...]
    families: tuple[BotRow, ...]
    means: tuple[MeanRow, ...]
    rules: tuple[RuleRow, ...]
    separation: Separation | None
    """`None` where there are not both people and bots of calibrated strata."""


Standings = Callable[[str, str], Standing]
"""What the model knew of (generator, family)."""


def summarise(outcomes: Sequence[Outcome], standing: Standings, seed: int) -> Figures:
    """Count `outcomes`; `seed` starts the bootstrap, so the same outcomes give the same intervals."""
    rng = np.random.default_rng(seed)
    people = [outcome for outcome in outcomes if outcome.human]
    bots = [outcome for outcome in outcomes if not outcome.human]
    generators = tuple(_bot_row(name, group, people, standing) for name, group in _grouped(bots, _generator).items())
    families = tuple(_bot_row(name, group, people, standing) for name, group in _grouped(bots, _family).items())
    return Figures(
        people=tuple(_people_row(name, group, rng) for name, group in _grouped(people, _source).items()),
        generators=generators,
        families=families,
        means=tuple(_mean_rows(generators, rng)),
        rules=tuple(_rule_rows(people, bots, rng)),
        separation=_separation(calibrated(people), calibrated(bots), rng),
    )


def scores_of(outcomes: Sequence[Outcome]) -> Floats:
    """The calibrated scores (n,), plus infinity where only the rules answered."""
    return np.array([np.inf if outcome.score is None else outcome.score for outcome in outcomes], dtype=np.float64)


def generator_weights(bots: Sequence[Outcome]) -> Floats:
    """Weights (n,) under which every generator counts the same."""
    _, numbers = codes([_generator(outcome) for outcome in bots])
    weights: Floats = 1.0 / np.bincount(numbers)[numbers]
    return weights


def _source(outcome: Outcome) -> str:
    return source_of(outcome.labels)


def _generator(outcome: Outcome) -> str:
    return generator_of(outcome.labels)


def _family(outcome: Outcome) -> str:
    return family_of(outcome.labels)


def _grouped(outcomes: Sequence[Outcome], key: Callable[[Outcome], str]) -> Mapping[str, list[Outcome]]:
    groups: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        groups.setdefault(key(outcome), []).append(outcome)
    return dict(sorted(groups.items()))


def _count(flags: Sequence[bool], people: Sequence[Outcome] | None, rng: np.random.Generator) -> Count:
    """Count `flags`; `people` are the sessions they belong to, where the bootstrap is to draw people."""
    hits, total = sum(flags), len(flags)
    bootstrap = None
    if people is not None:
        _, person = codes([person_of(outcome.labels) for outcome in people])
        bootstrap = clustered_interval(np.array(flags, dtype=np.bool_), person, rng)
    return Count(hits, total, hits / total if total else None, wilson(hits, total), bootstrap)


def _people_row(name: str, group: Sequence[Outcome], rng: np.random.Generator) -> PeopleRow:
    return PeopleRow(
        source=name,
        people=len({person_of(outcome.labels) for outcome in group}),
        observing=sum(outcome.observing for outcome in group),
        not_passed=_count([not outcome.passed for outcome in group], group, rng),
        failed=_count([outcome.decision is Decision.FAIL for outcome in group], group, rng),
    )


def _bot_count(flags: Sequence[bool]) -> Count:
    hits, total = sum(flags), len(flags)
    return Count(hits, total, hits / total, wilson(hits, total), None)


def _bot_row(name: str, group: Sequence[Outcome], people: Sequence[Outcome], standing: Standings) -> BotRow:
    knowledge = {standing(_generator(outcome), _family(outcome)) for outcome in group}
    # Of a generator's drivers the best known decides: one seen driver makes the generator a seen one.
    order = [Standing.SEEN, Standing.NEW_DRIVER, Standing.HELD_OUT, Standing.UNSEEN, Standing.UNKNOWN]
    folds = {outcome.fold for outcome in group}
    judged = calibrated(group)
    ranks = _ranks([*(outcome for outcome in calibrated(people) if outcome.fold in folds), *judged])
    met = len(ranks) - len(judged)
    return BotRow(
        name=name,
        standing=min(knowledge, key=order.index),
        not_passed=_bot_count([not outcome.passed for outcome in group]),
        failed=_bot_count([outcome.decision is Decision.FAIL for outcome in group]),
        auc=roc_auc(ranks[:met], ranks[met:]) if met and judged else None,
    )


def _mean_rows(rows: Sequence[BotRow], rng: np.random.Generator) -> list[MeanRow]:
    found = []
    for standing in Standing:
        group = [row for row in rows if row.standing is standing]
        if not group:
            continue
        not_passed = np.array([row.not_passed.share for row in group])
        failed = np.array([row.failed.share for row in group])
        worst = min(group, key=lambda row: (row.not_passed.share, row.name))
        found.append(
            MeanRow(
                standing=standing,
                generators=len(group),
                not_passed=float(not_passed.mean()),
                not_passed_interval=mean_interval(not_passed, rng),
                failed=float(failed.mean()),
                failed_interval=mean_interval(failed, rng),
                worst=worst.name,
                worst_not_passed=worst.not_passed,
            )
        )
    return found


def _rule_rows(people: Sequence[Outcome], bots: Sequence[Outcome], rng: np.random.Generator) -> list[RuleRow]:
    weights = generator_weights(bots) if bots else np.zeros(0)
    found = []
    for code in ReasonCode:
        if MEANINGS[code].effect == "note":
            continue
        fired = np.array([code in outcome.reasons for outcome in bots], dtype=np.float64)
        share = float(fired @ weights / weights.sum()) if bots else None
        found.append(RuleRow(code, _count([code in outcome.reasons for outcome in people], people, rng), share))
    return [row for row in found if row.people.hits or row.bots]


def _ranks(outcomes: Sequence[Outcome]) -> Floats:
    """Ranks (n,) by score, then by the raw score where the calibrated one no longer tells sessions apart."""
    scores = scores_of(outcomes)
    raw = np.array([np.inf if outcome.raw is None else outcome.raw for outcome in outcomes], dtype=np.float64)
    if not outcomes:
        return np.zeros(0)
    _, ranks = np.unique(np.stack([scores, raw], axis=1), axis=0, return_inverse=True)
    return ranks.reshape(-1).astype(np.float64)


def _separation(people: Sequence[Outcome], bots: Sequence[Outcome], rng: np.random.Generator) -> Separation | None:
    if not (people and bots):
        return None
    human_scores, bot_scores = scores_of(people), scores_of(bots)
    ranks = _ranks([*people, *bots])
    persons, person = codes([person_of(outcome.labels) for outcome in people])
    generators, generator = codes([_generator(outcome) for outcome in bots])
    # A person, and a generator, lies wholly in one fold; raw scores of different folds do not compare.
    person_fold, generator_fold = np.zeros(len(persons)), np.zeros(len(generators))
    person_fold[person] = [outcome.fold for outcome in people]
    generator_fold[generator] = [outcome.fold for outcome in bots]
    same = person_fold[:, None] == generator_fold[None, :]
    mean, interval = mean_auc(ranks[: len(people)], person, ranks[len(people) :], generator, rng, same)
    return Separation(
        people=len(people),
        bots=len(bots),
        roc_auc=roc_auc(human_scores, bot_scores),
        mean_roc_auc=mean,
        mean_interval=interval,
        equal_error=det_curve(human_scores, bot_scores, generator_weights(bots)).equal_error(),
    )
