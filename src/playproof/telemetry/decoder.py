"""From bytes to a `Session`: limits, schema, arrays."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import msgspec
import numpy as np

from playproof.errors import InvalidSession, TooLarge
from playproof.telemetry.arrays import from_columns, from_flags, from_rows
from playproof.telemetry.limits import LIMITS
from playproof.telemetry.refusal import invalid, refusal
from playproof.telemetry.session import Flags, Floats, Labels, Session
from playproof.telemetry.wire import FIELDS, Body, Click, ClickColumns, ExactBody, Movement, MovementColumns, Options, WireLabels

UNKNOWN = "unknown"
"""The game or the device of a session that does not say."""

_exact = msgspec.json.Decoder(ExactBody).decode
_lenient = msgspec.json.Decoder(Body).decode
_outline = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_labels = msgspec.json.Decoder(WireLabels).decode
_options = msgspec.json.Decoder(Options | None).decode

_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_LARGEST = np.finfo(np.float64).max
_FAR = 1e291
"""A time nearer to 0 can be subtracted from any finite double without overflow."""


def decode(body: bytes) -> Session:
    """The session in a JSON body, in either wire form.

    Raises `TooLarge`, `MalformedJson` or `InvalidSession`, with the JSON path and what was expected there.
    """
    return _session(*_read(body))


def decode_request(body: bytes) -> tuple[Session, Options]:
    """The session in a request's body, and what its `options` ask for. Raises as `decode` does."""
    wire, ignored = _read(body)
    try:
        options = _options(wire.options)
    except _UNREADABLE as error:
        raise refusal(error, bytes(wire.options), "$.options") from None
    return _session(wire, ignored), options or Options()


def decode_labelled(line: bytes) -> tuple[Session, Labels]:
    """The session in a corpus line, and its `labels`, which are required. Raises as `decode` does."""
    wire, ignored = _read(line)
    labels = _labelled(wire)
    return _session(wire, ignored), labels


def decode_recorded(line: bytes) -> tuple[Session, Labels | None]:
    """The session in a line, and its `labels` where it has some. Raises as `decode` does, also where they are no labels."""
    wire, ignored = _read(line)
    labels = None if bytes(wire.labels) == b"null" else _labelled(wire)
    return _session(wire, ignored), labels


def _labelled(wire: Body) -> Labels:
    try:
        labels = _labels(wire.labels)
    except _UNREADABLE as error:
        raise refusal(error, bytes(wire.labels), "$.labels") from None
    _printable(labels.source or "", "$.labels.source")  # it is kept beside rows, as ids are
    return Labels(labels.label, *(getattr(labels, name) or "" for name in labels.__struct_fields__[1:]))


def decode_object(obj: Mapping[str, object]) -> Session:
    """The session in an object as `json.loads` makes it, in either wire form. Raises as `decode` does."""
    unread = ("options", "labels")
    try:
        wire = msgspec.convert({name: value for name, value in obj.items() if name not in unread}, Body)
    except msgspec.ValidationError as error:
        raise invalid(error) from None
    except RecursionError:
        raise InvalidSession("the object is nested too deeply", expected="a session: an object with `movements`") from None
    return _session(wire, sum(name not in FIELDS for name in obj), finite=False)


def _read(body: bytes) -> tuple[Body, int]:
    """The body's fields and how many top-level fields it has besides them."""
    if len(body) > LIMITS.body_bytes:
        raise TooLarge(f"the body has {len(body):,} bytes", expected=f"at most {LIMITS.body_bytes:,} bytes")
    try:
        return _exact(body), 0
    except _UNREADABLE:
        pass  # mostly an unknown field: ignored, so read again without minding them
    try:
        return _lenient(body), sum(name not in FIELDS for name in _outline(body))
    except _UNREADABLE as error:
        raise refusal(error, body) from None


