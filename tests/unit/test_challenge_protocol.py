"""The protocol of a challenge: receipts, refusals, what is revealed when, and that an attempt is one attempt."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import numpy as np
import pytest

from playproof.challenges import GAMES, Answer, Batch, Event, KeyRing, Outcome, Refusal, Refused, State, View, accept, finish, issue
from playproof.challenges.challenge import LIFETIME_MS, MOST_BATCHES
from playproof.challenges.events import Kind
from playproof.challenges.receipts import Link, first_link, forgery, receipt
from playproof.testing.players import person_plays
from playproof.testing.visitor import TEST_KEYS, Played

NOW = 1_790_000_000_000


@pytest.fixture(scope="module")
def play() -> Played:
    return person_plays("bubble-pop", np.random.default_rng(5))


def issued(seed: int = 1, keys: KeyRing = TEST_KEYS) -> tuple[State, View]:
    return issue("bubble-pop", challenge_id=f"ch_{seed}", random=np.random.default_rng(seed).bytes, keys=keys, now=NOW)


def ticked(sequence: int, given: str, t: float = 100.0) -> Batch:
    return Batch(sequence=sequence, receipt=given, events=(Event(t, 0.0, 0.0, Kind.TICK),))


def reason(state: State, batch: Batch, *, keys: KeyRing = TEST_KEYS, now: int = NOW + 200) -> Refusal:
    after, answer = accept(state, batch, keys=keys, now=now)
    assert after is state, "what is refused changes nothing"
    assert isinstance(answer, Refused)
    return answer.reason


def test_a_browser_is_told_of_one_target_at_a_time(play: Played) -> None:
    seen = [0]
    for sent in play.sent:
        hits, told = len(sent.before.play.hits), sent.answer.reveal
        if told is not None and told.step != seen[-1]:
            assert told.step == seen[-1] + 1 == hits + 1, "the next target comes with the answer to the hit, and not before"
            seen.append(told.step)
    assert seen == list(range(7))
    assert play.sent[-1].answer.reveal is None


def test_what_a_browser_gets_holds_no_secret(play: Played) -> None:
    state, view = issued()
    bodies = [msgspec.json.encode(view), *(msgspec.json.encode(sent.answer) for sent in play.sent)]
    for secret in (state.secret, play.state.secret):
        assert not any(secret in body or secret.hex().encode() in body for body in bodies)
    assert set(msgspec.json.decode(bodies[0])) == {"id", "game", "width", "height", "expiresIn", "parameters", "reveal", "receipt"}


def test_the_state_survives_as_bytes(play: Played) -> None:
    for sent in play.sent:
        kept = msgspec.msgpack.decode(msgspec.msgpack.encode(sent.before), type=State)
        assert kept == sent.before
        assert accept(kept, sent.batch, keys=TEST_KEYS, now=sent.arrived)[1] == sent.answer
        assert len(msgspec.msgpack.encode(sent.before)) < 2_000, "it does not grow with the events"


def test_a_batch_survives_as_json(play: Played) -> None:
    assert [msgspec.json.decode(msgspec.json.encode(batch), type=Batch) for batch in play.batches] == play.batches


@pytest.mark.parametrize(
    "events",
    [
        "[]",
        "[[0,0,0,7]" + ",[0,0,0,7]" * 32 + "]",
        "[[-1,0,0,7]]",
        "[[1e9,0,0,7]]",
        "[[0,1e6,0,0]]",
        "[[0,0,0,9]]",
        "[[0,0,0,7,512]]",
        "[[0,0,0]]",
        "[[0,0,0,0,0,0]]",
        '[[0,"0",0,0]]',
    ],
)
def test_what_is_no_batch_is_not_decoded(events: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(f'{{"sequence":1,"receipt":"","events":{events}}}', type=Batch)


def test_a_dropped_batch_is_missed(play: Played) -> None:
    assert reason(play.sent[3].before, play.batches[4]) is Refusal.MISSING


def test_batches_in_another_order_are_refused(play: Played) -> None:
    assert reason(play.sent[5].before, play.batches[2]) is Refusal.REORDERED
    assert reason(play.sent[5].before, msgspec.structs.replace(play.batches[5], sequence=5)) is Refusal.REORDERED


def test_a_batch_that_comes_twice_counts_once_and_is_answered_again(play: Played) -> None:
    for sent, after in zip(play.sent, play.sent[1:], strict=False):
        state, again = accept(after.before, sent.batch, keys=TEST_KEYS, now=sent.arrived + 90)
        assert state is after.before
        assert again == Refused(Refusal.DUPLICATE, sent.answer)
    altered = msgspec.structs.replace(play.batches[4], events=play.batches[4].events[:-1])
    assert reason(play.sent[5].before, altered) is Refusal.REORDERED, "only the very same batch is answered again"


def test_two_challenges_cannot_be_spliced(play: Played) -> None:
    other = person_plays("bubble-pop", np.random.default_rng(6))
    for sent in play.sent[:-1]:
        given = other.batches[sent.batch.sequence - 1].receipt
        assert reason(sent.before, msgspec.structs.replace(sent.batch, receipt=given)) is Refusal.BAD_RECEIPT


def test_a_receipt_of_another_place_in_the_chain_is_refused(play: Played) -> None:
    assert reason(play.sent[4].before, msgspec.structs.replace(play.batches[4], receipt=play.batches[3].receipt)) is Refusal.BAD_RECEIPT


@pytest.mark.parametrize(
    ("forge", "expected"),
    [
        (lambda given: given[:-1] + ("A" if given[-1] != "A" else "B"), Refusal.BAD_RECEIPT),
        (lambda given: given + "A", Refusal.BAD_RECEIPT),
        (lambda given: given.partition(".")[0], Refusal.BAD_RECEIPT),
        (lambda given: "test.é" + "A" * 42, Refusal.BAD_RECEIPT),
        (lambda given: "", Refusal.FOREIGN_KEY),
        (lambda given: "other" + given.partition(".")[2], Refusal.FOREIGN_KEY),
        (lambda given: "other." + given.partition(".")[2], Refusal.FOREIGN_KEY),
    ],
)
def test_a_forged_receipt_is_refused(play: Played, forge: Callable[[str], str], expected: Refusal) -> None:
    batch = play.batches[2]
    assert reason(play.sent[2].before, msgspec.structs.replace(batch, receipt=forge(batch.receipt))) is expected


def test_a_key_that_is_not_ours_signs_nothing() -> None:
    foreign = KeyRing({"test": bytes(32)}, "test")
    state, view = issued()
    assert reason(state, ticked(1, issued(keys=foreign)[1].receipt)) is Refusal.BAD_RECEIPT
    assert isinstance(accept(state, ticked(1, view.receipt), keys=TEST_KEYS, now=NOW + 200)[1], Answer)


def test_keys_change_while_a_game_is_played() -> None:
    old, new = bytes(32), bytes(range(32))
    both, only_new = KeyRing({"1": old, "2": new}, "2"), KeyRing({"2": new}, "2")
    state, view = issued(keys=KeyRing({"1": old}, "1"))
    assert reason(state, ticked(1, view.receipt), keys=only_new) is Refusal.FOREIGN_KEY
    state, answer = accept(state, ticked(1, view.receipt), keys=both, now=NOW + 200)
    assert isinstance(answer, Answer)
    assert answer.receipt.startswith("2.")
    assert isinstance(accept(state, ticked(2, answer.receipt), keys=only_new, now=NOW + 300)[1], Answer)


@pytest.mark.parametrize(
    ("keys", "current"), [({"a": bytes(32)}, "b"), ({"a": bytes(31)}, "a"), ({"a.b": bytes(32)}, "a.b"), ({"": bytes(32)}, "")]
)
def test_a_ring_of_unsafe_keys_is_refused(keys: dict[str, bytes], current: str) -> None:
    with pytest.raises(ValueError, match="key"):
        KeyRing(keys, current)


def test_a_receipt_vouches_for_each_of_its_parts() -> None:
    link = first_link(NOW)
    given = receipt(TEST_KEYS, "ch_1", link)
    assert forgery(TEST_KEYS, "ch_1", link, given) is None
    others = [Link(1, link.digest, "", NOW), Link(0, bytes(32), "", NOW), Link(0, link.digest, "x", NOW), Link(0, link.digest, "", NOW + 1)]
    assert all(forgery(TEST_KEYS, "ch_1", other, given) for other in others)
    assert forgery(TEST_KEYS, "ch_2", link, given)


def test_nothing_is_taken_after_the_time_is_over() -> None:
    state, view = issued()
    assert isinstance(accept(state, ticked(1, view.receipt), keys=TEST_KEYS, now=NOW + LIFETIME_MS)[1], Answer)
    assert reason(state, ticked(1, view.receipt), now=NOW + LIFETIME_MS + 1) is Refusal.EXPIRED


def test_no_play_needs_more_than_so_many_batches() -> None:
    state, _ = issued()
    state = msgspec.structs.replace(state, link=Link(MOST_BATCHES, bytes(32), "", NOW))
    assert reason(state, ticked(MOST_BATCHES + 1, receipt(TEST_KEYS, state.id, state.link))) is Refusal.TOO_MANY


def test_a_finish_closes_for_good_whatever_came_of_it(play: Played) -> None:
    state, view = issued()
    closed, outcome = finish(state, receipt=view.receipt, keys=TEST_KEYS, now=NOW + 50)
    assert isinstance(outcome, Outcome)
    assert (outcome.completed, outcome.hits, outcome.device, outcome.hit_ms, outcome.play_ms) == (False, 0, "unknown", (), 0.0)
    assert reason(closed, ticked(1, view.receipt)) is Refusal.CLOSED
    assert finish(closed, receipt=view.receipt, keys=TEST_KEYS, now=NOW + 60) == (closed, Refused(Refusal.CLOSED))
    assert finish(play.state, receipt="", keys=TEST_KEYS, now=NOW)[1] == Refused(Refusal.CLOSED)


def test_only_who_has_the_latest_receipt_finishes(play: Played) -> None:
    state = play.sent[4].before
    assert finish(state, receipt=play.batches[3].receipt, keys=TEST_KEYS, now=NOW) == (state, Refused(Refusal.BAD_RECEIPT))
    after, outcome = finish(state, receipt=play.batches[4].receipt, keys=TEST_KEYS, now=NOW)
    assert isinstance(outcome, Outcome)
    assert after.closed_at == NOW


def test_a_play_that_is_finished_too_late_is_not_completed(play: Played) -> None:
    state = msgspec.structs.replace(play.state, closed_at=None)
    _, outcome = finish(state, receipt=receipt(TEST_KEYS, state.id, state.link), keys=TEST_KEYS, now=state.expires_at + 1)
    assert isinstance(outcome, Outcome)
    assert (outcome.completed, outcome.expired, outcome.hits) == (False, True, 7)


def test_an_outcome_tells_what_was_done_and_when(play: Played) -> None:
    outcome = play.outcome
    assert (outcome.game, outcome.completed, outcome.targets, outcome.hits) == ("bubble-pop", True, 7, 7)
    assert len(outcome.hit_ms) == 7
    assert all(300.0 < wait < 3_000.0 for wait in outcome.hit_ms)
    assert sum(outcome.hit_ms) < outcome.play_ms < sum(outcome.hit_ms) + 7 * 300.0
    assert outcome.events == sum(len(batch.events) for batch in play.batches)
    assert (outcome.untrusted, outcome.prompt) == (0, True)


def test_there_is_no_challenge_of_an_unknown_game() -> None:
    assert "chess" not in GAMES
    with pytest.raises(KeyError):
        issue("chess", challenge_id="ch_1", random=bytes, keys=TEST_KEYS, now=NOW)
