"""`/api/v1/batch/*`: results of queued sessions for callers, and the queue and its scheduler for whoever has the admin key."""

from __future__ import annotations

import asyncio
from itertools import islice
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from litestar import Request, get, post
from msgspec import Meta

from playproof.batch.scheduler import CLEARED
from playproof.batch.statements import GraveStatement, grave_statement, queue_statement, scheduler_statement
from playproof.decision import Verdict
from playproof.errors import InvalidRequest, SessionNotFound
from playproof.service import decode_verdict
from playproof.telemetry import LIMITS
from playproof.web.answer import Answer, json
from playproof.web.body import decode_json, header, read_body, require_json
from playproof.web.problems import RequestTimeout
from playproof.web.query import asked, number
from playproof.web.routes.score import RESULT_PATH, scope_of
from playproof.web.routes.sessions import session_id_in
from playproof.web.services import Services

COMMAND_BYTES = 256 * 1024
"""Of a body that says what to do."""
PAGE, LARGEST_PAGE = 50, 200
"""Sessions that were given up, as they are listed at a time."""
MOST_IDS = 1000

SessionId = Annotated[str, Meta(min_length=1, max_length=LIMITS.id_characters)]
T = TypeVar("T")


class Queued(msgspec.Struct, frozen=True, rename="camel"):
    """A session that waits for a batch."""

    session_id: str
    status: Literal["queued"]
    position: int
    """1 for what comes next; 0 while it is being scored."""
    age_seconds: float
    """Since it was queued."""
    verdict: Verdict
    """The preliminary one."""


