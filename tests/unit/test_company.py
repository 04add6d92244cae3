"""Who may keep new rows company, and who does."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playproof.dataset import Channel, choose, eligible
from playproof.decision import Decision
from playproof.decision.reasons import ReasonCode

NUMBERED = st.lists(st.sampled_from("abcdefghijklmnopqrstuvwxyz"), max_size=300).map(lambda origins: list(enumerate(origins, 1000)))


@given(reference=st.integers(0, 300), newest=NUMBERED, size=st.integers(0, 200))
def test_company_is_half_reference_and_no_origin_fills_it(reference: int, newest: list[tuple[int, str]], size: int) -> None:
    company = choose(range(reference), newest, size)
    assert len(company.reference) + len(company.newest) <= size
    assert len(company.newest) <= size // 2
    assert company.reference == tuple(range(min(reference, size - len(company.newest))))
    origin = dict(newest)
    most = Counter(origin[number] for number in company.newest)
    assert all(count <= max(1, size * 0.05) for count in most.values())
    assert list(company.newest) == sorted(company.newest, key=[number for number, _ in newest].index)
    if len(company.newest) < size // 2:
        left = {origin[number] for number in origin.keys() - set(company.newest)}
        assert all(most[one] == max(1, int(size * 0.05)) for one in left), "a place stayed empty that somebody could have had"


def test_a_flood_gets_no_more_than_its_share() -> None:
    flood = [(number, "flood") for number in range(5000, 1000, -1)]
    company = choose(range(100), [*flood, (7, "site"), (6, "site")], 100)
    assert company.newest == (5000, 4999, 4998, 4997, 4996, 7, 6)
    assert len(company.reference) == 93


@pytest.mark.parametrize("channel", Channel)
def test_served_sessions_alone_are_eligible(channel: Channel) -> None:
    assert eligible(channel, Decision.PASS, []) is (channel in {Channel.API, Channel.CHALLENGE})


@pytest.mark.parametrize(
    ("decision", "reasons", "expected"),
    [
        (Decision.REVIEW, [ReasonCode.UNUSUAL_MOVEMENT], True),
        (Decision.REVIEW, [ReasonCode.LATE_EVENTS], True),
        (Decision.FAIL, [], False),
        (Decision.PASS, [ReasonCode.REPLAYED_MOVEMENT], False),
        (Decision.PASS, [ReasonCode.PROTOCOL_VIOLATION], False),
        (Decision.PASS, [ReasonCode.CAMPAIGN], False),
        (Decision.REVIEW, [ReasonCode.INSUFFICIENT_EVIDENCE], False),
        (Decision.REVIEW, ["no_movement"], False),
        (Decision.PASS, [ReasonCode.KEYBOARD_NOT_SCORED], False),
    ],
)
def test_short_replayed_and_failed_rows_are_not_eligible(decision: Decision, reasons: list[str], expected: bool) -> None:
    assert eligible(Channel.CHALLENGE, decision, reasons) is expected
