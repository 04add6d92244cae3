"""`/api/v1/operator/*`: what visitors did and what was decided, for whoever has the admin key."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import msgspec
from litestar import Request, get

from playproof.clock import iso, milliseconds
from playproof.errors import InvalidRequest, SessionNotFound
from playproof.store import FunnelRow, Recent
from playproof.store.challenge import SITE_SCOPE
from playproof.web.answer import Answer, json
from playproof.web.body import header
from playproof.web.dossier import dossier
from playproof.web.query import asked, number
from playproof.web.services import Services

PREFIX = "/api/v1/operator/"
SESSIONS = PREFIX + "sessions/"
PAGE, LARGEST_PAGE = 50, 200
"""Challenges, as they are listed at a time."""
LATEST = 253_402_300_799_999
"""The end of the last year that has four digits, in milliseconds since 1970."""
WINDOW_MS = 86_400_000
"""The time that is looked at where nothing is said."""
NAME_PATTERN = r"^[ -~]{1,128}$"
"""What scopes and ids of sites are made of."""
CURSOR_PATTERN = r"^[0-9]{1,14}\.[!-~]{1,128}$"

_NAME = re.compile(r"[ -~]{1,128}")
_CURSOR = re.compile(r"([0-9]{1,14})\.([!-~]{1,128})")


class SiteName(msgspec.Struct, frozen=True):
    """A site."""

    id: str
    name: str


class SiteNames(msgspec.Struct, frozen=True):
    """All sites, by name."""

    sites: list[SiteName]


class Funnel(msgspec.Struct, frozen=True):
    """How far the challenges came that were issued from `since` and before `until` (RFC 3339, UTC)."""

    since: str
    until: str
    site: str | None
    """`null`: all."""
    rows: list[FunnelRow]
    """By game, way and device; none where there was none."""


class Visit(msgspec.Struct, frozen=True, rename="camel"):
    """A challenge in a list. Times are RFC 3339, UTC."""

    id: str
    site: str
    way: str
    game: str
    action: str | None
    hostname: str
    stage: str
    """`issued`, `started`, `finished` or `verified`: how far it came."""
    device: str | None
    decision: str | None
    issued_at: str
    scope: str
    """Of its session, where there is one."""


class Visits(msgspec.Struct, frozen=True):
    """Challenges, the newest first."""

    challenges: list[Visit]
    after: str | None
    """What to ask for the next ones with; `null` where there are none."""


@get(PREFIX + "sites")
async def sites(request: Request[Any, Any, Any]) -> Answer:
    """The sites that can be looked at."""
    services = _admitted(request)
    found = await asyncio.to_thread(services.store.sites.list)
    return json(SiteNames([SiteName(site.id, site.name) for site in found]))


@get(PREFIX + "funnel")
async def funnel(request: Request[Any, Any, Any]) -> Answer:
    """How far challenges came, and what was decided."""
    services = _admitted(request)
    said = asked(request.scope["query_string"], "since", "until", "site")
    until = number(said, "until", 0, LATEST, milliseconds(services.clock.now()) + 1)  # what was issued just now is in it
    since = number(said, "since", 0, LATEST, max(0, until - WINDOW_MS))
    site = _site(said.get("site"))
    rows = await asyncio.to_thread(services.store.challenges.funnel, since, until, site)
    return json(Funnel(_time(since), _time(until), site, rows))


@get(PREFIX + "challenges")
async def challenges(request: Request[Any, Any, Any]) -> Answer:
    """Challenges, the newest first."""
    services = _admitted(request)
    said = asked(request.scope["query_string"], "site", "after", "limit")
    most = number(said, "limit", 1, LARGEST_PAGE, PAGE)
    site, before = _site(said.get("site")), _place(said.get("after"))
    found = await asyncio.to_thread(services.store.challenges.recent, most + 1, before=before, site=site)
    shown = found[:most]
    after = f"{shown[-1].issued_at}.{shown[-1].id}" if len(found) > most else None
    return json(Visits([_visit(one) for one in shown], after))


@get(SESSIONS + "{named:path}")
async def session(request: Request[Any, Any, Any]) -> Answer:
    """All that is known of a session."""
    services = _admitted(request)
    # The routed path is decoded; scope and id may hold what that changes, such as an escaped slash.
    raw: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    scope, _, name = (unquote(part) for part in raw.decode("latin-1").partition(SESSIONS)[2].partition("/"))
    found = await asyncio.to_thread(dossier, services, scope, name) if _NAME.fullmatch(scope) else None
    if found is None:
        raise SessionNotFound(f"no session {name!r} is stored under {scope!r}")
    return json(found)


ROUTES = (sites, funnel, challenges, session)


def _admitted(request: Request[Any, Any, Any]) -> Services:
    services: Services = request.app.state.services
    services.keys.require_admin(header(request.scope["headers"], b"authorization"))
    return services


def _site(said: str | None) -> str | None:
    if said is not None and not _NAME.fullmatch(said):
        raise InvalidRequest("this is no site's id", path="?site", expected="up to 128 printable characters")
    return said


def _place(said: str | None) -> tuple[int, str] | None:
    if said is None:
        return None
    found = _CURSOR.fullmatch(said)
    if found is None:
        raise InvalidRequest("this is no place in the list", path="?after", expected="what an earlier answer has as `after`")
    return int(found[1]), found[2]


def _visit(one: Recent) -> Visit:
    stage = "verified" if one.spent_at is not None else "finished" if one.token_at is not None else "started"
    return Visit(
        id=one.id,
        site=one.site,
        way=one.way,
        game=one.game,
        action=one.action,
        hostname=one.hostname,
        stage="issued" if stage == "started" and one.started_at is None else stage,
        device=one.device,
        decision=one.decision,
        issued_at=_time(one.issued_at),
        scope=SITE_SCOPE + one.site,
    )


def _time(moment: int) -> str:
    return iso(datetime.fromtimestamp(moment / 1000.0, UTC))
