"""Campaigns are found in the live dataset, counted, and known again in whoever comes next."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from playproof.challenges import telemetry
from playproof.challenges.campaign import Nearness
from playproof.dataset import Channel
from playproof.evaluation import warps
from playproof.features import extract
from playproof.observe.metrics import Metrics
from playproof.service import Service, build_judge
from playproof.settings import Settings
from playproof.store import open_store
from playproof.telemetry import Session
from playproof.testing import FakeClock, human_session, person_plays
from playproof.verification.campaigns import Campaigns
from tests.serving import sample

DATASET = "movement_live_inference"
STRATUM = "targets/mouse"


def crowd(count: int) -> list[Session]:
    return [human_session(np.random.default_rng([4, number])) for number in range(count)]


def copies(count: int) -> list[Session]:
    """One play, sent again and again, each time aimed anew and a little noisy."""
    rng = np.random.default_rng(5)
    original = human_session(np.random.default_rng(99))
    return [warps.jittered(warps.reaimed(original, rng), 0.5, 0.5, rng) for _ in range(count)]


def looked_at(folder: Path, sessions: list[Session]) -> tuple[Campaigns, Metrics]:
    """What is found once these sessions were served."""
    clock, metrics = FakeClock(), Metrics()
    store = open_store(folder, clock=clock)
    service = Service(build_judge(Settings(), clock=clock), store, clock=clock)
    for session in sessions:
        service.submit(session, channel=Channel.API).outcome.result()
    found = Campaigns(store, DATASET, metrics)
    found.look()
    store.close()
    return found, metrics


def test_people_are_no_campaign(tmp_path: Path) -> None:
    found, metrics = looked_at(tmp_path, crowd(60))
    assert sample(metrics, "playproof_campaigns") == 0
    assert found.joined(STRATUM, partial(extract, human_session(np.random.default_rng(1000)))) is None


def test_copies_of_one_play_are_one_and_the_next_of_them_is_known(tmp_path: Path) -> None:
    sent = copies(21)
    found, metrics = looked_at(tmp_path, crowd(40) + sent[:20])
    assert sample(metrics, "playproof_campaigns") == 1
    members = sample(metrics, "playproof_campaign_sessions")
    assert 10 <= members <= 22
    campaign = found.joined(STRATUM, partial(extract, sent[20]))
    assert campaign is not None
    assert (len(campaign.members), campaign.window) == (members, 60)
    assert found.joined("osu/mouse", partial(extract, sent[20])) is None, "of another stratum"
    strangers = [human_session(np.random.default_rng([6, number])) for number in range(40)]
    assert [found.joined(STRATUM, partial(extract, stranger)) for stranger in strangers] == [None] * 40


def test_nothing_is_found_where_there_is_nothing(tmp_path: Path) -> None:
    _, metrics = looked_at(tmp_path, [])
    assert sample(metrics, "playproof_campaigns") == 0


def test_what_ships_is_what_people_are_like() -> None:
    nearness = Nearness.of_people()
    assert Nearness.of_people().encoded() == nearness.encoded()
    assert np.isfinite(nearness.middle).sum() > 10
    assert (np.diff(nearness.distances) >= 0).all()
    played = person_plays("bubble-pop", np.random.default_rng(1))
    assert len(extract(*telemetry(played.state, played.batches))) > len(nearness.middle)
