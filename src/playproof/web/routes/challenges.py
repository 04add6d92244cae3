"""`/api/v1/challenges`: what the widget of a site's page asks for. Open to any page of the site; no key, no cookie, nothing to cache."""

from __future__ import annotations

import asyncio
import secrets
from functools import partial
from typing import Annotated, Any, Literal

import msgspec
from litestar import Request, post
from msgspec import Meta

from playproof.challenges import Batch
from playproof.clock import milliseconds
from playproof.errors import ChallengeRefused, RateLimited
from playproof.store import Rate
from playproof.tokens.origins import hostname_of
from playproof.tokens.site import ACTION_PATTERN, Site
from playproof.tokens.token import LONGEST_SECONDS
from playproof.tokens.trial import TRIAL_HOSTNAME, TRIAL_TOKEN
from playproof.verification.address import address_hash
from playproof.verification.reception import GAME, POW, TollView, Wish, limited
from playproof.verification.sites import TRIAL
from playproof.web.answer import Answer
from playproof.web.body import decode_json, header, read_body, require_json
from playproof.web.cors import OPEN
from playproof.web.ferry import Ferry
from playproof.web.problems import DeadlineExceeded, OriginNotAllowed, RequestTimeout
from playproof.web.services import Services

EVENTS_BYTES = 64 * 1024
PRINTABLE = r"^[^\u0000-\u001f\u007f-\u009f]*$(?!\n)"
"""No control characters: PostgreSQL keeps no NUL, and logs no line ends."""
_TRIES = 3
"""How often a batch is taken that another one of the same challenge came before."""
REFUSED_SECONDS = 1.0
"""How long, on average, whoever goes on asking past a rate waits for the refusal: a client that asks without a pause asks so much less
often, and not with all of its connections at one moment. Those who wait are bounded by what the process answers in that time."""
_HEADERS = ((b"cache-control", b"no-store"), *OPEN)
_encode = msgspec.json.Encoder().encode


class Begin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a widget asks for."""

    sitekey: Annotated[str, Meta(max_length=64)]
    way: Literal["game", "pow"] = GAME
    game: Annotated[str, Meta(max_length=32)] | None = None
    """Any of the site's where absent."""
    action: Annotated[str, Meta(pattern=ACTION_PATTERN)] | None = None
    cdata: Annotated[str, Meta(max_length=255, pattern=PRINTABLE)] | None = None


