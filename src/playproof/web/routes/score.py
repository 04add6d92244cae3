"""`POST /api/v1/score`: a session in, its verdict out, once it is on disk."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import quote

from litestar import Request, post

from playproof.batch.queue import WAITING
from playproof.dataset import Channel
from playproof.decision import Verdict
from playproof.errors import InvalidRequest, SessionConflict
from playproof.observe.metrics import UNSCORED
from playproof.service import Submission, decode_verdict
from playproof.store import PutOutcome
from playproof.telemetry import decode_request
from playproof.web.answer import Answer, Headers
from playproof.web.auth import DEMO_SCOPE
from playproof.web.body import header, read_body, require_json
from playproof.web.ferry import Ferry
from playproof.web.problems import DeadlineExceeded, RequestTimeout
from playproof.web.query import asked, flag
from playproof.web.services import Services, note_fallback
from playproof.woodwide.realtime import Answered

DEMO_HEADER = "Playproof-Demo"
REPLAYED_HEADER = "Playproof-Replayed"
RESULT_PATH = "/api/v1/batch/result/"
"""Where the verdict on a queued session is; its id follows."""

_FRESH: Headers = ()
_REPLAYED: Headers = ((REPLAYED_HEADER.lower().encode(), b"true"),)


def scope_of(request: Request[Any, Any, Any], services: Services) -> str:
    """The scope of the ids in `request`: its API key's name, or the demo's. Raises `Unauthorized`."""
    headers = request.scope["headers"]
    caller = services.keys.caller(header(headers, b"authorization"))
    return DEMO_SCOPE if header(headers, b"playproof-demo") == "true" else caller


@post("/api/v1/score")
async def score(request: Request[Any, Any, Any]) -> Answer:
    """Score one session and answer its verdict; or a preliminary one, where it is to be queued for a batch.

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
            session, options = decode_request(body)
            use_batch = _agreed(request.scope["query_string"], options.use_batch)
            decoded = services.clock.monotonic()
            if session.ignored_fields:
                services.metrics.count("playproof_ignored_fields_total", by=session.ignored_fields)
            if use_batch and services.batch.queue.stale:
                await asyncio.to_thread(services.batch.queue.count)
            channel = Channel.DEMO if scope == DEMO_SCOPE else Channel.API
            submission = services.service.submit(session, scope, channel, use_batch=use_batch)
            outcome = await ferry.landed(submission.outcome)
            queued = use_batch and await _queued(services, submission, outcome)
            answered = Answered(outcome.verdict, None, None) if queued else await _with_hosted(services, submission, outcome, decoded)
    except TimeoutError:
        if submission is None:
            raise RequestTimeout(f"the body did not arrive within {limits.seconds:g} s") from None
        raise DeadlineExceeded(f"the verdict was not on disk within {limits.seconds:g} s") from None
    services.metrics.count("playproof_sessions_total", outcome.status)
    name = submission.judged.verdict.session_id
    if outcome.status == "conflict":
        raise SessionConflict(f"session {name!r} is already stored with other content")
    if outcome.status == "stored":
        _count(services, answered.verdict or submission.judged.verdict)
        if submission.refused is not None:
            services.metrics.count("playproof_batch_full_total")
            raise submission.refused
    told = _REPLAYED if outcome.status == "replayed" else _FRESH
    if not queued:
        return Answer(answered.body, headers=told)
    return Answer(answered.body, status=202, headers=((b"location", (RESULT_PATH + quote(name, safe="")).encode()), *told))


def _agreed(query: bytes, in_body: bool | None) -> bool:
    """Whether a batch is asked for. Raises `InvalidRequest` where query and body disagree."""
    in_query = flag(asked(query, "useBatch"), "useBatch") if query else None
    if in_query is None or in_body is None or in_query is in_body:
        return bool(in_query or in_body)
    wanted = "true" if in_query else "false"
    raise InvalidRequest("query and body disagree", path="$.options.useBatch", expected=f"{wanted}, as in the query")


async def _queued(services: Services, submission: Submission, outcome: PutOutcome) -> bool:
    """Whether a batch is to make the verdict final of a session that was to be queued."""
    if outcome.status == "stored":
        return submission.queued
    if outcome.status == "conflict" or decode_verdict(outcome.verdict).status == "final":
        return False
    record = submission.prepared.record
    place = await asyncio.to_thread(services.batch.queue.place, record.scope, record.session_id)
    return place is not None and place.state in WAITING


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
