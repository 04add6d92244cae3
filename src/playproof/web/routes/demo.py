"""`/api/v1/demo`: what stands behind the demo page. Only on the loopback address, and only for whoever sits at the machine; no key."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import msgspec
from litestar import Request, get, post
from msgspec import Meta

from playproof.errors import SessionNotFound
from playproof.store.challenge import SITE_SCOPE
from playproof.tokens.dialects import answer, refusal
from playproof.tokens.faults import Dialect, Fault, status_of
from playproof.tokens.inquiry import Inquiry
from playproof.tokens.token import LONGEST_RESPONSE
from playproof.tokens.verifier import Asker
from playproof.verification.demo import DEMO, DEMO_SITEKEY
from playproof.web.answer import Answer, Headers, json
from playproof.web.auth import DEMO_SCOPE
from playproof.web.body import decode_json, read_body, require_json
from playproof.web.dossier import dossier
from playproof.web.ferry import Ferry
from playproof.web.locality import made_here
from playproof.web.problems import DeadlineExceeded, Forbidden, RequestTimeout
from playproof.web.routes.sessions import session_id_in
from playproof.web.services import Services

SESSIONS = "/api/v1/demo/sessions/"
_BODY_BYTES = 4096
_NO_STORE: Headers = ((b"cache-control", b"no-store"),)


class DemoSite(msgspec.Struct, frozen=True):
    """The site that the demo page plays for."""

    sitekey: str


class Response(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a visitor got from the widget."""

    response: Annotated[str, Meta(min_length=1, max_length=LONGEST_RESPONSE)]
    """The token."""


@get("/api/v1/demo")
async def site(request: Request[Any, Any, Any]) -> Answer:
    """The site of the demo."""
    services = _admitted(request)
    if await asyncio.to_thread(services.desk.sites.get, DEMO) is None:
        raise Forbidden("this service was started without a demo")
    return json(DemoSite(DEMO_SITEKEY))


@post("/api/v1/demo/siteverify", status_code=200)
async def siteverify(request: Request[Any, Any, Any]) -> Answer:
    """Do what the backend of a site does with a token, and answer what it is answered: `/api/v1/siteverify` for who has no secret."""
    services = _admitted(request)
    headers = request.scope["headers"]
    require_json(headers)
    try:
        async with asyncio.timeout(services.limits.seconds):
            asked = decode_json(await read_body(headers, request.receive, _BODY_BYTES), Response)
    except TimeoutError:
        raise RequestTimeout(f"the body did not arrive within {services.limits.seconds:g} s") from None
    demo = await asyncio.to_thread(services.desk.sites.get, DEMO)
    if demo is None:
        raise Forbidden("this service was started without a demo")
    inquiry = Inquiry(secret="", response=asked.response)
    asking = services.verifier.spend(inquiry, Asker(demo))
    if isinstance(asking, Fault):
        return _refused(asking)
    ferry: Ferry[Any] = request.app.state.ferry
    try:
        async with asyncio.timeout(services.limits.seconds):
            found = services.verifier.told(await ferry.landed(asking), inquiry)
    except TimeoutError:
        raise DeadlineExceeded(f"the token was not spent on disk within {services.limits.seconds:g} s") from None
    return _refused(found) if isinstance(found, Fault) else Answer(answer(Dialect.PLAYPROOF, found), headers=_NO_STORE)


@get(SESSIONS + "{session_id:path}")
async def session(request: Request[Any, Any, Any]) -> Answer:
    """All that is known of a session of the demo, as the operator is shown it."""
    services = _admitted(request)
    name = session_id_in(request, SESSIONS)
    for scope in (SITE_SCOPE + DEMO, DEMO_SCOPE):
        found = await asyncio.to_thread(dossier, services, scope, name)
        if found is not None:
            return json(found)
    raise SessionNotFound(f"no session {name!r} of the demo is stored")


ROUTES = (site, siteverify, session)


def _admitted(request: Request[Any, Any, Any]) -> Services:
    services: Services = request.app.state.services
    if not (services.neighbourhood.loopback and made_here(request)):
        raise Forbidden("the demo is there for whoever sits at the machine of a service that is bound to the loopback address")
    return services


def _refused(fault: Fault) -> Answer:
    return Answer(refusal(Dialect.PLAYPROOF, (fault,)), status=status_of((fault,)), headers=_NO_STORE)