class ProcessOrder(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """How much is to be processed now."""

    most: Annotated[int, Meta(ge=1, le=2**31 - 1)] | None = None
    """So many batches at most; all that is due where absent."""


class Nothing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """There is nothing to say; no body will do."""


class ClearOrder(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """That the queue is to be cleared indeed."""

    confirm: bool = False


class ExhumeOrder(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """What is to be queued again: some sessions, or all that were given up."""

    session_ids: Annotated[list[SessionId], Meta(min_length=1, max_length=MOST_IDS)] | None = None
    scope: str | None = None
    """The name of the API key they came with; under every one where absent."""
    all: bool = False


class Switched(msgspec.Struct, frozen=True, rename="camel"):
    """How the scheduler stands now."""

    running: bool
    changed: bool
    """False where it stood so before."""


class Ended(msgspec.Struct, frozen=True, rename="camel"):
    """How verdicts ended."""

    status: Literal["final"]
    fallback_reason: str


class ClearedQueue(msgspec.Struct, frozen=True, rename="camel"):
    """What became of a queue that was cleared."""

    cleared: int
    """Sessions taken out of it."""
    verdicts: Ended
    """What their verdicts are now, which were preliminary."""
    forgotten: int
    """Buried sessions that can no longer be exhumed; their verdicts stay final as they were."""
    left: int
    """Sessions that somebody works at, who makes their verdicts final."""


class Graveyard(msgspec.Struct, frozen=True, rename="camel"):
    """Some sessions that were given up, in order of arrival."""

    sessions: tuple[GraveStatement, ...]
    next: int | None
    """What `after` is for the next page; null where there is none."""


class Raised(msgspec.Struct, frozen=True, rename="camel"):
    """What was queued again."""

    exhumed: int
    not_buried: tuple[str, ...]
    """Ids under which nothing is buried."""


def _admitted(request: Request[Any, Any, Any]) -> Services:
    services: Services = request.app.state.services
    services.keys.require_admin(header(request.scope["headers"], b"authorization"))
    return services


async def _order(request: Request[Any, Any, Any], services: Services, kind: type[T]) -> T:
    """What a body says, which may be absent where that says enough. Raises `InputError` or `RequestError`."""
    asked(request.scope["query_string"])  # nothing: what somebody says there must not be passed over
    headers = request.scope["headers"]
    seconds = services.limits.seconds
    try:
        async with asyncio.timeout(seconds):
            body = await read_body(headers, request.receive, min(COMMAND_BYTES, services.limits.body_bytes))
    except TimeoutError:
        raise RequestTimeout(f"the body did not arrive within {seconds:g} s") from None
    if not body:
        return kind()
    require_json(headers)
    return decode_json(body, kind)


@get(RESULT_PATH + "{session_id:path}")
async def result(request: Request[Any, Any, Any]) -> Answer:
    """The verdict on a session, or where in the queue it stands."""
    services: Services = request.app.state.services
    scope = scope_of(request, services)
    name = session_id_in(request, RESULT_PATH)
    found = await asyncio.to_thread(services.batch.queue.result, scope, name)
    if found is None:
        raise SessionNotFound(f"no session {name!r} is stored")
    if found.queued is None:
        return Answer(found.verdict)
    place = found.queued
    return json(Queued(name, "queued", place.position, place.age_seconds, decode_verdict(found.verdict)), status=202)


@get("/api/v1/batch/stats")
async def stats(request: Request[Any, Any, Any]) -> Answer:
    """How the queue and its scheduler stand."""
    services = _admitted(request)
    status = await services.batch.scheduler.status()
    backlog = await asyncio.to_thread(services.batch.queue.backlog)
    return json(queue_statement(backlog, status, services.clock))


@post("/api/v1/batch/process", status_code=200)
async def process(request: Request[Any, Any, Any]) -> Answer:
    """Process what is due now, however few; answers what was done. What is being processed already is left to whoever does."""
    services = _admitted(request)
    order = await _order(request, services, ProcessOrder)
    return json(await services.batch.scheduler.process(order.most))


@get("/api/v1/batch/scheduler/status")
async def scheduler_status(request: Request[Any, Any, Any]) -> Answer:
    """How the scheduler of all processes stands."""
    services = _admitted(request)
    return json(scheduler_statement(await services.batch.scheduler.status()))


@post("/api/v1/batch/scheduler/start", status_code=200)
async def start(request: Request[Any, Any, Any]) -> Answer:
    """Have batches be formed on schedule, in all processes, until it is said otherwise."""
    services = _admitted(request)
    await _order(request, services, Nothing)
    return json(Switched(running=True, changed=await services.batch.scheduler.start()))


@post("/api/v1/batch/scheduler/stop", status_code=200)
async def stop(request: Request[Any, Any, Any]) -> Answer:
    """Have no batch be formed on schedule, in no process, until it is said otherwise; one that is under way is finished."""
    services = _admitted(request)
    await _order(request, services, Nothing)
    return json(Switched(running=False, changed=await services.batch.scheduler.stop()))


@post("/api/v1/batch/clear", status_code=200)
async def clear(request: Request[Any, Any, Any]) -> Answer:
    """Take all out of the queue that nobody works at."""
    services = _admitted(request)
    order = await _order(request, services, ClearOrder)
    if not order.confirm:
        raise InvalidRequest("the wait of every queued session would end", path="$.confirm", expected="true, to say that it should")
    cleared = await services.batch.scheduler.clear()
    backlog = await asyncio.to_thread(services.batch.queue.backlog)
    return json(ClearedQueue(cleared.sessions, Ended("final", CLEARED), cleared.forgotten, backlog.claimed))


@get("/api/v1/batch/buried")
async def buried(request: Request[Any, Any, Any]) -> Answer:
    """The sessions that were given up, some at a time."""
    services = _admitted(request)
    said = asked(request.scope["query_string"], "limit", "after")
    limit = number(said, "limit", 1, LARGEST_PAGE, PAGE)
    after = number(said, "after", 0, 2**63 - 1, 0)
    graves = await asyncio.to_thread(lambda: list(islice(services.batch.queue.buried(after), limit + 1)))
    more = len(graves) > limit
    return json(Graveyard(tuple(map(grave_statement, graves[:limit])), graves[limit - 1].number if more else None))


@post("/api/v1/batch/exhume", status_code=200)
async def exhume(request: Request[Any, Any, Any]) -> Answer:
    """Queue again what was given up: its verdict is preliminary until the next batch."""
    services = _admitted(request)
    order = await _order(request, services, ExhumeOrder)
    if (order.session_ids is not None) is order.all or (order.all and order.scope is not None):
        raise InvalidRequest("it is not clear what to exhume", expected="either sessionIds, with or without their scope, or all: true")
    return json(await asyncio.to_thread(_exhumed, services, order))


def _exhumed(services: Services, order: ExhumeOrder) -> Raised:
    queue = services.batch.queue
    if order.session_ids is None:
        return Raised(queue.exhume(), ())
    counts = {name: queue.exhume(order.scope, name) for name in order.session_ids}
    return Raised(sum(counts.values()), tuple(name for name, count in counts.items() if not count))


ROUTES = (result, stats, process, scheduler_status, start, stop, clear, buried, exhume)
