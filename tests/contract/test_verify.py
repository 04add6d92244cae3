"""Challenges whose verdicts are preliminary are settled by the rules and findings they were judged by, whatever engine is below."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta

import msgspec
import numpy as np

from playproof.batch.scheduler import Processed
from playproof.dataset import Channel
from playproof.decision import Decision, Judge, ReasonCode, Rules, Verdict
from playproof.errors import HostedReason
from playproof.scoring.chain import Chain
from playproof.scoring.heuristic import Hit
from playproof.scoring.hosted import Standing
from playproof.service import Prepared, Service, decode_verdict
from playproof.store import Store
from playproof.testing import FakeClock, ScriptedScorer, Yardstick, human_session
from playproof.woodwide.mapping import RawScore
from playproof.woodwide.question import Question, kept, question_of
from playproof.woodwide.settlement import Reply, Settlement
from playproof.woodwide.settlement import Yardstick as Known
from tests.batching import SECONDS, Provider, Worker

SITE = "site:1"
VERIFY = Rules(policy="verify")
STRICTEST = Rules(pass_threshold=0.0, review_threshold=0.0)
"""Of whoever settles; not those of the site."""
REPLAYED = Hit(ReasonCode.REPLAYED_MOVEMENT, "nearly play 7")
CAMPAIGN = Hit(ReasonCode.CAMPAIGN, "1 of 40 plays")
LATE = Hit(ReasonCode.LATE_EVENTS, "a dead spot")
PLAY = human_session(np.random.default_rng(1), session_id="c1", game_type="bubble-pop", device_type="mouse")
HOLD = 30.0


@dataclass
class People(Yardstick):
    """A hosted score is what the provider answers."""

    standing: Standing = Standing.DECIDES

    def oriented(self, raw: float) -> float:
        return raw


@dataclass(frozen=True)
class Case:
    """What was found of a play, what the model says of it in the end, and the decision."""

    score: float
    decision: Decision
    found: tuple[Hit, ...] = ()
    rules: Rules = VERIFY
    game: str = "bubble-pop"
    standing: Standing = Standing.DECIDES


CASES = {
    "movement that passes": Case(1.0, Decision.PASS),
    "movement alone": Case(9.0, Decision.REVIEW),
    "movement alone, where the site has that fail": Case(9.0, Decision.FAIL, rules=replace(VERIFY, corroborate=False)),
    "a replay of good movement": Case(0.1, Decision.FAIL, (REPLAYED,)),
    "a replay": Case(9.0, Decision.FAIL, (REPLAYED,)),
    "one of a campaign": Case(9.0, Decision.FAIL, (CAMPAIGN,)),
    "one of a campaign, of good movement": Case(1.0, Decision.PASS, (CAMPAIGN,)),
    "late at a strict site": Case(1.0, Decision.REVIEW, (LATE,), replace(VERIFY, strict=True)),
    "late": Case(1.0, Decision.PASS, (LATE,)),
    "thresholds of the site, below": Case(4.0, Decision.PASS, rules=replace(VERIFY, pass_threshold=5.0, review_threshold=8.0)),
    "thresholds of the site, above": Case(6.0, Decision.REVIEW, rules=replace(VERIFY, pass_threshold=5.0, review_threshold=8.0)),
    "a game whose people nobody knows": Case(9.0, Decision.PASS, game="osu"),
    "a replay of such a game": Case(9.0, Decision.FAIL, (REPLAYED,), game="osu"),
}
HOSTED = {
    "a campaign and a score that few people stand behind": Case(9.0, Decision.REVIEW, (CAMPAIGN,), standing=Standing.REVIEWS),
    "a score that means nothing": Case(9.0, Decision.PASS, standing=Standing.SHOWN),
    "a replay and a score that means nothing": Case(0.1, Decision.FAIL, (REPLAYED,), standing=Standing.SHOWN),
}


ALL = CASES | HOSTED


def judge(clock: FakeClock, score: float = 0.5, rules: Rules | None = None) -> Judge:
    """One whose embedded model gives everybody this score."""
    return Judge(Chain(ScriptedScorer(score)), rules or Rules(), clock)


def prepared(store: Store, clock: FakeClock, name: str, case: Case) -> Prepared:
    """The play of a case, judged in a process that dies at once."""
    service = Service(judge(clock), store, clock=clock, holder="gone")
    session = replace(PLAY, id=name, game_type=case.game)
    found = service.prepare(session, SITE, Channel.CHALLENGE, found=case.found, rules=case.rules)
    assert (found.judged.verdict.policy, found.judged.verdict.status) == ("verify", "preliminary")
    return found


def put(store: Store, prepared: Prepared) -> Question:
    """What is to be asked about a stored play."""
    question = prepared.question(store.put(prepared.record).result(SECONDS).number)
    assert question is not None
    return question


def answer(store: Store, clock: FakeClock, question: Question, case: Case, *, told: bool) -> None:
    """The hosted model's answer comes to a process with other rules."""
    settlement = Settlement(
        judge(clock, rules=STRICTEST),
        store,
        lambda _: Known("mdl_1", People(standing=case.standing), synthetic=False),
        holder="me",
        longest=timedelta(hours=24),
        notice=None,
        clock=clock,
        random=bytes,
    )
    (settled,) = settlement.settle([Reply(question, RawScore(case.score, None, "v1"), told)])
    assert settled.verdict == verdict_of(store, question.earlier.session_id)


