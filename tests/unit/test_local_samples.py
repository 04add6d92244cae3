"""Samples: who weighs what, and what leaves with whom."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from playproof.scoring.local import samples as module
from playproof.scoring.local.made import FAMILIES
from playproof.scoring.local.samples import AND, Samples, balanced, gather
from playproof.telemetry import Labels
from playproof.testing import bot_session, human_session


@pytest.fixture(scope="module")
def samples() -> Samples:
    """Three people, two generators, and what is derived from them."""
    rng = np.random.default_rng(1)
    people = [(human_session(rng), Labels("human", "lab", f"p{i % 3}")) for i in range(6)]
    bots = [
        (bot_session(rng, kind=kind), Labels("bot", "lab", family=kind, generator=kind)) for kind in ("linear", "bezier") for _ in range(2)
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MADE_EACH", 1)
        patch.setattr(module, "MORPHED_EACH", 6)
        patch.setattr(module, "BOTS_EXCERPTED", 0.0)
        return gather(*map(list, zip(*people, *bots, strict=True)), seed=3)


def test_groups_weigh_alike_and_share_within() -> None:
    weight = balanced(np.array(["a", "a", "a", "b"]), np.array(["x", "x", "y", "x"]))
    assert weight == pytest.approx([0.125, 0.125, 0.25, 0.5])
    assert balanced(np.array(["a", "b", "b"])) == pytest.approx([0.5, 0.25, 0.25])


def test_what_is_derived_stands_behind_what_was_recorded(samples: Samples) -> None:
    assert samples.recorded.tolist() == [True] * 10 + [False] * (len(samples) - 10)
    kinds = Counter(str(name).partition("-")[0] for name in samples.generator[~samples.recorded])
    assert kinds["made"] == len(FAMILIES)
    assert kinds["morph"] > 0
    # Every person's session as other recorders would have it, whole and in part.
    assert 6 * module.RERECORDED < kinds[""] <= 6 * (module.RERECORDED + module.EXCERPTED)


def test_a_person_leaves_with_everything_made_of_their_movement(samples: Samples) -> None:
    without = samples.without(subjects=["p1"])
    theirs = ["p1" in subject.split(AND) for subject in samples.subject.tolist()]
    assert not any("p1" in subject.split(AND) for subject in without.subject.tolist())
    assert len(samples) - len(without) == sum(theirs) > int((samples.subject == "p1").sum()) > 4
    assert set(without.generator) >= {"linear", "bezier"}


def test_a_generator_leaves_alone(samples: Samples) -> None:
    without = samples.without(generators=["linear"])
    assert "linear" not in without.generator
    assert len(samples) - len(without) == 2


def test_the_same_seed_gathers_the_same_rows() -> None:
    rng = np.random.default_rng(4)
    sessions, labels = [human_session(rng)], [Labels("human", "lab", "p")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MADE_EACH", 1)
        one, two, other = (gather(sessions, labels, seed=seed) for seed in (1, 1, 2))
    assert one.rows.tobytes() == two.rows.tobytes() != other.rows.tobytes()


def test_parts_of_bots_belong_to_their_generator_and_are_not_recorded() -> None:
    rng = np.random.default_rng(5)
    sessions = [bot_session(rng, kind="bezier") for _ in range(4)]
    labels = [Labels("bot", "lab", family="bezier", generator="bezier")] * 4
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MADE_EACH", 0)
        patch.setattr(module, "BOTS_EXCERPTED", 1.0)
        gathered = gather(sessions, labels, seed=1)
    assert gathered.generator.tolist() == ["bezier"] * 8
    assert gathered.recorded.tolist() == [True] * 4 + [False] * 4


def test_what_says_too_little_to_pass_is_not_fitted_on_either() -> None:
    rng = np.random.default_rng(6)
    whole = human_session(rng)
    on_the_spot = replace(whole, x=500.0 + whole.x % 7.0, y=400.0 + whole.y % 7.0)
    gathered = gather([whole, on_the_spot], [Labels("human", "lab", "p")] * 2, seed=1, derive=False)
    assert gathered.enough.tolist() == [True, False]
