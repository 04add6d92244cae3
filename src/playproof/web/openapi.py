"""The OpenAPI document: paths by hand, because bodies are decoded by hand; schemas from the types that are answered."""

from __future__ import annotations

import msgspec

from playproof import __version__
from playproof.decision import Verdict
from playproof.observe.health import Readiness
from playproof.telemetry import LIMITS
from playproof.web import batch_schema, challenge_schema, operator_schema, siteverify_schema
from playproof.web.operations import REF, Json, answer, problems, ref
from playproof.web.problems import Problem
from playproof.web.routes.operate import Health
from playproof.web.routes.score import DEMO_HEADER, REPLAYED_HEADER
from playproof.web.routes.sessions import Erased
from playproof.web.routes.training import Start, Versions
from playproof.web.session_schema import EXAMPLE_COLUMNS, EXAMPLE_ROWS, session_schemas
from playproof.web.training_schema import training_start, training_upload, training_versions
from playproof.woodwide.statements import Taken, VersionStatement

_ANSWERS = (
    Verdict,
    Readiness,
    Health,
    Erased,
    Problem,
    Taken,
    Start,
    VersionStatement,
    Versions,
    *batch_schema.ANSWERS,
    *challenge_schema.ANSWERS,
    *siteverify_schema.ANSWERS,
    *operator_schema.ANSWERS,
)


def openapi_document(max_body: int, max_upload: int) -> Json:
    """The document, for a service that takes bodies of at most `max_body` bytes, and files to train on of `max_upload`."""
    _, schemas = msgspec.json.schema_components(_ANSWERS, ref_template=REF)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "PlayProof",
            "version": __version__,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            "description": "Tells people from bots by how they move. Send the pointer's path of one short play, get a verdict. "
            "Errors are problem documents (RFC 9457) with a stable `type`.",
        },
        "tags": [{"name": name} for name in ("sessions", "batches", "challenges", "tokens", "training", "operation")],
        "paths": {
            "/api/v1/score": {"post": _score(max_body)},
            "/api/v1/sessions/{session_id}": {"get": _stored(), "delete": _erase()},
            **batch_schema.batch_paths(_SESSION_ID),
            **challenge_schema.challenge_paths(),
            **siteverify_schema.siteverify_paths(),
            **operator_schema.operator_paths(_SESSION_ID),
            "/api/v1/datasets/upload": {"post": training_upload(max_upload)},
            "/api/v1/training/start": {"post": training_start()},
            "/api/v1/training/{model_id}": {"get": training_versions()},
            "/health": {"get": _simple("health", "Does the process answer?", "Health")},
            "/ready": {"get": _ready()},
            "/metrics": {"get": _metrics()},
        },
        "components": {
            "schemas": {**schemas, **session_schemas()},
            "securitySchemes": {
                "apiKey": {"type": "http", "scheme": "bearer", "description": "An API key; not needed where none is set."},
                "adminKey": {"type": "http", "scheme": "bearer", "description": "The operator's key."},
                "metricsToken": {"type": "http", "scheme": "bearer", "description": "Not needed on the machine itself."},
            },
        },
    }


def _score(max_body: int) -> Json:
    return {
        "tags": ["sessions"],
        "operationId": "score",
        "summary": "Score a session",
        "description": "Answers once the verdict is on disk; with `useBatch` that is a preliminary one, with a place in the queue. A "
        "`preliminary` verdict becomes final later: read it again under its id. The "
        f"same `sessionId` with the same content answers the stored verdict again, with `{REPLAYED_HEADER}: true`; with other content it "
        f"is a conflict. The body may be {max_body} bytes long.",
        "security": [{"apiKey": []}, {}],
        "parameters": [
            {
                "name": DEMO_HEADER,
                "in": "header",
                "description": "`true` keeps the session apart from those of callers; the demo page sends it.",
                "schema": {"type": "string"},
            },
            {
                "name": "useBatch",
                "in": "query",
                "description": "As `options.useBatch` in the body. Both may be given if they agree.",
                "schema": {"type": "boolean"},
            },
        ],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": ref("Session"),
                    "examples": {"columns": {"value": EXAMPLE_COLUMNS}, "rows": {"value": EXAMPLE_ROWS}},
                }
            },
        },
        "responses": {
            "200": {
                "description": "The verdict, stored.",
                "headers": {REPLAYED_HEADER: {"description": "`true` where the verdict was stored before.", "schema": {"const": "true"}}},
                "content": {"application/json": {"schema": ref("Verdict")}},
            },
            "202": {
                "description": "The preliminary verdict, stored. The session is queued, or was before.",
                "headers": {
                    "Location": {"description": "Where the result is, and the session's place until then.", "schema": {"type": "string"}},
                    REPLAYED_HEADER: {"description": "`true` where it was queued before.", "schema": {"const": "true"}},
                },
                "content": {"application/json": {"schema": ref("Verdict")}},
            },
            **problems(400, 401, 403, 408, 409, 413, 415, 422, 500, 503, 504),
        },
    }


def _stored() -> Json:
    return {
        "tags": ["sessions"],
        "operationId": "getSession",
        "summary": "Read a stored verdict",
        "security": [{"apiKey": []}, {}],
        "parameters": [_SESSION_ID],
        "responses": {
            "200": answer("The verdict as it was answered, or the final one that followed a preliminary one.", "Verdict"),
            **problems(400, 401, 403, 404, 500, 503),
        },
    }


def _erase() -> Json:
    return {
        "tags": ["sessions"],
        "operationId": "eraseSession",
        "summary": "Erase a session everywhere",
        "description": "Removes verdict, features and telemetry stored under the id, whichever API key it came with.",
        "security": [{"adminKey": []}],
        "parameters": [_SESSION_ID],
        "responses": {"200": answer("What was erased.", "Erased"), **problems(400, 401, 403, 404, 500, 503)},
    }


def _ready() -> Json:
    operation = _simple("ready", "Could a verdict be given and stored now?", "Readiness")
    operation["responses"]["503"] = answer("Not now; the checks say why.", "Readiness")
    return operation


def _metrics() -> Json:
    return {
        "tags": ["operation"],
        "operationId": "metrics",
        "summary": "Metrics in Prometheus' text form",
        "security": [{"metricsToken": []}, {}],
        "responses": {
            "200": {"description": "All workers' counts.", "content": {"text/plain": {"schema": {"type": "string"}}}},
            **problems(400, 401, 403, 500),
        },
    }


def _simple(name: str, summary: str, schema: str) -> Json:
    return {
        "tags": ["operation"],
        "operationId": name,
        "summary": summary,
        "responses": {"200": answer("Yes.", schema), **problems(400, 403, 500)},
    }


_SESSION_ID: Json = {
    "name": "session_id",
    "in": "path",
    "required": True,
    "description": "As sent, or as the verdict told it; percent-encoded.",
    "schema": {"type": "string", "minLength": 1, "maxLength": LIMITS.id_characters},
}
