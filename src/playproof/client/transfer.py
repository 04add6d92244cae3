"""Between httpx and what the clients understand."""

from __future__ import annotations

from datetime import datetime

import httpx

from playproof import __version__
from playproof.client.answer import Reply, Trouble, Unanswered
from playproof.patience import retry_after

HEADERS = {"Content-Type": "application/json", "Accept": "application/json", "User-Agent": f"playproof-client/{__version__}"}


def reply_of(response: httpx.Response, body: bytes, now: datetime) -> Reply:
    """What came."""
    return Reply(response.status_code, body, retry_after(response.headers, now))


def trouble_of(error: httpx.RequestError) -> Unanswered:
    """Why nothing came."""
    if isinstance(error, httpx.TimeoutException):
        return Unanswered(Trouble.TIMEOUT)
    return Unanswered(Trouble.UNREACHABLE if isinstance(error, httpx.TransportError) else Trouble.MISUNDERSTOOD)
