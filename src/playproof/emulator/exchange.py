"""Reading requests and writing answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import msgspec
from litestar import Request, Response
from litestar.datastructures import UploadFile
from litestar.exceptions import HTTPException

from playproof.emulator.refusal import Refusal, invalid
from playproof.emulator.service import Emulated

Asked = Request[Any, Any, Any]
Reply = Response[bytes]
T = TypeVar("T")

DIRECT_BYTES = 30 * 1024**2
"""The largest file that is taken in directly."""
_FORM_BYTES = 64 * 1024
"""What the other parts of a form may add to it."""


def service(request: Asked) -> Emulated:
    """The service behind the routes."""
    found: Emulated = request.app.state.service
    return found


async def carry_out(request: Asked, work: Callable[[Emulated], T]) -> T:
    """Do `work` outside of the event loop, with nothing else going on in the service."""
    emulated = service(request)
    return await asyncio.to_thread(emulated.do, lambda: work(emulated))


def reply(shown: Any, status: int = 200) -> Reply:
    """A JSON answer."""
    return Response(msgspec.json.encode(shown), status_code=status, media_type="application/json")


def refuse(refusal: Refusal) -> Reply:
    """The answer to what was refused."""
    answer = reply({"detail": refusal.detail}, refusal.status)
    if refusal.final:
        answer.headers["x-should-retry"] = "false"
    if refusal.retry_after is not None:
        answer.headers["retry-after"] = f"{refusal.retry_after:g}"
    if refusal.status == 401:
        answer.headers["www-authenticate"] = "Bearer"
    return answer


async def read_json(request: Asked, kind: type[T]) -> T:
    """The JSON body as a `kind`. Raises `Refusal`."""
    try:
        return msgspec.json.decode(await request.body(), type=kind)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at ")
        raise invalid(path.strip("`$.") or "body", message) from error
    except msgspec.DecodeError as error:
        raise invalid("body", str(error)) from error


class Sent(NamedTuple):
    """A form with a file."""

    filename: str
    content: bytes
    fields: dict[str, str]

    def choice(self, field: str, choices: tuple[str, ...], default: str) -> Any:
        """One of `choices`. Raises `Refusal`."""
        value = self.fields.get(field) or default
        if value not in choices:
            raise invalid(field, f"must be one of {', '.join(choices)}")
        return value

    def truth(self, field: str) -> bool:
        """A flag, false when absent."""
        return self.fields.get(field, "").lower() in ("true", "1")


async def read_form(request: Asked) -> Sent:
    """The form and its file. Raises `Refusal`."""
    declared = request.headers.get("content-length", "0")
    if declared.isdigit() and int(declared) > DIRECT_BYTES + _FORM_BYTES:
        raise _too_large()
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise invalid("file", "Field required")
    try:
        form = await request.form()
    except HTTPException as error:
        raise Refusal(400, f"There was an error parsing the body: {error.detail}") from error
    file = form.get("file")
    if not isinstance(file, UploadFile):
        raise invalid("file", "Field required")
    content = await file.read()
    if len(content) > DIRECT_BYTES:
        raise _too_large()
    return Sent(file.filename, content, {name: value for name, value in form.items() if isinstance(value, str)})


def _too_large() -> Refusal:
    return Refusal(413, f"File too large: at most {DIRECT_BYTES // 1024**2} MB directly; upload it through a signed URL")


class Query:
    """The values of a query string."""

    def __init__(self, request: Asked) -> None:
        self._values = request.query_params

    def text(self, name: str) -> str | None:
        """The value, None when absent."""
        return self._values.get(name)

    def truth(self, name: str) -> bool:
        """A flag, false when absent."""
        return (self._values.get(name) or "").lower() in ("true", "1")

    def number(self, name: str, default: int, least: int, most: int) -> int:
        """A whole number within bounds. Raises `Refusal`."""
        text = self._values.get(name)
        if text is None:
            return default
        if not text.isascii() or not text.removeprefix("-").isdigit() or not least <= int(text) <= most:
            raise invalid(name, f"must be a whole number from {least} to {most}", where="query")
        return int(text)

    def names(self, name: str) -> list[str]:
        """A list, given as repeated values, as values with commas, or both."""
        return [part for value in self._values.getall(name, []) for part in value.split(",") if part]


def base_url(request: Asked) -> str:
    """Where the caller reached this server."""
    return f"{request.url.scheme}://{request.headers.get('host') or request.url.netloc}"
