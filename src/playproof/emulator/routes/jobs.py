"""Jobs: their states, and what they found."""

from __future__ import annotations

import msgspec
from litestar import get, post
from litestar.params import FromPath

from playproof.emulator import rows, views
from playproof.emulator.exchange import Asked, Query, Reply, base_url, carry_out, reply
from playproof.emulator.faults import PAGE, ROW_FAULTS
from playproof.emulator.gate import bearer
from playproof.emulator.records import Job
from playproof.emulator.refusal import Refusal
from playproof.emulator.results import bend, summary
from playproof.emulator.service import Emulated

_FILTERS = ("status", "type", "model_id", "model_version_id", "dataset_version_id")


@get("/jobs", opt={"name": "jobs.list"})
async def listed(request: Asked) -> Reply:
    """Jobs, the newest first."""
    query = Query(request)
    limit = query.number("limit", 50, 1, 200)
    filters = {name: value for name in _FILTERS if (value := query.text(name))}

    def work(service: Emulated) -> views.Shown:
        found, cursor = service.jobs.find(filters, limit, query.text("cursor"))
        return {"items": [views.job(service, one) for one in found], "next_cursor": cursor}

    return reply(await carry_out(request, work))


@get("/jobs/{job_id:str}", opt={"name": "jobs.retrieve"})
async def retrieve(request: Asked, job_id: FromPath[str]) -> Reply:
    """One job."""
    return reply(await carry_out(request, lambda service: views.job_detail(service, service.jobs.get(job_id))))


@post("/jobs/{job_id:str}/cancel", opt={"name": "jobs.cancel"})
async def cancel(request: Asked, job_id: FromPath[str]) -> Reply:
    """End a job, where it has not ended."""
    job = await carry_out(request, lambda service: service.jobs.cancel(job_id))
    return reply({"id": job.id, "job_id": job.id, "status": job.status})


@post("/jobs/{job_id:str}/retry", opt={"name": "jobs.retry"})
async def retry(request: Asked, job_id: FromPath[str]) -> Reply:
    """Do a failed job again, as a new one."""
    key = bearer(request)
    job = await carry_out(request, lambda service: service.retry(job_id, key))
    return reply({"id": job.id, "job_id": job.id, "status": job.status})


@get("/jobs/{job_id:str}/results", opt={"name": "jobs.retrieve_results"})
async def results(request: Asked, job_id: FromPath[str]) -> Reply:
    """What a job found, as signed URLs and figures."""
    base = base_url(request)
    key = bearer(request)
    return reply(await carry_out(request, lambda service: _results(service, service.jobs.get(job_id), base, key)))


def _results(service: Emulated, job: Job, base: str, key: str | None) -> views.Shown:
    if job.status != "succeeded":
        raise Refusal(409, f"results are there once the job succeeded; it is {job.status}", final=True)
    shown: views.Shown = {"job_type": job.type, "row_paginatable": False}
    if job.type == "dataset_ingest" and job.dataset_version_id is not None:
        made = service.datasets.version(job.dataset_version_id)
        figures = {"row_count": made.row_count, "byte_size": made.byte_size, "schema_json": made.schema_json}
        return {**shown, "dataset_ingest_results": figures}
    if job.type == "train" and job.model_version_id is not None:
        return {**shown, "training_results": {"metrics": service.models.version(job.model_version_id).metrics}}
    if job.type != "infer_batch":
        return shown
    expired = bool(service.faults.hit("jobs.retrieve_results", key, ("expired_url",)))
    result = service.inference.result(job)
    per_row = result is not None and result.anomaly_format == "per_row" and service.inference.rows(job) is not None
    inference, combined = (
        base + service.core.sign(f"/_storage/results/{job.id}/{kind}", expired=expired) for kind in ("inference", "combined")
    )
    return {
        **shown,
        "inference_results_uri": inference,
        "combined_results_uri": combined if per_row else None,
        "row_paginatable": True,
        "summary": summary(result) if result else None,
        "descriptions": {"anomaly_descriptions": msgspec.json.encode(result.descriptions).decode()} if result else None,
    }


@get("/jobs/{job_id:str}/results/rows", opt={"name": PAGE})
async def result_rows(request: Asked, job_id: FromPath[str]) -> Reply:
    """A page of what an inference job found, beside what it was given."""
    query = Query(request)
    wanted = rows.Query(
        limit=min(query.number("limit", 50, 1, 1_000_000), rows.MOST_ROWS),
        offset=query.number("offset", 0, 0, 1_000_000_000),
        columns=query.names("columns"),
        search=query.text("search"),
        filter_column=query.text("filter_column"),
        filter_value=query.text("filter_value"),
        sort_by=query.text("sort_by"),
        descending=(query.text("sort_dir") or "").lower() == "desc",
    )
    key = bearer(request)

    def work(service: Emulated) -> views.Shown:
        job = service.jobs.get(job_id)
        if job.type != "infer_batch":
            raise Refusal(404, "this job has no result rows")
        result = service.inference.result(job)
        if result is not None:
            result = bend(result, service.faults.hit(PAGE, key, ROW_FAULTS))
        return rows.page(result, service.inference.rows(job), wanted)

    return reply(await carry_out(request, work))


ROUTES = (listed, retrieve, cancel, retry, results, result_rows)
