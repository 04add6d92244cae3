"""Datasets: uploads, versions, looks into them."""

from __future__ import annotations

import hashlib

import msgspec
from litestar import delete, get, patch, post
from litestar.params import FromPath

from playproof.emulator import views
from playproof.emulator.datasets import Upload
from playproof.emulator.exchange import Asked, Query, Reply, base_url, carry_out, read_form, read_json, reply
from playproof.emulator.gate import bearer
from playproof.emulator.refusal import invalid, missing
from playproof.emulator.service import Emulated

MOST_IDS = 256
MOST_UPLOAD_BYTES = 512 * 1024**2


class Announced(msgspec.Struct):
    """The file of a signed upload."""

    filename: str
    bytes: int
    content_type: str = "application/octet-stream"


class Prepare(msgspec.Struct):
    """The body of an announcement."""

    file: Announced
    dataset_id: str | None = None
    dataset_name: str | None = None
    description: str | None = None
    override: bool = False


class Change(msgspec.Struct):
    """The body of an update."""

    name: str | None = None
    description: str | None = None


class Lookup(msgspec.Struct):
    """The body of a lookup."""

    ids: list[int]


@post("/datasets", opt={"name": "datasets.create"})
async def create(request: Asked) -> Reply:
    """Upload a file: a new dataset, or a new version of one."""
    sent = await read_form(request)
    fields = sent.fields
    upload = Upload(
        sent.filename, fields.get("dataset_id"), fields.get("dataset_name"), fields.get("description"), override=sent.truth("override")
    )
    key = bearer(request)
    return reply(await carry_out(request, lambda service: views.submission(service.datasets.create(upload, sent.content, key))))


@post("/datasets/upload", opt={"name": "datasets.upload"})
async def prepare(request: Asked) -> Reply:
    """Announce a file; the answer says where to put it."""
    body = await read_json(request, Prepare)
    if not 0 < body.file.bytes <= MOST_UPLOAD_BYTES:
        raise invalid("file.bytes", f"must be from 1 to {MOST_UPLOAD_BYTES}")
    upload = Upload(body.file.filename, body.dataset_id, body.dataset_name, body.description, override=body.override)
    name = request.headers.get("idempotency-key")
    idempotency = (name, hashlib.sha256(msgspec.json.encode(body)).hexdigest()) if name else None
    key = bearer(request)
    base = base_url(request)

    def work(service: Emulated) -> views.Shown:
        made = service.datasets.prepare(upload, idempotency, key)
        expired = bool(service.faults.hit("datasets.upload", key, ("expired_url",)))
        url = base + service.core.sign(f"/_storage/uploads/{made.job.id}", expired=expired)
        return {**views.submission(made), "upload": {**msgspec.structs.asdict(body.file), "upload_url": url}}

    return reply(await carry_out(request, work))


@post("/datasets/{version_id:str}/complete", opt={"name": "datasets.complete"})
async def complete(request: Asked, version_id: FromPath[str]) -> Reply:
    """Say that the announced file is there."""
    key = bearer(request)
    return reply(await carry_out(request, lambda service: views.submission(service.datasets.complete(version_id, key))))


@get("/datasets", opt={"name": "datasets.list"})
async def listed(request: Asked) -> Reply:
    """Datasets, the newest first."""
    query = Query(request)
    limit = query.number("limit", 50, 1, 200)

    def work(service: Emulated) -> views.Shown:
        found, cursor = service.datasets.find(query.text("q"), limit, query.text("cursor"), archived=query.truth("include_archived"))
        return {"items": [views.dataset(service, one) for one in found], "next_cursor": cursor}

    return reply(await carry_out(request, work))


@get("/datasets/{dataset_id:str}", opt={"name": "datasets.retrieve"})
async def retrieve(request: Asked, dataset_id: FromPath[str]) -> Reply:
    """One dataset."""
    archived = Query(request).truth("include_archived")
    return reply(await carry_out(request, lambda service: views.dataset(service, service.datasets.get(dataset_id, archived=archived))))


