"""`/api/v1/siteverify` and its aliases: a site's backend asks what a visitor's token is worth, and spends it by asking."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Sequence
from concurrent.futures import Future
from functools import partial
from typing import Any, NamedTuple

from litestar import Request, post

from playproof.clock import milliseconds
from playproof.errors import PlayproofError, StoreUnavailable, TooLarge
from playproof.framing import framed
from playproof.store import Rate
from playproof.tokens.dialects import answer, refusal
from playproof.tokens.faults import PATHS, Fault, status_of
from playproof.tokens.inquiry import BODY_BYTES, Inquiry, InquiryRefused, read_inquiry
from playproof.tokens.outcome import Outcome
from playproof.verification.address import address_hash
from playproof.verification.networks import same_network
from playproof.web.answer import Answer, Headers
from playproof.web.body import header, read_body
from playproof.web.ferry import Ferry
from playproof.web.problems import RETRY_AFTER_SECONDS, RequestError
from playproof.web.services import Services

FAILURES_WINDOW_MS = 60_000
"""Wrong secrets are counted by address, in windows so long."""

SITE, TEST_KEY = "site", "test_key"
"""Where a question comes from, as the metric has it."""

_NO_STORE: Headers = ((b"cache-control", b"no-store"),)
_log = logging.getLogger("playproof.web")


class Finding(NamedTuple):
    """What to answer, and how it is counted."""

    outcome: Outcome | None
    faults: Sequence[Fault] = ()
    """Why there is no outcome."""
    counted: str = ""
    source: str = SITE
    retry_after: int = RETRY_AFTER_SECONDS


@post(list(PATHS), status_code=200)
async def siteverify(request: Request[Any, Any, Any]) -> Answer:
    """Answer what a token is worth, in the words of the service whose path this is. Neither secret nor token is ever logged."""
    services: Services = request.app.state.services
    dialect = PATHS[request.scope["path_template"]]
    found = await _found(request, services)
    counted = found.counted or found.faults[0].value
    services.metrics.count("playproof_siteverify_total", dialect.value, counted, found.source)
    event = found.outcome.event_id if found.outcome is not None else None
    _log.info("siteverify", extra={"dialect": dialect.value, "outcome": counted, "source": found.source, "event": event})
    if found.outcome is not None:
        return Answer(answer(dialect, found.outcome), headers=_NO_STORE)
    status = status_of(found.faults)
    headers = _NO_STORE
    if status in (429, 503):
        headers = (*_NO_STORE, (b"retry-after", b"%d" % found.retry_after))
    return Answer(refusal(dialect, found.faults), status=status, headers=headers)


async def _found(request: Request[Any, Any, Any], services: Services) -> Finding:
    try:
        inquiry = await _inquiry(request, services)
    except InquiryRefused as refused:
        return Finding(None, refused.faults)
    trial = services.verifier.trial(inquiry)
    if trial is not None:
        return _finding(trial, TEST_KEY)
    try:
        async with asyncio.timeout(services.limits.seconds):
            networks = partial(same_network, services.store, services.desk.signing)
            asker = await asyncio.to_thread(services.verifier.asker, inquiry, networks)
            if asker is None:
                return await _wrong_secret(request, services)
            asked = services.verifier.spend(inquiry, asker)
            if isinstance(asked, Fault):
                return _finding(asked, SITE)
            return await _spent(request, services, inquiry, asked)
    except (StoreUnavailable, TimeoutError) as error:
        # Closed: nobody is let in by an outage here. Sites that want it otherwise say so in their client.
        _log.warning("siteverify could not ask the store", extra={"error": str(error) or "timeout"})
        return Finding(None, (Fault.DEGRADED,))


async def _inquiry(request: Request[Any, Any, Any], services: Services) -> Inquiry:
    """The question of a request. Raises `InquiryRefused`."""
    headers = request.scope["headers"]
    if (header(headers, b"content-encoding") or "identity").strip().lower() != "identity":
        raise InquiryRefused(Fault.UNSUPPORTED)
    try:
        async with asyncio.timeout(services.limits.seconds):
            body = await read_body(headers, request.receive, BODY_BYTES)
    except TimeoutError:
        raise InquiryRefused(Fault.TOO_SLOW) from None
    except PlayproofError as error:
        if not isinstance(error, (TooLarge, RequestError)):
            raise
        raise InquiryRefused(Fault.TOO_LARGE if isinstance(error, TooLarge) else Fault.BAD_REQUEST) from None
    return read_inquiry(header(headers, b"content-type"), body)


async def _wrong_secret(request: Request[Any, Any, Any], services: Services) -> Finding:
    ferry: Ferry[Any] = request.app.state.ferry
    address = address_hash(services.desk.signing.address_key, services.proxies.address(request.scope))
    key = hashlib.sha256(framed("playproof/rate/1", "siteverify/secret", address)).digest()[:16]
    rate = Rate(key, FAILURES_WINDOW_MS, services.limits.wrong_secrets)
    over = await ferry.landed(services.store.challenges.count([rate]))
    if over is None:
        return Finding(None, (Fault.INVALID_SECRET,))
    left = FAILURES_WINDOW_MS - milliseconds(services.clock.now()) % FAILURES_WINDOW_MS
    return Finding(None, (Fault.TOO_MANY,), retry_after=-(-left // 1000))


async def _spent(request: Request[Any, Any, Any], services: Services, inquiry: Inquiry, asked: Future[Any]) -> Finding:
    ferry: Ferry[Any] = request.app.state.ferry
    spent = await ferry.landed(asked)
    if spent.outcome == "spent":
        age = milliseconds(services.clock.now()) - spent.token.issued_at
        services.metrics.observe("playproof_token_age_seconds", max(0.0, age / 1000.0))
    found = _finding(services.verifier.told(spent, inquiry), SITE)
    return found._replace(counted="repeated") if spent.outcome == "repeated" else found


def _finding(found: Outcome | Fault, source: str) -> Finding:
    if isinstance(found, Fault):
        return Finding(None, (found,), source=source)
    return Finding(found, counted=found.faults[0].value if found.faults else found.decision.value, source=source)
