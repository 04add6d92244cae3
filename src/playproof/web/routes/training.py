"""`/api/v1/datasets/upload` and `/api/v1/training/*`: training a hosted model, for whoever has the admin key."""

from __future__ import annotations

import asyncio
import tempfile
from typing import Any, BinaryIO, Literal, cast
from urllib.parse import parse_qsl

import msgspec
from litestar import Request, get, post

from playproof.errors import HostedNotConfigured, InputError, InvalidRequest, ModelNotFound, StoreUnavailable, TooLarge, UploadNotReady
from playproof.telemetry import decode_recorded
from playproof.telemetry.stream import read_sessions
from playproof.web.answer import Answer, json
from playproof.web.body import decode_json, header, read_body, read_into, require_json, require_lines
from playproof.web.problems import RequestError, RequestTimeout
from playproof.web.services import Services
from playproof.woodwide.corpus import Corpus, Gatherer
from playproof.woodwide.following import Follower
from playproof.woodwide.statements import VersionStatement, taken_statement, version_statement
from playproof.woodwide.supply import TRAINING_DATASET

LONGEST_NAME = 128
START_BYTES = 4096
"""Of a body that asks for a training."""
ORIGIN = "upload"
"""The source of sessions whose labels name none."""


class Start(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """What is asked for in a training."""

    upload_id: str | None = None
    """What to train on; the latest upload where absent."""
    mode: Literal["best", "fast"] = "best"
    """`fast` stops earlier for a shorter training."""
    model_id: str | None = None
    """Make a new version of this model, which keeps its mode; a new model where absent."""


class Versions(msgspec.Struct, frozen=True, rename="camel"):
    """A model's versions."""

    model_id: str
    versions: tuple[VersionStatement, ...]
    """The newest first. The newest that is ready scores sessions."""


def _admitted(request: Request[Any, Any, Any]) -> Services:
    services: Services = request.app.state.services
    services.keys.require_admin(header(request.scope["headers"], b"authorization"))
    return services


def _follower(services: Services) -> Follower:
    if services.training is None:
        raise HostedNotConfigured
    return services.training


@post("/api/v1/datasets/upload", status_code=202)
async def upload(request: Request[Any, Any, Any]) -> Answer:
    """Take labelled sessions to train on; answers when Woodwide has them. What follows goes on by itself."""
    services = _admitted(request)
    headers = request.scope["headers"]
    follower = _follower(services)
    require_lines(headers)
    name = _name(request.scope["query_string"])
    with tempfile.TemporaryFile() as file:
        spooled = cast("BinaryIO", file)
        try:
            await read_into(spooled, headers, request.receive, services.limits.upload_bytes, services.limits.seconds)
        except OSError as error:
            raise StoreUnavailable(f"the sessions cannot be kept while they are read: {error.strerror}") from error
        corpus = await asyncio.to_thread(_gathered, spooled)
    trainer = await follower.trainer()
    planned = await trainer.supply.plan(corpus, name, follower.live)
    sent = await trainer.supply.sent(planned.id)
    follower.hurry()
    return json(taken_statement(sent, corpus), status=202)


@post("/api/v1/training/start", status_code=202)
async def start(request: Request[Any, Any, Any]) -> Answer:
    """Begin to train; the version is calibrated by itself when it is trained."""
    services = _admitted(request)
    headers = request.scope["headers"]
    follower = _follower(services)
    require_json(headers)
    limits = services.limits
    try:
        async with asyncio.timeout(limits.seconds):
            body = await read_body(headers, request.receive, START_BYTES)
    except TimeoutError:
        raise RequestTimeout(f"the body did not arrive within {limits.seconds:g} s") from None
    wanted = decode_json(body, Start)
    trainer = await follower.trainer()
    try:
        async with asyncio.timeout(limits.seconds):
            record = await trainer.begin(wanted.upload_id, mode=wanted.mode, model_id=wanted.model_id)
    except TimeoutError:
        raise UploadNotReady(f"Woodwide has not taken the upload in within {limits.seconds:g} s; ask again later") from None
    follower.hurry()
    return json(version_statement(record), status=202)


@get("/api/v1/training/{model_id:str}")
async def versions(request: Request[Any, Any, Any]) -> Answer:
    """How the versions of a model stand."""
    services = _admitted(request)
    model_id = request.path_params["model_id"]
    records = await asyncio.to_thread(services.store.hosted.models, model_id)
    if not records:
        raise ModelNotFound(f"no model {model_id!r} was trained from here")
    return json(Versions(model_id, tuple(map(version_statement, records))))


def _name(query: bytes) -> str:
    """What `name` the query asks for. Raises `RequestError`."""
    names = [value for key, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True) if key == "name"]
    if not names:
        return TRAINING_DATASET
    if len(names) > 1 or not 0 < len(names[0]) <= LONGEST_NAME or not (names[0].isascii() and names[0].isprintable()):
        raise RequestError(f"name is one text of 1 to {LONGEST_NAME} visible ASCII characters and spaces")
    return names[0]


def _gathered(file: BinaryIO) -> Corpus:
    """The sessions in `file`. Raises `InvalidRequest` or `TooLarge` for the first line that is none, `CorpusRefused`."""
    file.seek(0)
    if file.read(2) == b"\x1f\x8b":
        raise InvalidRequest("the body is compressed", expected="JSON Lines, not compressed")
    file.seek(0)
    gatherer = Gatherer()
    for line, content in read_sessions(file):
        try:
            if isinstance(content, InputError):
                raise content
            session, labels = decode_recorded(content)
        except InputError as error:
            kind = TooLarge if isinstance(error, TooLarge) else InvalidRequest
            raise kind(f"line {line}: {error.message}", path=error.path, expected=error.expected) from None
        gatherer.add(session, labels, ORIGIN)
    return gatherer.corpus()
