"""Training in the OpenAPI document."""

from __future__ import annotations

from playproof.web.operations import Json, answer, problems, ref
from playproof.web.routes.training import LONGEST_NAME
from playproof.woodwide.supply import TRAINING_DATASET

_NAME: Json = {
    "name": "name",
    "in": "query",
    "description": f"The dataset at Woodwide, `{TRAINING_DATASET}` where absent; another upload to it is a new version of it.",
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_NAME, "pattern": "^[ -~]+$"},
}
_MODEL: Json = {
    "name": "model_id",
    "in": "path",
    "required": True,
    "description": "Woodwide's id of the model.",
    "schema": {"type": "string", "minLength": 1, "pattern": "^mdl_[A-Za-z0-9]+$"},
}
_FAILURES = (400, 401, 403, 408, 413, 415, 422, 500, 502, 503)


def training_upload(max_upload: int) -> Json:
    """`POST /api/v1/datasets/upload`."""
    return {
        "tags": ["training"],
        "operationId": "uploadSessions",
        "summary": "Upload people's sessions to train on",
        "description": "One session a line, as `POST /api/v1/score` takes it, with `labels` or without. Bots and sessions that show too "
        "little are left out and counted; some of the people are kept out to calibrate with. Answers when Woodwide has the rows. The "
        f"body may be {max_upload} bytes long.",
        "security": [{"adminKey": []}],
        "parameters": [_NAME],
        "requestBody": {"required": True, "content": {"application/x-ndjson": {"schema": {"type": "string"}}}},
        "responses": {"202": answer("It is taken in by and by.", "Taken"), **problems(*_FAILURES)},
    }


def training_start() -> Json:
    """`POST /api/v1/training/start`."""
    return {
        "tags": ["training"],
        "operationId": "startTraining",
        "summary": "Train a hosted model on an upload",
        "description": "The version is calibrated by itself when it is trained. A training of the upload that is under way is answered "
        "instead of begun again.",
        "security": [{"adminKey": []}],
        "requestBody": {"required": True, "content": {"application/json": {"schema": ref("Start")}}},
        "responses": {"202": answer("It is being trained.", "VersionStatement"), **problems(404, 409, *_FAILURES)},
    }


def training_versions() -> Json:
    """`GET /api/v1/training/{model_id}`."""
    return {
        "tags": ["training"],
        "operationId": "getTraining",
        "summary": "See how the versions of a model stand",
        "security": [{"adminKey": []}],
        "parameters": [_MODEL],
        "responses": {"200": answer("The newest first.", "Versions"), **problems(400, 401, 403, 404, 500, 503)},
    }
