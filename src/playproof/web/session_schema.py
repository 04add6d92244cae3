"""The wire forms of a session as JSON Schema, for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from playproof.telemetry import LIMITS

Json = dict[str, Any]

_PRINTABLE = r"^[^\u0000-\u001f\u007f-\u009f]*$"
_NUMBER: Json = {"type": "number"}
_FLAG: Json = {"enum": [0, 1, False, True, None]}
_COUNT: Json = {"type": ["integer", "null"], "minimum": 0, "maximum": 2**53 - 1}


def _text(most: int, description: str, least: int = 0) -> Json:
    return {
        "type": ["string", "null"],
        "minLength": least,
        "maxLength": most,
        "pattern": _PRINTABLE,
        "description": description,
    }


def _columns(what: str, most: int, flag: str, meaning: str) -> Json:
    numbers = {"type": "array", "items": _NUMBER, "maxItems": most}
    return {
        "type": "object",
        "description": f"{what} as columns of equal length: the compact form.",
        "required": ["t", "x", "y"],
        "properties": {
            "t": {**numbers, "description": "Milliseconds, from any start."},
            "x": {**numbers, "description": "CSS pixels, to the right."},
            "y": {**numbers, "description": "CSS pixels, downwards."},
            flag: {"type": ["array", "null"], "items": _FLAG, "maxItems": most, "description": meaning},
        },
    }


def _rows(what: str, most: int, flag: str, meaning: str) -> Json:
    return {
        "type": "array",
        "description": f"{what} as rows: the older form.",
        "maxItems": most,
        "items": {
            "type": "object",
            "required": ["x", "y", "timestamp"],
            "properties": {
                "x": {**_NUMBER, "description": "CSS pixels, to the right."},
                "y": {**_NUMBER, "description": "CSS pixels, downwards."},
                "timestamp": {**_NUMBER, "description": "Milliseconds, from any start."},
                flag: {"type": ["boolean", "null"], "description": meaning},
            },
        },
    }


def session_schemas() -> Json:
    """The schema of a session and of the parts it is made of, by name."""
    trusted = "Whether the browser vouches for the event; absent is unknown, not true."
    hit = "What the client claims; never evidence."
    return {
        "Session": {
            "type": "object",
            "description": "One play, in either form. Fields that are not known are ignored, `null` is the same as absent.",
            "required": ["movements"],
            "properties": {
                "sessionId": _text(LIMITS.id_characters, "Made by the server where absent.", least=1),
                "gameType": _text(LIMITS.name_characters, "`targets` where targets are clicked; `unknown` where absent."),
                "deviceType": _text(LIMITS.name_characters, "mouse, touch, trackpad, stylus, keyboard, unknown, or anything else."),
                "durationMs": {"type": ["number", "null"], "minimum": 0, "description": "The last time where absent."},
                "movements": {"anyOf": [_ref("MovementColumns"), _ref("MovementRows")]},
                "clicks": {"anyOf": [_ref("ClickColumns"), _ref("ClickRows"), {"type": "null"}]},
                "hits": {**_COUNT, "description": hit},
                "misses": {**_COUNT, "description": hit},
                "options": {
                    "type": ["object", "null"],
                    "additionalProperties": False,
                    "properties": {
                        "useBatch": {
                            "type": ["boolean", "null"],
                            "description": "Answer a preliminary verdict and queue the session for a batch, which makes it final.",
                        }
                    },
                },
            },
        },
        "MovementColumns": _columns("Movements", LIMITS.movements, "trusted", trusted),
        "MovementRows": _rows("Movements", LIMITS.movements, "isTrusted", trusted),
        "ClickColumns": _columns("Clicks", LIMITS.clicks, "hit", hit),
        "ClickRows": _rows("Clicks", LIMITS.clicks, "targetHit", hit),
    }


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


EXAMPLE_COLUMNS: Json = {
    "gameType": "targets",
    "deviceType": "mouse",
    "movements": {"t": [0, 8.1, 16.4, 24.2], "x": [412, 415, 421, 430], "y": [300, 300, 298, 295]},
    "clicks": {"t": [24.2], "x": [430], "y": [295], "hit": [1]},
}
EXAMPLE_ROWS: Json = {
    "gameType": "targets",
    "deviceType": "mouse",
    "movements": [{"x": 412, "y": 300, "timestamp": 0, "isTrusted": True}, {"x": 415, "y": 300, "timestamp": 8.1, "isTrusted": True}],
    "clicks": [{"x": 415, "y": 300, "timestamp": 8.1, "targetHit": True}],
}
