"""The storage behind signed URLs: whoever has the URL may use it, and nobody else."""

from __future__ import annotations

from litestar import Response, get, put
from litestar.params import FromPath

from playproof.emulator import rows
from playproof.emulator.exchange import Asked, Reply, carry_out
from playproof.emulator.faults import DOWNLOAD, ROW_FAULTS
from playproof.emulator.parquet import write_parquet
from playproof.emulator.refusal import Refusal, missing
from playproof.emulator.results import MEDIA_TYPES, bend, write_file
from playproof.emulator.service import Emulated


def _check(service: Emulated, request: Asked) -> None:
    query = request.query_params
    if not service.core.signed(request.url.path, query.get("expires", ""), query.get("signature", "")):
        raise Refusal(403, "Request has expired, or was not signed here")


@put("/_storage/uploads/{job_id:str}", opt={"name": "uploads.put", "open": True})
async def upload(request: Asked, job_id: FromPath[str]) -> Reply:
    """Put an announced file."""
    content = await request.body()

    def work(service: Emulated) -> None:
        _check(service, request)
        service.datasets.receive(job_id, content)

    await carry_out(request, work)
    return Response(b"", status_code=200, media_type="text/plain")


@get("/_storage/results/{job_id:str}/inference", opt={"name": DOWNLOAD, "open": True})
async def inference(request: Asked, job_id: FromPath[str]) -> Reply:
    """The file of an inference job's result."""

    def work(service: Emulated) -> tuple[str, bytes]:
        _check(service, request)
        job = service.jobs.get(job_id)
        if job.order is None:
            raise missing("Result")
        result = service.inference.result(job)
        media_type = MEDIA_TYPES[job.order.output_type]
        if result is None:
            return media_type, b""
        result = bend(result, service.faults.hit(DOWNLOAD, None, ROW_FAULTS))
        return media_type, write_file(result, job.order.output_type, service.inference.envelope(job))

    media_type, content = await carry_out(request, work)
    return Response(content, status_code=200, media_type=media_type)


@get("/_storage/results/{job_id:str}/combined", opt={"name": "results.download_combined", "open": True})
async def combined(request: Asked, job_id: FromPath[str]) -> Reply:
    """The file of an inference job's input and result side by side, as Parquet."""

    def work(service: Emulated) -> bytes:
        _check(service, request)
        job = service.jobs.get(job_id)
        result, table = service.inference.result(job), service.inference.rows(job)
        if result is None or table is None:
            raise missing("Result")
        found = rows.joined(result, table)
        return write_parquet({name: [row[name] for row in found] for name in found[0]} if found else result.columns(), {})

    return Response(await carry_out(request, work), status_code=200, media_type="application/octet-stream")


ROUTES = (upload, inference, combined)
