"""`POST /api/v1/score`: a session in, its verdict out, once it is on disk."""

from __future__ import annotations

import asyncio
from typing import Any

from litestar import Request, post

from playproof.dataset import Channel
from playproof.decision import Verdict
from playproof.errors import SessionConflict
from playproof.observe.metrics import UNSCORED
from playproof.service import Submission, decode_verdict
from playproof.store import PutOutcome
from playproof.telemetry import decode_request
from playproof.web.answer import Answer, Headers
from playproof.web.auth import DEMO_SCOPE
from playproof.web.body import header, read_body, require_json
from playproof.web.ferry import Ferry
from playproof.web.problems import DeadlineExceeded, RequestTimeout
from playproof.web.services import Services, note_fallback
from playproof.woodwide.realtime import Answered

DEMO_HEADER = "Playproof-Demo"
REPLAYED_HEADER = "Playproof-Replayed"

_FRESH: Headers = ()
_REPLAYED: Headers = ((REPLAYED_HEADER.lower().encode(), b"true"),)


def scope_of(request: Request[Any, Any, Any], services: Services) -> str:
    """The scope of the ids in `request`: its API key's name, or the demo's. Raises `Unauthorized`."""
    headers = request.scope["headers"]
    caller = services.keys.caller(header(headers, b"authorization"))
    return DEMO_SCOPE if header(headers, b"playproof-demo") == "true" else caller


@post("/api/v1/score")
async def score(request: Request[Any, Any, Any]) -> Answer:
    """Score one session and answer its verdict.

    The body is read and decoded here, not by the framework: at this size decoding is most of the work.
    """
    services: Services = request.app.state.services
    ferry: Ferry[PutOutcome] = request.app.state.ferry
    limits = services.limits
    scope = scope_of(request, services)
    headers = request.scope["headers"]
    require_json(headers)
    submission = None
    try:
        async with asyncio.timeout(limits.seconds):
            body = await read_body(headers, request.receive, limits.body_bytes)
            session, _ = decode_request(body)
            decoded = services.clock.monotonic()
            if session.ignored_fields:
                services.metrics.count("playproof_ignored_fields_total", by=session.ignored_fields)
            submission = services.service.submit(session, scope, Channel.DEMO if scope == DEMO_SCOPE else Channel.API)
            outcome = await ferry.landed(submission.outcome)
            answered = await _with_hosted(services, submission, outcome, decoded)
    except TimeoutError:
        if submission is None:
            raise RequestTimeout(f"the body did not arrive within {limits.seconds:g} s") from None
        raise DeadlineExceeded(f"the verdict was not on disk within {limits.seconds:g} s") from None
    services.metrics.count("playproof_sessions_total", outcome.status)
    if outcome.status == "conflict":
        name = submission.judged.verdict.session_id
        raise SessionConflict(f"session {name!r} is already stored with other content")
    if outcome.status == "stored":
        _count(services, answered.verdict or submission.judged.verdict)
    return Answer(answered.body, headers=_REPLAYED if outcome.status == "replayed" else _FRESH)


async def _with_hosted(services: Services, submission: Submission, outcome: PutOutcome, decoded: float) -> Answered:
    """What to answer about a session decoded at a monotonic time, once the hosted model has had its chance."""
    hosted = services.hosted
    if outcome.status == "conflict":
        return Answered(outcome.verdict, None, None)
    if outcome.status == "replayed" and (hosted is None or not hosted.realtime.asks(outcome.number)):
        return Answered(await asyncio.to_thread(_stored, services, submission, outcome), None, None)
    if hosted is None:
        return Answered(outcome.verdict, None, None)
    question = submission.question(outcome.number) if outcome.status == "stored" else None
    left = hosted.deadline - (services.clock.monotonic() - decoded)
    answered = await hosted.realtime.answer(outcome.number, outcome.verdict, question, left)
    if answered.reason is not None:
        note_fallback(services.metrics, answered.reason)
    return answered


def _stored(services: Services, submission: Submission, outcome: PutOutcome) -> bytes:
    """The verdict of a session that this process does not ask about; whoever makes a preliminary one final tells the site."""
    if decode_verdict(outcome.verdict).status == "final" or services.store.awaited.tell(outcome.number):
        return outcome.verdict
    found = services.store.get(submission.prepared.record.scope, submission.judged.verdict.session_id)
    return outcome.verdict if found is None else found.verdict


def _count(services: Services, verdict: Verdict) -> None:
    stratum = verdict.calibration.stratum if verdict.calibration else UNSCORED
    services.metrics.count("playproof_verdicts_total", verdict.decision, verdict.anomaly.source, stratum)
