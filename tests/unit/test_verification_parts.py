"""Parts of verification that need no store: addresses, tolls, findings."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import os
from typing import Any

import msgspec
import numpy as np
import pytest

from playproof.challenges import telemetry
from playproof.challenges.contract import Violation
from playproof.challenges.replay import Match
from playproof.decision.reasons import ReasonCode
from playproof.store import Rate
from playproof.testing import keys_play, person_plays
from playproof.verification.address import address_hash
from playproof.verification.findings import findings, toll_findings
from playproof.verification.rates import MOST_REACHED, Reached
from playproof.verification.signing import Signing
from playproof.verification.toll import LONGEST_PAYLOAD, Toll, paid, toll

KEY = bytes(range(32))
WORK = 50


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("fe80::1%eth0", "fe80::2", True),
        ("not an address", None, True),
        (None, "192.0.2.1", False),
    ],
)
def test_an_address_stands_for_its_prefix(one: str | None, other: str | None, same: bool) -> None:
    assert (address_hash(KEY, one) == address_hash(KEY, other)) is same
    assert address_hash(KEY, one) != address_hash(KEY[::-1], one)


def solved(made: Toll, **changed: Any) -> str:
    number = next(
        number
        for number in range(made.maxnumber + 1)
        if hashlib.sha256(f"{made.salt}{number}".encode()).hexdigest() == made.challenge
    )  # fmt: skip
    said = {"algorithm": made.algorithm, "challenge": made.challenge, "number": number, "salt": made.salt, "signature": made.signature}
    return base64.b64encode(json.dumps({**said, **changed}).encode()).decode()


def test_a_toll_is_paid_by_its_number_for_its_challenge_alone() -> None:
    made = toll("ch_1", "keyboard", WORK, "key", os.urandom)
    payload = solved(made)
    assert paid(payload, "ch_1", "keyboard", WORK, "key")
    assert paid(payload, "ch_1", "keyboard", WORK - 1, "key")
    assert not paid(payload, "ch_2", "keyboard", WORK, "key")
    assert not paid(payload, "ch_1", "keyboard", WORK + 1, "key"), "it asked for less work"
    assert not paid(payload, "ch_1", "keyboard", WORK, "another key")
    assert not paid(payload, "ch_1", "touch", WORK, "key"), "each way has a toll of its own"


@pytest.mark.parametrize(
    "changed",
    [
        {"number": -1},
        {"signature": "0" * 64},
        {"algorithm": "SHA-1"},
        {"salt": "00?for=ch_1&work=50&"},
        {"number": "7"},
        {"challenge": None},
    ],
)
def test_what_is_no_solution_pays_nothing(changed: dict[str, Any]) -> None:
    made = toll("ch_1", "keyboard", WORK, "key", os.urandom)
    assert not paid(solved(made, **changed), "ch_1", "keyboard", WORK, "key")


@pytest.mark.parametrize("payload", [None, "", "%%%", "e30=", base64.b64encode(b"\xff\xfe").decode(), "A" * (LONGEST_PAYLOAD + 1)])
def test_what_is_no_payload_pays_nothing(payload: str | None) -> None:
    assert not paid(payload, "ch_1", "keyboard", WORK, "key")


def test_a_spliced_salt_pays_nothing() -> None:
    """The salt's own parameters are signed with it, so none can be added or repeated."""
    made = toll("ch_1", "keyboard", WORK, "key", os.urandom)
    for salt in (made.salt + "for=ch_2&", made.salt.replace("for=ch_1", "for=ch_2"), made.salt[:-1]):
        assert not paid(solved(made, salt=salt), "ch_2", "keyboard", WORK, "key")


def test_a_person_leaves_no_finding() -> None:
    played = person_plays("bubble-pop", np.random.default_rng(1))
    session, _ = telemetry(played.state, played.batches)
    assert findings(played.outcome, session, None, paid=False) == []


def test_every_finding_has_its_reason() -> None:
    played = keys_play("osu", np.random.default_rng(1))
    session, _ = telemetry(played.state, played.batches)

    outcome = msgspec.structs.replace(
        played.outcome, completed=False, expired=True, prompt=False, untrusted=2, violations={Violation.OUTSIDE: 3}
    )
    found = findings(outcome, session, Match(7, 40.0, 1.0), paid=True)
    assert [hit.code for hit in found] == [
        ReasonCode.PROTOCOL_VIOLATION,
        ReasonCode.REPLAYED_MOVEMENT,
        ReasonCode.CHALLENGE_INCOMPLETE,
        ReasonCode.UNTRUSTED_EVENTS,
        ReasonCode.LATE_EVENTS,
        ReasonCode.ACCESSIBLE_WAY,
    ]
    assert "outside 3x" in found[0].detail
    assert findings(outcome, session, None, paid=False)[-1].code == ReasonCode.TOLL_MISSING


def test_what_cannot_be_looked_up_whole_is_reviewed() -> None:
    played = person_plays("bubble-pop", np.random.default_rng(1))
    session, _ = telemetry(played.state, played.batches)
    again = session.t[-1] + 200.0
    long = dataclasses.replace(
        session,
        t=np.concatenate([session.t + number * again for number in range(25)]),
        x=np.tile(session.x, 25),
        y=np.tile(session.y, 25),
        trusted=None,
    )
    assert [hit.code for hit in findings(played.outcome, long, None, paid=False)] == [ReasonCode.BEYOND_LOOKUP]


def test_who_plays_by_keys_and_misses_more_than_is_hit_guesses() -> None:
    played = keys_play("bubble-pop", np.random.default_rng(1))
    session, _ = telemetry(played.state, played.batches)
    for misses, guessed in ((played.outcome.hits, False), (played.outcome.hits + 1, True)):
        outcome = msgspec.structs.replace(played.outcome, misses=misses)
        assert (ReasonCode.GUESSED in [hit.code for hit in findings(outcome, session, None, paid=True)]) is guessed


def test_a_toll_instead_of_a_game_is_paid_or_nothing() -> None:
    assert [hit.code for hit in toll_findings(paid=True)] == [ReasonCode.ACCESSIBLE_WAY]
    assert [hit.code for hit in toll_findings(paid=False)] == [ReasonCode.CHALLENGE_INCOMPLETE]


def test_each_purpose_has_a_key_of_its_own() -> None:
    signing = Signing([("a", KEY), ("b", KEY[::-1])])
    keys = {signing.token_key("a"), bytes.fromhex(signing.toll_key("a")), signing.address_key, signing.receipts.get("a"), KEY}
    assert len(keys) == 5
    assert signing.accepted == ("a", "b")
    with pytest.raises(KeyError):
        signing.token_key("c")
    with pytest.raises(ValueError, match="no signing key"):
        Signing([])


def test_a_rate_that_is_reached_is_so_until_its_window_is_over() -> None:
    reached = Reached()
    one, other = Rate(b"one", 60_000, 3), Rate(b"other", 600_000, 3)
    reached.add(one, 61_000)
    assert reached.among([other, one], 61_000) == one
    assert reached.among([other, one], 119_999) == one
    assert reached.among([other, one], 120_000) is None
    assert reached.among([other], 61_000) is None


def test_no_more_reached_rates_are_remembered_than_there_is_room_for() -> None:
    reached = Reached()
    rates = [Rate(b"%d" % number, 60_000, 3) for number in range(MOST_REACHED + 1)]
    for rate in rates:
        reached.add(rate, 0)
    assert reached.among(rates[:-1], 0) is None
    assert reached.among(rates, 0) == rates[-1]
