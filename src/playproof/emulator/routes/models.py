"""Models: training and inference."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Response, delete, get, post
from litestar.params import FromPath

from playproof.emulator import views
from playproof.emulator.exchange import Asked, Query, Reply, Sent, carry_out, read_form, read_json, reply
from playproof.emulator.gate import bearer
from playproof.emulator.inference import Ask
from playproof.emulator.models import TrainingOrder
from playproof.emulator.records import AnomalyFormat, OutputType
from playproof.emulator.refusal import invalid, missing
from playproof.emulator.service import Emulated

_OUTPUTS = ("csv", "json", "parquet")
_FORMATS = ("ids_only", "per_row")


class Train(msgspec.Struct):
    """The body of a training call."""

    model_type: str
    dataset_id: str | None = None
    dataset_version_id: str | None = None
    input_columns: list[str] | None = None
    label_column: str | None = None
    model_id: str | None = None
    training_mode: str = "best"
    force_retrain: bool = False
    params: dict[str, Any] | None = None
    parent_job_id: str | None = None
    filters: list[Any] | None = None


class Batch(msgspec.Struct):
    """The body of a batch inference call."""

    dataset_id: str | None = None
    dataset_version_id: str | None = None
    model_version_id: str | None = None
    output_type: OutputType = "parquet"
    anomaly_format: AnomalyFormat = "ids_only"
    force_rerun: bool = False
    parent_job_id: str | None = None
    filters: list[Any] | None = None


def _no_chains(body: Train | Batch) -> None:
    if body.parent_job_id is not None or body.filters:
        raise invalid("parent_job_id", "this emulator does not chain jobs")


@post("/models/train", opt={"name": "models.train"})
async def train(request: Asked) -> Reply:
    """Begin to fit a model."""
    body = await read_json(request, Train)
    _no_chains(body)
    if body.label_column is not None:
        raise invalid("label_column", "not allowed for anomaly models")
    order = TrainingOrder(
        body.model_type,
        body.dataset_id,
        body.dataset_version_id,
        body.input_columns,
        body.model_id,
        body.force_retrain,
        body.training_mode,
    )
    key = bearer(request)
    return reply(await carry_out(request, lambda service: views.training(service.models.train(order, key))))


def _ask(request: Asked, model_id: str, sent: Sent) -> Ask:
    return Ask(
        model_id,
        sent.fields.get("model_version_id"),
        sent.choice("output_type", _OUTPUTS, "csv"),
        sent.choice("anomaly_format", _FORMATS, "ids_only"),
        bearer(request),
    )


@post("/models/{model_id:str}/infer", opt={"name": "models.infer"})
async def infer(request: Asked, model_id: FromPath[str]) -> Reply:
    """Score the rows of a file, and answer with the result."""
    sent = await read_form(request)
    ask = _ask(request, model_id, sent)
    answer = await carry_out(request, lambda service: service.inference.at_once(ask, sent.filename, sent.content))
    return Response(answer.content, status_code=200, media_type=answer.media_type)


@post("/models/{model_id:str}/infer-async", opt={"name": "models.infer_async"})
async def infer_async(request: Asked, model_id: FromPath[str]) -> Reply:
    """Begin to score the rows of a file."""
    sent = await read_form(request)
    ask = _ask(request, model_id, sent)
    return reply(
        await carry_out(request, lambda service: views.inference(service, service.inference.later(ask, sent.filename, sent.content)))
    )


@post("/models/{model_id:str}/infer-batch", opt={"name": "models.infer_batch"})
async def infer_batch(request: Asked, model_id: FromPath[str]) -> Reply:
    """Begin to score the rows of a dataset version."""
    body = await read_json(request, Batch)
    _no_chains(body)
    ask = Ask(model_id, body.model_version_id, body.output_type, body.anomaly_format, bearer(request))

    def work(service: Emulated) -> views.Shown:
        job = service.inference.stored(ask, body.dataset_id, body.dataset_version_id, force=body.force_rerun)
        return views.inference(service, job)

    return reply(await carry_out(request, work))


@get("/models", opt={"name": "models.list"})
async def listed(request: Asked) -> Reply:
    """Models, the newest first."""
    query = Query(request)
    limit = query.number("limit", 50, 1, 100)

    def work(service: Emulated) -> views.Shown:
        found, cursor = service.models.find(query.text("q"), limit, query.text("cursor"))
        return {"items": [views.model(service, one) for one in found], "next_cursor": cursor}

    return reply(await carry_out(request, work))


@get("/models/{model_id:str}", opt={"name": "models.retrieve"})
async def retrieve(request: Asked, model_id: FromPath[str]) -> Reply:
    """One model."""
    return reply(await carry_out(request, lambda service: views.model(service, service.models.get(model_id))))


@delete("/models/{model_id:str}", opt={"name": "models.delete"})
async def remove(request: Asked, model_id: FromPath[str]) -> None:
    """Delete a model and its versions."""
    await carry_out(request, lambda service: service.models.delete(model_id))


@get("/models/{model_id:str}/versions", opt={"name": "models.versions.list"})
async def versions(request: Asked, model_id: FromPath[str]) -> Reply:
    """The versions of a model, the newest first."""

    def work(service: Emulated) -> views.Shown:
        service.models.get(model_id)
        return {"items": [views.model_version(one) for one in service.models.versions(model_id)]}

    return reply(await carry_out(request, work))


@get("/models/{model_id:str}/versions/{version_id:str}", opt={"name": "models.versions.retrieve"})
async def version(request: Asked, model_id: FromPath[str], version_id: FromPath[str]) -> Reply:
    """One version of a model."""

    def work(service: Emulated) -> views.Shown:
        found = service.models.version(version_id)
        if found.model_id != model_id:
            raise missing("Model version")
        return views.model_version(found)

    return reply(await carry_out(request, work))


ROUTES = (train, infer, infer_async, infer_batch, listed, retrieve, remove, versions, version)
