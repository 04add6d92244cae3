"""Questions about tokens in the OpenAPI document."""

from __future__ import annotations

from playproof.tokens.dialects import Reasoned, Refusal, Scored, Siteverify
from playproof.tokens.faults import FAULTS, PATHS, Dialect
from playproof.tokens.inquiry import BODY_BYTES, FORM, JSON, LONGEST_FIELD
from playproof.web.operations import Json, problems, ref

ANSWERS = (Siteverify, Scored, Reasoned, Refusal)
"""What is answered, for the schemas."""

_UUID = "^([0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})?$"

_FIELDS: Json = {
    "secret": {"description": "The site's secret, or that of a test key."},
    "response": {"description": "The token: what the form's field `playproof-response` holds."},
    "remoteip": {"maxLength": LONGEST_FIELD, "description": "The address that the form came from."},
    "idempotency_key": {"pattern": _UUID, "description": "The question asked again with the same key gets the same answer."},
    "sitekey": {"maxLength": LONGEST_FIELD, "description": "The site that the token is expected to be for."},
    "expected_action": {"maxLength": LONGEST_FIELD},
    "expected_hostname": {"maxLength": LONGEST_FIELD},
}
_KINDS = {Dialect.RECAPTCHA: "Scored", Dialect.HCAPTCHA: "Reasoned"}
_NAMES = {
    Dialect.PLAYPROOF: "our own words",
    Dialect.TURNSTILE: "the words of Cloudflare Turnstile",
    Dialect.RECAPTCHA: "the words of reCAPTCHA: `score` 1 is human",
    Dialect.HCAPTCHA: "the words of hCaptcha: `score` 1 is a bot",
}


def siteverify_paths() -> Json:
    """The five paths."""
    return {path: {"post": _siteverify(path, dialect)} for path, dialect in PATHS.items()}


def _siteverify(path: str, dialect: Dialect) -> Json:
    words = path.strip("/").replace("api/v1/", "").replace("/", " ").title().replace(" ", "")
    return {
        "tags": ["tokens"],
        "operationId": words[0].lower() + words[1:],
        "summary": f"Ask what a token is worth, in {_NAMES[dialect]}",
        "description": f"For backends of sites; a page that knows the secret has given it away. Asking spends the token. Absent, empty "
        f"and null are the same. The body may be {BODY_BYTES} bytes long; a form may also be sent as `multipart/form-data`.",
        "requestBody": {
            "required": True,
            "content": {
                JSON: {
                    "schema": {
                        "type": "object",
                        "properties": {name: {"type": ["string", "null"], **more} for name, more in _FIELDS.items()},
                    }
                },
                FORM: {"schema": {"type": "object", "properties": {name: {"type": "string", **more} for name, more in _FIELDS.items()}}},
            },
        },
        "responses": {
            "200": {
                "description": "What it is worth, or why that cannot be said.",
                "content": {JSON: {"schema": {"anyOf": [ref(_KINDS.get(dialect, "Siteverify")), ref("Refusal")]}}},
            },
            **{str(status): _refusal(status) for status in sorted({told.status for told in FAULTS.values()} - {200})},
            **problems(403, 500),
        },
    }


def _refusal(status: int) -> Json:
    meanings = [told.meaning for told in FAULTS.values() if told.status == status]
    said: Json = {
        "description": "  \n".join(f"{meaning[0].upper()}{meaning[1:]}." for meaning in meanings),
        "content": {JSON: {"schema": ref("Refusal")}},
    }
    if status in (400, 503):
        said["content"] |= problems(status)[str(status)]["content"]
    if status in (429, 503):
        said["headers"] = {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}}
    return said
