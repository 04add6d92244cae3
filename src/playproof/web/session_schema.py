"""The two wire forms of a session as JSON Schema, for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from playproof.telemetry import LIMITS

Json = dict[str, Any]

_FINITE: Json = {"type": "number", "minimum": -1e12, "maximum": 1e12}
_FLAG: Json = {"enum": [0, 1]}


def _column(items: Json, most: int) -> Json:
    return {"type": "array", "items": items, "maxItems": most}


def _columns(most: int, flag: str) -> Json:
    return {
        "type": "object",
        "description": "Columns of equal length.",
        "required": ["t", "x", "y"],
        "properties": {**{name: _column(_FINITE, most) for name in "txy"}, flag: _column(_FLAG, most)},
    }


def _rows(most: int, flag: str) -> Json:
    return {
        "type": "array",
        "maxItems": most,
        "items": {
            "type": "object",
            "required": ["x", "y", "timestamp"],
            "properties": {"x": _FINITE, "y": _FINITE, "timestamp": _FINITE, flag: {"type": "boolean"}},
        },
    }


def _session(movements: Json, clicks: Json) -> Json:
    name = {"type": "string", "maxLength": LIMITS.name_characters}
    return {
        "type": "object",
        "required": ["movements"],
        "properties": {
            "sessionId": {"type": "string", "minLength": 1, "maxLength": LIMITS.id_characters, "description": "Made by the server where absent."},
            "gameType": {**name, "description": "`unknown` where absent."},
            "deviceType": {**name, "description": "mouse, touch, trackpad, stylus, keyboard, unknown, or anything else."},
            "durationMs": {"type": "number", "minimum": 0, "maximum": 1e12},
            "movements": movements,
            "clicks": clicks,
            "hits": {"type": "integer", "minimum": 0, "maximum": 1_000_000, "description": "What the client claims; never evidence."},
            "misses": {"type": "integer", "minimum": 0, "maximum": 1_000_000},
            "options": {"type": "object", "maxProperties": 0, "description": "None is known yet."},
        },
    }


def session_schemas() -> Json:
    """The schemas of both forms, by name."""
    return {
        "SessionColumns": {
            **_session(_columns(LIMITS.movements, "trusted"), _columns(LIMITS.clicks, "hit")),
            "description": "The compact form: `t` in milliseconds from the session's start, `x` and `y` in CSS pixels.",
        },
        "SessionRows": {
            **_session(_rows(LIMITS.movements, "isTrusted"), _rows(LIMITS.clicks, "targetHit")),
            "description": "The older form, an object an event.",
        },
    }


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
