"""Any bytes give a session or an `InputError`; any session survives every form."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from playproof.decision import ReasonCode
from playproof.errors import InputError
from playproof.telemetry import LIMITS, Session, canonical, decode, decode_labelled, decode_object, decode_request, from_canonical, inspect
from playproof.telemetry.stream import read_sessions
from playproof.testing import columns_body, human_session, rows_body

doubles = st.floats(allow_nan=False, allow_infinity=False)
finite = doubles | st.integers(-(10**6), 10**6).map(float) | st.sampled_from([0.0, 1e308, -1e308, 5e-324])
printable = st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"))
names = st.text(printable, min_size=1, max_size=LIMITS.name_characters)
counts = st.none() | st.integers(0, 2**53 - 1)

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
number = st.floats(-1e5, 1e5) | anything
row = st.fixed_dictionaries({"x": number, "y": number, "timestamp": number}, optional={"isTrusted": anything, "targetHit": anything})
column = st.lists(number, max_size=4)
columns = st.fixed_dictionaries({"t": column, "x": column, "y": column}, optional={"trusted": anything, "hit": anything})
nearly = st.fixed_dictionaries(
    {"movements": st.lists(row, max_size=3) | columns | anything},
    optional={
        "clicks": st.lists(row, max_size=3) | columns | anything,
        "sessionId": st.text() | anything,
        "gameType": st.text() | anything,
        "deviceType": st.text() | anything,
        "durationMs": number,
        "hits": anything,
        "misses": anything,
        "options": anything,
        "labels": anything | st.fixed_dictionaries({"label": st.sampled_from(["human", "bot"]) | anything}),
        "more": anything,
    },
)


@st.composite
def events(draw: st.DrawFn) -> tuple[Any, ...]:
    """(t, x, y, flags) of up to 40 movements or clicks, the clock beginning at 0."""
    n = draw(st.integers(0, 40))
    t, x, y = (np.array(draw(st.lists(finite, min_size=n, max_size=n))) + 0.0 for _ in range(3))
    flags = draw(st.none() | st.lists(st.sampled_from([-1, 0, 1]), min_size=n, max_size=n).filter(lambda said: max(said, default=-1) >= 0))
    return t, x, y, None if flags is None else np.array(flags, np.int8)


@st.composite
def sessions(draw: st.DrawFn) -> Session:
    t, x, y, trusted = draw(events())
    click_t, click_x, click_y, hit = draw(events())
    clock = t if len(t) else click_t
    if len(clock):
        clock[0] = 0.0
    return Session(
        id=draw(st.none() | st.text(printable, min_size=1, max_size=LIMITS.id_characters)),
        game_type=draw(names),
        device_type=draw(names),
        duration_ms=draw(st.floats(0.0, allow_infinity=False)) + 0.0,
        t=t,
        x=x,
        y=y,
        trusted=trusted,
        click_t=click_t,
        click_x=click_x,
        click_y=click_y,
        click_hit=hit,
        hits=draw(counts),
        misses=draw(counts),
        ignored_fields=0,
    )


def check(session: Session) -> None:
    """What every decoded session promises."""
    moves, clicks = (session.t, session.x, session.y), (session.click_t, session.click_x, session.click_y)
    for values in (moves, clicks):
        for value in values:
            assert value.dtype == np.float64
            assert value.shape == values[0].shape
            assert np.isfinite(value).all()
    for flags, length in ((session.trusted, len(session.t)), (session.click_hit, len(session.click_t))):
        assert flags is None or (flags.dtype == np.int8 and flags.shape == (length,) and set(flags.tolist()) <= {-1, 0, 1})
    clock = session.t if len(session.t) else session.click_t
    assert not len(clock) or clock[0] == 0.0
    assert session.id is None or 0 < len(session.id) <= LIMITS.id_characters
    assert np.isfinite(session.duration_ms)
    assert session.duration_ms >= 0.0
    for finding in inspect(session):
        ReasonCode(finding.code)
    assert canonical(from_canonical(canonical(session))) == canonical(session)


def outcome(decoder: Callable[[Any], Session | tuple[Session, object]], sent: object) -> Session | InputError:
    """What `decoder` makes of `sent`; any other exception is a failure."""
    try:
        decoded = decoder(sent)
    except InputError as error:
        return error
    return decoded[0] if isinstance(decoded, tuple) else decoded


def attempt(decoder: Callable[[Any], Session | tuple[Session, object]], sent: object) -> None:
    result = outcome(decoder, sent)
    if isinstance(result, Session):
        check(result)
    else:
        assert result.message
        assert result.path.startswith("$")
        assert result.expected


def attempt_all(body: bytes) -> None:
    for decoder in (decode, decode_labelled, decode_request):
        attempt(decoder, body)


@given(st.binary(max_size=300))
def test_any_bytes(data: bytes) -> None:
    attempt_all(data)
    for number, content in read_sessions(io.BytesIO(data)):
        assert number >= 1
        assert isinstance(content, bytes | InputError)


@settings(max_examples=200)
@given(nearly)
def test_what_is_nearly_a_session(fields: dict[str, object]) -> None:
    attempt_all(json.dumps(fields).encode())
    attempt(decode_object, fields)


@given(sessions())
def test_every_session_survives_every_form(session: Session) -> None:
    for body in (rows_body(session), columns_body(session)):
        decoded = decode(body)
        check(decoded)
        assert canonical(decoded) == canonical(session)
        assert decoded.id == session.id
        assert canonical(decode_object(json.loads(body))) == canonical(session)
    again = from_canonical(canonical(session), session.id)
    for name in Session.__dataclass_fields__:
        before, after = getattr(session, name), getattr(again, name)
        assert np.array_equal(before, after) if isinstance(before, np.ndarray) else before == after, name


person = replace(human_session(np.random.default_rng(1), targets=1, session_id="s", trusted=True), hits=3)
valid = st.sampled_from([rows_body(person), columns_body(person)])
pieces = st.sampled_from([*b'{}[],:"\\-', *b"\xff\x00"]).map(lambda byte: bytes([byte])) | st.sampled_from(
    [b"", b"1e999", b"null", b"NaN", b"9" * 40, b'"t"']
)


@settings(max_examples=200)
@given(valid, st.lists(st.tuples(st.floats(0.0, 1.0), st.integers(0, 3), pieces), min_size=1, max_size=4))
def test_valid_bodies_with_a_few_bytes_changed(body: bytes, edits: list[tuple[float, int, bytes]]) -> None:
    for place, cut, put in edits:
        at = int(place * len(body))
        body = body[:at] + put + body[at + cut :]
    attempt_all(body)


@given(valid, st.floats(0.0, 1.0, exclude_max=True))
def test_valid_bodies_cut_off(body: bytes, place: float) -> None:
    attempt_all(body[: int(place * len(body))])
