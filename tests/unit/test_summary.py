"""What an evaluation counts, against counts by hand."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from playproof.decision.reasons import ReasonCode
from playproof.decision.verdict import Decision
from playproof.evaluation.outcomes import Outcome, family_of, generator_of, person_of, source_of
from playproof.evaluation.summary import Standing, generator_weights, summarise
from playproof.telemetry import Labels

PASS, REVIEW, FAIL = Decision.PASS, Decision.REVIEW, Decision.FAIL


def human(person: str, decision: Decision, score: float, source: str = "lab", fold: int = 0) -> Outcome:
    return Outcome(Labels("human", source, person), decision, score, score, (), fold=fold)


def bot(
    generator: str, decision: Decision, score: float | None, *, family: str = "", fold: int = 0, reasons: tuple[ReasonCode, ...] = ()
) -> Outcome:
    return Outcome(Labels("bot", "made", "", family, generator), decision, score, score, reasons, fold=fold)


PEOPLE = [human("ann", PASS, 0.1), human("ann", REVIEW, 2.2), human("bea", PASS, 0.4), human("cy", FAIL, 3.0, source="web")]
BOTS = [
    bot("alpha", FAIL, 3.1, family="alpha-os"),
    bot("alpha", PASS, 0.2, family="alpha-web"),
    bot("alpha", REVIEW, None, family="alpha-web", reasons=(ReasonCode.NO_MOVEMENT, ReasonCode.NO_MOVEMENT)),
    bot("beta", FAIL, 4.0),
]


def unseen(generator: str, family: str) -> Standing:
    return Standing.UNSEEN


def test_people_are_counted_by_source_and_bots_by_generator() -> None:
    figures = summarise([*PEOPLE, *BOTS], unseen, seed=1)
    lab, web = figures.people
    assert (lab.source, lab.people, str(lab.not_passed), str(lab.failed)) == ("lab", 2, "1/3", "0/3")
    assert (web.source, web.people, str(web.not_passed), str(web.failed)) == ("web", 1, "1/1", "1/1")
    alpha, beta = figures.generators
    assert (alpha.name, str(alpha.not_passed), str(alpha.failed)) == ("alpha", "2/3", "1/3")
    assert (beta.name, str(beta.not_passed)) == ("beta", "1/1")
    assert [row.name for row in figures.families] == ["alpha-os", "alpha-web", "beta"]
    assert lab.not_passed.bootstrap is not None
    assert alpha.not_passed.bootstrap is None


def test_the_mean_weighs_generators_alike_and_names_the_worst() -> None:
    (mean,) = summarise([*PEOPLE, *BOTS], unseen, seed=1).means
    assert mean.not_passed == pytest.approx((2 / 3 + 1.0) / 2)
    assert (mean.generators, mean.worst, str(mean.worst_not_passed)) == (2, "alpha", "2/3")
    assert mean.not_passed_interval[0] <= mean.not_passed <= mean.not_passed_interval[1]
    assert generator_weights(BOTS).tolist() == pytest.approx([1 / 3, 1 / 3, 1 / 3, 1.0])


def test_standings_are_reported_apart_and_one_seen_driver_makes_a_generator_seen() -> None:
    def standing(generator: str, family: str) -> Standing:
        return {"alpha-os": Standing.SEEN, "alpha-web": Standing.NEW_DRIVER}.get(family, Standing.UNSEEN)

    figures = summarise([*PEOPLE, *BOTS], standing, seed=1)
    assert {row.name: row.standing for row in figures.generators} == {"alpha": Standing.SEEN, "beta": Standing.UNSEEN}
    assert [row.standing for row in figures.means] == [Standing.UNSEEN, Standing.SEEN]
    assert {row.name: row.standing for row in figures.families}["alpha-web"] is Standing.NEW_DRIVER


def test_a_session_without_a_score_ranks_as_the_least_human() -> None:
    figures = summarise([human("ann", PASS, 5.0), bot("alpha", REVIEW, None)], unseen, seed=1)
    assert figures.separation is not None
    assert figures.separation.roc_auc == 1.0
    assert figures.separation.equal_error == 0.0


def test_scores_of_different_folds_are_not_compared_raw() -> None:
    apart = [human("ann", PASS, 0.5), human("bea", PASS, 1.5, fold=1), bot("alpha", PASS, 0.6), bot("beta", PASS, 1.6, fold=1)]
    separation = summarise(apart, unseen, seed=1).separation
    assert separation is not None
    assert separation.mean_roc_auc == 1.0
    assert separation.roc_auc == pytest.approx(0.75)


def test_rules_are_counted_once_a_session_and_notes_not_at_all() -> None:
    bots = [*BOTS, bot("beta", FAIL, 4.0, reasons=(ReasonCode.UNUSUAL_MOVEMENT,))]
    (rule,) = summarise([*PEOPLE, *bots], unseen, seed=1).rules
    assert (rule.code, str(rule.people)) == (ReasonCode.NO_MOVEMENT, "0/4")
    assert rule.bots == pytest.approx((1 / 3 + 0.0) / 2)


def test_people_or_bots_alone_can_be_counted() -> None:
    people = summarise(PEOPLE, unseen, seed=1)
    assert (people.generators, people.means, people.separation) == ((), (), None)
    bots = summarise(BOTS, unseen, seed=1)
    assert (bots.people, bots.separation) == ((), None)
    assert all(row.auc is None for row in bots.generators)
    assert b'"auc":null' in msgspec.json.encode(bots)


def test_the_same_seed_gives_the_same_intervals() -> None:
    outcomes = [*PEOPLE, *BOTS]
    assert msgspec.json.encode(summarise(outcomes, unseen, seed=1)) == msgspec.json.encode(summarise(outcomes, unseen, seed=1))


def test_names_fall_back_where_labels_are_bare() -> None:
    bare = Labels("human")
    assert (person_of(bare), source_of(bare), generator_of(bare), family_of(bare)) == ("unnamed/", "unnamed", "unnamed", "unnamed")
    assert person_of(Labels("human", "lab", "1")) != person_of(Labels("human", "web", "1"))
    assert generator_of(Labels("bot", "made", family="f")) == "f"
    assert family_of(Labels("bot", "made", generator="g")) == "g"


def test_scores_of_observing_strata_are_counted_but_not_compared() -> None:
    elsewhere = replace(human("dot", REVIEW, 9.0), observing=True)
    odd = replace(bot("gamma", REVIEW, 0.0), observing=True)
    figures = summarise([*PEOPLE, elsewhere, *BOTS, odd], unseen, seed=1)
    without = summarise([*PEOPLE, *BOTS], unseen, seed=1)
    assert figures.people[0].observing == 1
    assert str(figures.people[0].not_passed) == "2/4"
    assert figures.separation is not None
    assert without.separation is not None
    assert figures.separation.roc_auc == without.separation.roc_auc
    gamma = figures.generators[-1]
    assert gamma.name == "gamma"
    assert gamma.auc is None