@patch("/datasets/{dataset_id:str}", opt={"name": "datasets.update"})
async def update(request: Asked, dataset_id: FromPath[str]) -> Reply:
    """Rename or describe a dataset."""
    body = await read_json(request, Change)
    return reply(
        await carry_out(request, lambda service: views.dataset(service, service.datasets.update(dataset_id, body.name, body.description)))
    )


@delete("/datasets/{dataset_id:str}", opt={"name": "datasets.delete"})
async def remove(request: Asked, dataset_id: FromPath[str]) -> None:
    """Put a dataset away; its files are gone for good."""
    await carry_out(request, lambda service: service.datasets.archive(dataset_id))


@get("/datasets/{dataset_id:str}/preview", opt={"name": "datasets.retrieve_preview"})
async def preview(request: Asked, dataset_id: FromPath[str]) -> Reply:
    """The first rows of the latest version that is ready."""
    rows = Query(request).number("max_rows", 10, 1, 100)

    def work(service: Emulated) -> views.Shown:
        table = service.datasets.table(service.datasets.usable(dataset_id, None))
        return {"headers": table.headers(), "rows": [table.row(index) for index in range(min(rows, table.rows))]}

    return reply(await carry_out(request, work))


@post("/datasets/{dataset_id:str}/rows:lookup", opt={"name": "datasets.rows_lookup"})
async def lookup(request: Asked, dataset_id: FromPath[str]) -> Reply:
    """Rows by their index; those that are not there are left out."""
    body = await read_json(request, Lookup)
    if len(body.ids) > MOST_IDS:
        raise invalid("ids", f"at most {MOST_IDS} ids a call")

    def work(service: Emulated) -> views.Shown:
        table = service.datasets.table(service.datasets.usable(dataset_id, None))
        wanted = [index for index in dict.fromkeys(body.ids) if 0 <= index < table.rows]
        return {"headers": table.headers(), "rows": [table.row(index) for index in wanted]}

    return reply(await carry_out(request, work))


@get("/datasets/{dataset_id:str}/models", opt={"name": "datasets.retrieve_models"})
async def fitted(request: Asked, dataset_id: FromPath[str]) -> Reply:
    """Models fitted to the dataset."""
    limit = Query(request).number("limit", 200, 1, 200)

    def work(service: Emulated) -> views.Shown:
        found, cursor = service.models.of_dataset(dataset_id, limit)
        return {"items": [views.model(service, one) for one in found], "next_cursor": cursor}

    return reply(await carry_out(request, work))


@get("/datasets/{dataset_id:str}/versions", opt={"name": "datasets.versions.list"})
async def versions(request: Asked, dataset_id: FromPath[str]) -> Reply:
    """The versions of a dataset, the newest first."""
    archived = Query(request).truth("include_archived")

    def work(service: Emulated) -> views.Shown:
        service.datasets.get(dataset_id, archived=archived)
        return {"items": [views.dataset_version(service, one) for one in service.datasets.versions(dataset_id)]}

    return reply(await carry_out(request, work))


@get("/datasets/{dataset_id:str}/versions/{version_id:str}", opt={"name": "datasets.versions.retrieve"})
async def version(request: Asked, dataset_id: FromPath[str], version_id: FromPath[str]) -> Reply:
    """One version of a dataset."""
    archived = Query(request).truth("include_archived")

    def work(service: Emulated) -> views.Shown:
        service.datasets.get(dataset_id, archived=archived)
        found = service.datasets.version(version_id)
        if found.dataset_id != dataset_id:
            raise missing("Dataset version")
        return views.dataset_version(service, found)

    return reply(await carry_out(request, work))


ROUTES = (create, prepare, complete, listed, retrieve, update, remove, preview, lookup, fitted, versions, version)
