"""Challenges in the OpenAPI document."""

from __future__ import annotations

from playproof.challenges import Answer, Batch, View
from playproof.verification.reception import TollView
from playproof.verification.toll import Toll
from playproof.web.operations import Json, answer, problems, ref
from playproof.web.routes import challenges

_OURS = (challenges.Begin, challenges.AskToll, challenges.End, challenges.TokenView, challenges.TrialView)
ANSWERS = (*_OURS, Batch, Answer, View, TollView, Toll)
"""What is read and answered, for the schemas."""

_CHALLENGE_ID: Json = {"name": "challenge_id", "in": "path", "required": True, "schema": {"type": "string"}}
_FAILURES = (400, 404, 408, 409, 410, 413, 415, 422, 429, 500, 503, 504)


def challenge_paths() -> Json:
    """The paths under `/api/v1/challenges`."""
    issued = {"oneOf": [ref("View"), ref("TollView"), ref("TrialView")]}
    return {
        "/api/v1/challenges": {
            "post": {
                **_post("beginChallenge", "Begin a challenge", "For pages of a site, by sitekey and Origin header.", "Begin"),
                "responses": {
                    "201": {"description": "The challenge.", "content": {"application/json": {"schema": issued}}},
                    **problems(400, 403, 404, 408, 413, 415, 422, 429, 500, 503, 504),
                },
            }
        },
        "/api/v1/challenges/{challenge_id}/events": {
            "post": {
                **_post("playChallenge", "Hand over events, and see what comes next", "Each has the receipt before.", "Batch"),
                **_told("Where the challenge stands.", "Answer"),
            }
        },
        "/api/v1/challenges/{challenge_id}/pow": {
            "post": {
                **_post("getToll", "See what a play by finger, pen or keyboard costs", "To be worked out while it is played.", "AskToll"),
                **_told("Proof of work, by the protocol of ALTCHA.", "Toll"),
            }
        },
        "/api/v1/challenges/{challenge_id}/finish": {
            "post": {
                **_post(
                    "finishChallenge",
                    "End a challenge",
                    "Answers a token, whatever came of it; the same one where it is said again with the same receipt.",
                    "End",
                ),
                **_told("The token.", "TokenView"),
            }
        },
    }


def _post(name: str, summary: str, description: str, body: str) -> Json:
    return {
        "tags": ["challenges"],
        "operationId": name,
        "summary": summary,
        "description": description,
        "security": [],
        "requestBody": {"required": True, "content": {"application/json": {"schema": ref(body)}}},
    }


def _told(description: str, schema: str) -> Json:
    return {"parameters": [_CHALLENGE_ID], "responses": {"200": answer(description, schema), **problems(*_FAILURES)}}