def _session(wire: Body, ignored: int, *, finite: bool = True) -> Session:
    moves, trusted = _arrays(wire.movements, LIMITS.movements, "$.movements")
    clicks, hit = _arrays(wire.clicks or [], LIMITS.clicks, "$.clicks")
    if not finite:
        _check_finite(wire, moves, clicks)
    _shift(moves, clicks)
    t, click_t = moves[0], clicks[0]
    return Session(
        id=_text(wire.session_id, LIMITS.id_characters, "$.sessionId") if wire.session_id is not None else None,
        game_type=_text(wire.game_type, LIMITS.name_characters, "$.gameType") if wire.game_type else UNKNOWN,
        device_type=_text(wire.device_type, LIMITS.name_characters, "$.deviceType") if wire.device_type else UNKNOWN,
        duration_ms=_last(t, click_t) if wire.duration_ms is None else wire.duration_ms + 0.0,
        t=t,
        x=moves[1],
        y=moves[2],
        trusted=trusted,
        click_t=click_t,
        click_x=clicks[1],
        click_y=clicks[2],
        click_hit=hit,
        hits=wire.hits,
        misses=wire.misses,
        ignored_fields=ignored,
    )


def _arrays(
    events: Sequence[Movement] | Sequence[Click] | MovementColumns | ClickColumns, limit: int, path: str
) -> tuple[Floats, Flags | None]:
    """(3, n) of t, x, y and the flags of movements or clicks."""
    if isinstance(events, list):
        _check_count(len(events), limit, path)
        return from_rows(events)
    assert isinstance(events, MovementColumns | ClickColumns)
    name, column = ("trusted", events.trusted) if isinstance(events, MovementColumns) else ("hit", events.hit)
    count = len(events.t)
    _check_count(max(count, len(events.x), len(events.y)), limit, path)
    for axis, length in (("x", len(events.x)), ("y", len(events.y)), (name, count if column is None else len(column))):
        if length != count:
            raise InvalidSession(f"found {length} values", path=f"{path}.{axis}", expected=f"{count} values, as many as in {path}.t")
    try:
        flags = from_flags(column)
    except ValueError as error:
        raise InvalidSession("found another number", path=f"{path}.{name}[{error}]", expected="0 or 1") from None
    return from_columns(events.t, events.x, events.y), flags


def _check_count(count: int, limit: int, path: str) -> None:
    if count > limit:
        raise TooLarge(f"found {count:,} entries", path=path, expected=f"at most {limit:,} entries")


def _shift(moves: Floats, clicks: Floats) -> None:
    """Let the clock of both begin with the first movement, or the first click where nothing moved."""
    first = moves[0, 0] if moves.size else clicks[0, 0] if clicks.size else 0.0
    if not first:
        return
    for events in (moves, clicks):
        if events.size:
            _subtract(events[0], first)


def _subtract(t: Floats, first: float) -> None:
    if -_FAR < first < _FAR:
        t -= first
        return
    with np.errstate(over="ignore"):
        t -= first
    np.clip(t, -_LARGEST, _LARGEST, out=t)


def _last(t: Floats, click_t: Floats) -> float:
    """The later of the last movement and the last click, 0 where there is neither."""
    return max(0.0, float(t[-1]) if t.size else 0.0, float(click_t[-1]) if click_t.size else 0.0)


def _text(text: str, limit: int, path: str) -> str:
    if not 0 < len(text) <= limit:
        raise InvalidSession(f"found {len(text)} characters", path=path, expected=f"1 to {limit} characters")
    return _printable(text, path)


def _printable(text: str, path: str) -> str:
    if not text.isprintable() and (found := _UNPRINTABLE.search(text)):
        raise InvalidSession(f"found the character U+{ord(found[0]):04X}", path=path, expected="no control characters or surrogates")
    return text


def _check_finite(wire: Body, moves: Floats, clicks: Floats) -> None:
    """What JSON cannot say but a Python object can: NaN and infinities."""
    if wire.duration_ms is not None and not np.isfinite(wire.duration_ms):
        raise InvalidSession("found NaN or an infinity", path="$.durationMs", expected="a finite number of milliseconds, 0 or more")
    for path, values, events in (("$.movements", moves, wire.movements), ("$.clicks", clicks, wire.clicks)):
        bad = np.argwhere(~np.isfinite(values))
        if len(bad):
            axis, index = (int(at) for at in bad[0])
            where = f"[{index}].{('timestamp', 'x', 'y')[axis]}" if isinstance(events, list) else f".{'txy'[axis]}[{index}]"
            raise InvalidSession("found NaN or an infinity", path=path + where, expected="a finite number")
