"""Batches in the OpenAPI document."""

from __future__ import annotations

from playproof.batch.scheduler import Processed
from playproof.batch.statements import QueueStatement, SchedulerStatement
from playproof.web.operations import Json, answer, problems, ref
from playproof.web.routes import batch
from playproof.web.routes.score import RESULT_PATH

ANSWERS = (
    batch.Queued,
    batch.ProcessOrder,
    batch.Nothing,
    batch.ClearOrder,
    batch.ExhumeOrder,
    batch.Switched,
    batch.ClearedQueue,
    batch.Graveyard,
    batch.Raised,
    Processed,
    QueueStatement,
    SchedulerStatement,
)
"""What is read and answered, for the schemas."""

_ADMIN: Json = {"tags": ["batches"], "security": [{"adminKey": []}]}
_LOOK_FAILURES = (400, 401, 403, 500, 503)
_ORDER_FAILURES = (400, 401, 403, 408, 413, 415, 422, 500, 503)


def batch_paths(session_id: Json) -> Json:
    """The paths under `/api/v1/batch/`; `session_id` is the parameter of that name."""
    page = {"in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": batch.LARGEST_PAGE, "default": batch.PAGE}}
    after = {"in": "query", "schema": {"type": "integer", "minimum": 0, "maximum": 2**63 - 1, "default": 0}}
    return {
        RESULT_PATH + "{session_id}": {
            "get": {
                "tags": ["batches"],
                "operationId": "getBatchResult",
                "summary": "Read the verdict on a session, or where in the queue it stands",
                "security": [{"apiKey": []}, {}],
                "parameters": [session_id],
                "responses": {
                    "200": answer("The verdict; with `fallbackReason: buried` where the session was given up.", "Verdict"),
                    "202": answer("It waits for a batch.", "Queued"),
                    **problems(400, 401, 403, 404, 410, 500, 503),
                },
            }
        },
        "/api/v1/batch/stats": {"get": _look("getBatchStats", "See how the queue and its scheduler stand", "QueueStatement")},
        "/api/v1/batch/process": {
            "post": _order(
                "processBatches",
                "Process what is queued now, however few",
                "Answers what was done. What is being processed already is left to whoever does.",
                "ProcessOrder",
                answer("What was done.", "Processed"),
            )
        },
        "/api/v1/batch/scheduler/status": {"get": _look("getScheduler", "See how the scheduler stands", "SchedulerStatement")},
        "/api/v1/batch/scheduler/start": {
            "post": _order(
                "startScheduler",
                "Have batches be formed on schedule",
                "In all processes, over restarts, until it is said otherwise.",
                "Nothing",
                answer("They are.", "Switched"),
            )
        },
        "/api/v1/batch/scheduler/stop": {
            "post": _order(
                "stopScheduler",
                "Have no batches be formed on schedule",
                "In no process, over restarts, until it is said otherwise. A batch that is under way is finished.",
                "Nothing",
                answer("None are.", "Switched"),
            )
        },
        "/api/v1/batch/clear": {
            "post": _order(
                "clearQueue",
                "Take everything out of the queue",
                "Verdicts become final as they are. Buried sessions can no longer be exhumed.",
                "ClearOrder",
                answer("What was taken out.", "ClearedQueue"),
                required=True,
            )
        },
        "/api/v1/batch/buried": {
            "get": {
                **_look("getBuried", "List the sessions that were given up", "Graveyard", 422),
                "parameters": [
                    {"name": "limit", "description": "So many at most.", **page},
                    {"name": "after", "description": "`next` of the page before.", **after},
                ],
            }
        },
        "/api/v1/batch/exhume": {
            "post": _order(
                "exhume",
                "Queue again what was given up",
                "Either some ids, or all. Verdicts are preliminary again, until the next batch.",
                "ExhumeOrder",
                answer("What was queued again.", "Raised"),
                required=True,
            )
        },
    }


def _look(name: str, summary: str, schema: str, *also: int) -> Json:
    responses = {"200": answer("So.", schema), **problems(*sorted((*_LOOK_FAILURES, *also)))}
    return {**_ADMIN, "operationId": name, "summary": summary, "responses": responses}


def _order(name: str, summary: str, description: str, schema: str, done: Json, *, required: bool = False) -> Json:
    return {
        **_ADMIN,
        "operationId": name,
        "summary": summary,
        "description": description,
        "requestBody": {"required": required, "content": {"application/json": {"schema": ref(schema)}}},
        "responses": {"200": done, **problems(*_ORDER_FAILURES)},
    }
