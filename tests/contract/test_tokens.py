"""What a store promises of tokens, whatever engine is below."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import msgspec

from playproof.store import Awaiting, Final, Spent, Store, StoredToken
from playproof.testing.records import RECEIVED_AT
from tests.visits import SECONDS, SITE, close, digest_of, finish, issue, session_of, token_of

CLIENTS = 50
TOKENS = 100


def told(token: StoredToken, verdict: bytes) -> bytes:
    return b"%s at %d: %s" % (token.challenge.encode(), token.spent_at or 0, verdict)


def spend(store: Store, name: str, question: bytes | None = None, *, site: str = SITE, now: int = RECEIVED_AT) -> Spent:
    return store.tokens.spend(digest_of(name), site, now, question, told).result(SECONDS)


def test_a_token_is_spent_once(store: Store, other: Store) -> None:
    finish(store, "c")
    first = spend(store, "c", now=RECEIVED_AT + 5)
    assert first.outcome == "spent"
    assert first.answer == b'c at %d: {"sessionId":"c","decision":"pass"}' % (RECEIVED_AT + 5)
    again = spend(other, "c", now=RECEIVED_AT + 6)
    assert (again.outcome, again.answer) == ("already", None)
    found = other.tokens.get(digest_of("c"))
    assert found == first.token == again.token
    assert found is not None
    assert (found.spent_at, found.idempotency, found.answer) == (RECEIVED_AT + 5, None, first.answer)


def test_the_same_question_is_answered_again(store: Store, other: Store) -> None:
    finish(store, "c")
    first = spend(store, "c", b"question", now=RECEIVED_AT + 5)
    again = spend(other, "c", b"question", now=RECEIVED_AT + 400_000)
    assert (again.outcome, again.answer) == ("repeated", first.answer), "long after its time was over, too"
    assert spend(other, "c", b"another").outcome == "already"
    assert spend(other, "c").outcome == "already"


def test_a_token_that_was_spent_without_a_question_is_spent_for_everybody(store: Store) -> None:
    finish(store, "c")
    spend(store, "c")
    assert spend(store, "c", b"question").outcome == "already"


def test_a_token_has_its_time(store: Store) -> None:
    finish(store, "c")
    late = spend(store, "c", now=RECEIVED_AT + 300_000)
    assert (late.outcome, late.answer) == ("expired", None)
    assert late.token is not None
    assert late.token.spent_at is None
    assert spend(store, "c", now=RECEIVED_AT + 299_999).outcome == "spent"


def test_a_token_is_one_sites(store: Store) -> None:
    finish(store, "c")
    assert spend(store, "c", site="site_2") == Spent("foreign")
    assert spend(store, "nothing") == Spent("unknown")
    assert spend(store, "c").outcome == "spent", "the others did not spend it"


def test_a_token_of_an_erased_session_is_unknown(store: Store) -> None:
    finish(store, "c")
    store.erase("c")
    assert spend(store, "c") == Spent("unknown")


def test_the_verdict_is_that_of_the_moment(store: Store) -> None:
    issue(store, "c")
    close(store, "c")
    memory = Awaiting(assessment=b"{}", next_at=RECEIVED_AT, holder="me", held_until=RECEIVED_AT)
    record = msgspec.structs.replace(session_of("c"), awaited=memory)
    number = store.challenges.conclude("c", record, token_of("c"), RECEIVED_AT).result(SECONDS).number
    final = Final(
        number=number, verdict=b"final", decision="fail", anomaly_score=None, raw_score=None, source="woodwide", model_version="m",
        eligible=False,
    )  # fmt: skip
    assert store.awaited.finalise([final]) == [True]
    assert spend(store, "c").answer == b"c at %d: final" % RECEIVED_AT


def test_an_answer_that_cannot_be_made_spends_nothing(store: Store) -> None:
    def fails(token: StoredToken, verdict: bytes) -> bytes:
        raise ValueError("no such field")

    finish(store, "c")
    finish(store, "d")
    bad = store.tokens.spend(digest_of("c"), SITE, RECEIVED_AT, None, fails)
    good = store.tokens.spend(digest_of("d"), SITE, RECEIVED_AT, None, told)
    assert "no such field" in str(bad.exception(SECONDS))
    assert good.result(SECONDS).outcome == "spent"
    assert spend(store, "c").outcome == "spent"


def test_of_fifty_who_spend_a_token_at_once_one_does(store: Store, other: Store) -> None:
    """A hundred tokens, each asked for by fifty clients of two processes."""
    for number in range(TOKENS):
        finish(store, f"c{number}")
    start = Barrier(CLIENTS)

    def client(place: int) -> list[Spent]:
        mine = (store, other)[place % 2]
        found = []
        for number in range(TOKENS):
            start.wait(SECONDS)
            found.append(spend(mine, f"c{number}", b"question of %d" % (place // 10)))
        return found

    with ThreadPoolExecutor(CLIENTS) as pool:
        answers = list(pool.map(client, range(CLIENTS)))
    for each in zip(*answers, strict=True):
        outcomes = [one.outcome for one in each]
        assert outcomes.count("spent") == 1
        winner = outcomes.index("spent")
        asked_the_same = [one for place, one in enumerate(each) if place // 10 == winner // 10]
        assert {one.answer for one in asked_the_same} == {each[winner].answer}
        assert outcomes.count("repeated") == 9
        assert outcomes.count("already") == 40
