"""Sessions in their wire forms, as a browser would send them."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from playproof.telemetry.session import Flags, Floats, Labels, Session

_encode = msgspec.json.Encoder().encode


def rows_body(session: Session, **extra: object) -> bytes:
    """`session` as JSON in the rows form, with `extra` top-level fields."""
    movements = _rows(session.t, session.x, session.y, "isTrusted", session.trusted)
    clicks = _rows(session.click_t, session.click_x, session.click_y, "targetHit", session.click_hit)
    return _encode({**_head(session), "movements": movements, "clicks": clicks, **extra})


def columns_body(session: Session, **extra: object) -> bytes:
    """`session` as JSON in the columns form, with `extra` top-level fields."""
    movements = _columns(session.t, session.x, session.y, "trusted", session.trusted)
    clicks = _columns(session.click_t, session.click_x, session.click_y, "hit", session.click_hit)
    return _encode({**_head(session), "movements": movements, "clicks": clicks, **extra})


def labelled_lines(sessions: Iterable[tuple[Session, Labels]]) -> bytes:
    """A corpus: one labelled session a line, in the columns form."""
    return b"".join(columns_body(session, labels=_said(labels)) + b"\n" for session, labels in sessions)


def _said(labels: Labels) -> dict[str, str]:
    return {name: value for name in labels.__dataclass_fields__ if (value := getattr(labels, name))}


def _head(session: Session) -> dict[str, object]:
    head = {
        "sessionId": session.id,
        "gameType": session.game_type,
        "deviceType": session.device_type,
        "durationMs": _number(session.duration_ms),
        "hits": session.hits,
        "misses": session.misses,
    }
    return {name: value for name, value in head.items() if value is not None}


def _rows(t: Floats, x: Floats, y: Floats, name: str, flags: Flags | None) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = [
        {"x": _number(a), "y": _number(b), "timestamp": _number(c)} for a, b, c in zip(x.tolist(), y.tolist(), t.tolist(), strict=True)
    ]
    if flags is not None:
        for row, flag in zip(rows, flags.tolist(), strict=True):
            if flag >= 0:
                row[name] = bool(flag)
    return rows


def _columns(t: Floats, x: Floats, y: Floats, name: str, flags: Flags | None) -> dict[str, object]:
    columns: dict[str, object] = {key: [_number(value) for value in column.tolist()] for key, column in (("t", t), ("x", x), ("y", y))}
    if flags is not None:
        columns[name] = [None if flag < 0 else flag for flag in flags.tolist()]
    return columns


def _number(value: float) -> float | int:
    """Whole numbers without a point, as JavaScript writes them."""
    return int(value) if value.is_integer() and abs(value) < 1e15 else value