class End(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a widget ends a challenge."""

    receipt: Annotated[str, Meta(max_length=128)]
    """The latest."""
    pow: Annotated[str, Meta(max_length=1024)] | None = None
    """The solution of a toll, base64."""


class AskToll(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a challenge is played that a toll is asked for."""

    device: Literal["keyboard", "touch", "stylus"] = "keyboard"


class TrialView(msgspec.Struct, frozen=True, rename="camel"):
    """What a test key gets at once."""

    way: Literal["test"]
    token: str
    expires_in: int
    """Milliseconds."""


class TokenView(msgspec.Struct, frozen=True, rename="camel"):
    """What a browser gets for any finished challenge."""

    token: str
    expires_in: int
    """Milliseconds."""


@post("/api/v1/challenges")
async def begin(request: Request[Any, Any, Any]) -> Answer:
    """Issue a challenge to a page of a site."""
    services: Services = request.app.state.services
    asked = await _body(request, Begin)
    trial = services.desk.sites.trial(asked.sitekey)
    if trial is not None and not trial.interactive:
        return Answer(_encode(TrialView("test", TRIAL_TOKEN, LONGEST_SECONDS * 1000)), status=201, headers=_HEADERS)
    site = services.desk.sites.at_hand(asked.sitekey)
    if site is None:
        site = await asyncio.to_thread(services.desk.sites.by_key, asked.sitekey)
    wish = Wish(
        site=site,
        way=asked.way,
        game=asked.game,
        action=asked.action,
        cdata=asked.cdata,
        hostname=_hostname(header(request.scope["headers"], b"origin"), site),
        address=address_hash(services.desk.signing.address_key, services.proxies.address(request.scope)),
    )
    over = services.desk.reception.over(wish)
    if over is not None:
        refused = _limited(services, asked.way, over)
        await asyncio.sleep(REFUSED_SECONDS * (0.5 + secrets.randbelow(1024) / 1024.0))
        raise refused
    view, stored = services.desk.reception.issue(wish)
    over = await _landed(request, stored)
    if over is not None:
        raise _limited(services, asked.way, over)
    game = POW if isinstance(view, TollView) else view.game
    services.metrics.count("playproof_challenges_total", "issued", game)
    told = msgspec.to_builtins(view)
    return Answer(_encode({"way": asked.way, **told}), status=201, headers=_HEADERS)


@post("/api/v1/challenges/{challenge_id:str}/events", status_code=200)
async def events(request: Request[Any, Any, Any]) -> Answer:
    """Take a batch of events, and show what is to be played next."""
    services: Services = request.app.state.services
    batch = await _body(request, Batch)
    name = request.path_params["challenge_id"]
    count = services.metrics.count
    for _ in range(_TRIES):
        try:
            taken = await asyncio.to_thread(services.desk.reception.take, name, batch)
        except ChallengeRefused as error:
            count("playproof_challenge_batches_total", error.reason)
            raise
        if taken.stored is None:
            count("playproof_challenge_batches_total", "repeated")
            return Answer(_encode(taken.answer), headers=_HEADERS)
        if await _landed(request, taken.stored):
            count("playproof_challenge_batches_total", "taken")
            if batch.sequence == 1:
                count("playproof_challenges_total", "started", taken.game)
            return Answer(_encode(taken.answer), headers=_HEADERS)
    raise DeadlineExceeded("other batches of this challenge keep coming first")


@post("/api/v1/challenges/{challenge_id:str}/pow", status_code=200)
async def toll(request: Request[Any, Any, Any]) -> Answer:
    """Show what a play by other means than a mouse costs."""
    services: Services = request.app.state.services
    asked = await _body(request, AskToll)
    made, counted = await asyncio.to_thread(services.desk.reception.toll, request.path_params["challenge_id"], asked.device)
    over = None if counted is None else await _landed(request, counted)
    if over is not None:
        raise _limited(services, asked.device, over)
    return Answer(_encode(made), headers=_HEADERS)


@post("/api/v1/challenges/{challenge_id:str}/finish", status_code=200)
async def finish(request: Request[Any, Any, Any]) -> Answer:
    """End a challenge: a token, whatever came of it."""
    services: Services = request.app.state.services
    ended = await _body(request, End)
    name = request.path_params["challenge_id"]
    done = await services.desk.finishing.finish(name, ended.receipt, ended.pow, partial(_landed, request))
    if done.prepared is not None:
        record = done.prepared.record
        services.metrics.count("playproof_challenges_total", "finished", record.game_type)
        services.metrics.count("playproof_challenge_decisions_total", record.game_type, record.device_type, record.decision)
        question = done.prepared.question(done.number)
        if question is not None and services.hosted is not None:
            services.hosted.realtime.ask(question, told=True)
    return Answer(_encode(TokenView(done.token, done.expires_in)), headers=_HEADERS)


async def _body(request: Request[Any, Any, Any], kind: type[Any]) -> Any:
    services: Services = request.app.state.services
    headers = request.scope["headers"]
    require_json(headers)
    try:
        async with asyncio.timeout(services.limits.seconds):
            body = await read_body(headers, request.receive, EVENTS_BYTES)
    except TimeoutError:
        raise RequestTimeout(f"the body did not arrive within {services.limits.seconds:g} s") from None
    return decode_json(body, kind)


async def _landed(request: Request[Any, Any, Any], outcome: Any) -> Any:
    services: Services = request.app.state.services
    ferry: Ferry[Any] = request.app.state.ferry
    try:
        async with asyncio.timeout(services.limits.seconds):
            return await ferry.landed(outcome)
    except TimeoutError:
        raise DeadlineExceeded(f"it was not on disk within {services.limits.seconds:g} s") from None


def _limited(services: Services, way: str, over: Rate) -> RateLimited:
    services.metrics.count("playproof_challenges_limited_total", way)
    return limited(over, milliseconds(services.clock.now()))


def _hostname(origin: str | None, site: Site) -> str:
    """The host of the page that asks. Raises `OriginNotAllowed` where it is none of the site's."""
    if site is TRIAL:
        return TRIAL_HOSTNAME
    if origin is None or origin.lower() not in site.origins:
        raise OriginNotAllowed(f"pages of {origin!r} may not play for this site")
    return hostname_of(origin)