def verdict_of(store: Store, name: str) -> Verdict:
    found = store.get(SITE, name)
    assert found is not None
    return decode_verdict(found.verdict)


def check(store: Store, cases: dict[str, Case]) -> None:
    """The verdicts are what the cases say, and nothing that was found is lost."""
    verdicts = {name: verdict_of(store, name) for name in cases}
    assert {name: verdict.decision for name, verdict in verdicts.items()} == {name: case.decision for name, case in cases.items()}
    assert {(verdict.policy, verdict.status, verdict.revision) for verdict in verdicts.values()} == {("verify", "final", 2)}
    for name, case in cases.items():
        reasons = verdicts[name].reasons
        assert [(reason.code, reason.detail) for reason in reasons][: len(case.found)] == [(hit.code, hit.detail) for hit in case.found]
        stored = store.get(SITE, name)
        assert stored is not None
        assert stored.eligible is (case.decision is not Decision.FAIL and CAMPAIGN not in case.found)
    softened = {name for name, verdict in verdicts.items() if ReasonCode.UNCORROBORATED in {reason.code for reason in verdict.reasons}}
    assert softened == {"movement alone"}


def test_hosted_answers_in_time(store: Store, clock: FakeClock) -> None:
    for name, case in ALL.items():
        answer(store, clock, put(store, prepared(store, clock, name, case)), case, told=False)
    check(store, ALL)


def test_hosted_answers_to_another_process(store: Store, other: Store, clock: FakeClock) -> None:
    for name, case in ALL.items():
        put(store, prepared(store, clock, name, case))
    clock.advance(120.0)
    for awaited in other.awaited.claim("me", HOLD, len(ALL)):
        answer(other, clock, question_of(awaited), ALL[awaited.session_id], told=True)
    check(store, ALL)


def batch(store: Store, clock: FakeClock, cases: dict[str, Case], worker: Worker, provider: Provider | None = None) -> None:
    """The plays wait for a batch, which a process with other rules works off."""
    for name, case in cases.items():
        play = prepared(store, clock, name, case)
        number = worker.queue.enqueue(play.record, kept(play.judged, play.channel)).result(SECONDS).number
        if provider is not None:
            provider.answers[number] = RawScore(case.score, None, "mv_1")
    assert asyncio.run(worker.scheduler.process()) == Processed(batches=1, sessions=len(cases), final=len(cases))


def test_batches_of_the_hosted_model(store: Store, clock: FakeClock) -> None:
    for standing in Standing:
        provider = Provider(clock)
        worker = Worker(store, clock, provider, name=standing, judge=judge(clock, rules=STRICTEST), calibration=People(standing=standing))
        batch(store, clock, {name: case for name, case in ALL.items() if case.standing is standing}, worker, provider)
    check(store, ALL)


def test_batches_of_the_embedded_model(store: Store, clock: FakeClock) -> None:
    for score in sorted({case.score for case in CASES.values()}):
        worker = Worker(store, clock, name=f"of {score}", judge=judge(clock, score, STRICTEST))
        batch(store, clock, {name: case for name, case in CASES.items() if case.score == score}, worker)
    check(store, CASES)


def test_who_is_never_answered_about_keeps_what_was_decided(store: Store, clock: FakeClock) -> None:
    question = put(store, prepared(store, clock, "c", CASES["a replay"]))
    verdict = judge(clock).conclude(question.earlier, question.received, HostedReason.UNREACHABLE)
    assert (verdict.decision, verdict.policy, verdict.reasons) == (Decision.FAIL, "verify", question.earlier.reasons)


def test_rows_from_before_rules_were_kept_are_settled_by_the_judge_s(store: Store, clock: FakeClock) -> None:
    plain = Service(judge(clock), store, clock=clock, holder="gone").prepare(PLAY, SITE, Channel.API)
    assert plain.record.awaited is not None
    old = msgspec.json.encode(msgspec.json.decode(plain.record.awaited.assessment)[:2])
    record = msgspec.structs.replace(plain.record, awaited=msgspec.structs.replace(plain.record.awaited, assessment=old))
    store.put(record).result(SECONDS)
    clock.advance(120.0)
    (awaited,) = store.awaited.claim("me", HOLD, 10)
    question = question_of(awaited)
    assert (question.rules, question.channel, question.assessment) == (None, Channel.API, plain.judged.assessment)
    answer(store, clock, question, Case(1.0, Decision.FAIL), told=True)
    verdict = verdict_of(store, "c1")
    assert (verdict.decision, verdict.policy) == (Decision.FAIL, "score")
