"""Both wire forms, the limits, and what a refusal says."""

from __future__ import annotations

import copy
import json
import math

import numpy as np
import pytest

from playproof.errors import InputError, InvalidSession, MalformedJson, TooLarge
from playproof.telemetry import LIMITS, Labels, Options, Session, decode, decode_labelled, decode_object, decode_recorded, decode_request
from playproof.testing import columns_body, human_session, labelled_lines, rows_body

ROW = {"x": 1, "y": 2, "timestamp": 3}


def body(**fields: object) -> bytes:
    return json.dumps({"movements": [], **fields}).encode()


def columns(t: object = (), x: object = (), y: object = (), **more: object) -> dict[str, object]:
    return {"t": t, "x": x, "y": y, **more}


def refused(data: bytes) -> InputError:
    with pytest.raises(InputError) as caught:
        decode(data)
    return caught.value


def equal(one: Session, other: Session) -> bool:
    names = Session.__dataclass_fields__
    pairs = ((getattr(one, name), getattr(other, name)) for name in names)
    return all(np.array_equal(a, b) if isinstance(a, np.ndarray) else a == b for a, b in pairs)


def test_rows_and_columns_are_the_same_session() -> None:
    session = human_session(np.random.default_rng(1), session_id="s", trusted=True)
    assert equal(decode(rows_body(session)), session)
    assert equal(decode(columns_body(session)), session)
    assert equal(decode_object(json.loads(rows_body(session))), session)
    assert equal(decode_object(json.loads(columns_body(session))), session)


def test_rows_as_the_design_shows_them() -> None:
    session = decode(
        b'{"sessionId": "a", "gameType": "bubble-pop", "deviceType": "mouse", "durationMs": 8123.4,'
        b' "movements": [{"x": 1, "y": 2, "timestamp": 3, "isTrusted": true}, {"timestamp": 11.5, "y": -4.25, "x": 5}],'
        b' "clicks": [{"x": 6, "y": 7, "timestamp": 20, "targetHit": false}], "hits": 7, "misses": 1}'
    )
    assert (session.id, session.game_type, session.device_type, session.duration_ms) == ("a", "bubble-pop", "mouse", 8123.4)
    assert session.t.tolist() == [0.0, 8.5]
    assert session.x.tolist() == [1.0, 5.0]
    assert session.y.tolist() == [2.0, -4.25]
    assert session.trusted is not None
    assert session.trusted.tolist() == [1, -1]
    assert (session.click_t.tolist(), session.click_x.tolist(), session.click_y.tolist()) == ([17.0], [6.0], [7.0])
    assert session.click_hit is not None
    assert session.click_hit.tolist() == [0]
    assert (session.hits, session.misses, session.ignored_fields) == (7, 1, 0)


def test_forms_can_be_mixed() -> None:
    session = decode(body(movements=columns([5, 6], [1, 2], [3, 4]), clicks=[{"x": 1, "y": 2, "timestamp": 7}]))
    assert session.t.tolist() == [0.0, 1.0]
    assert session.click_t.tolist() == [2.0]
    session = decode(body(movements=[ROW], clicks=columns([9], [8], [7], hit=[True])))
    assert session.click_t.tolist() == [6.0]
    assert session.click_hit is not None
    assert session.click_hit.tolist() == [1]


def test_flags_of_columns() -> None:
    session = decode(body(movements=columns([1, 2, 3, 4, 5], [1] * 5, [1] * 5, trusted=[0, 1, None, True, False])))
    assert session.trusted is not None
    assert session.trusted.tolist() == [0, 1, -1, 1, 0]
    assert session.trusted.dtype == np.int8
    assert decode(body(movements=columns([1], [1], [1], trusted=[None]))).trusted is None
    assert decode(body(movements=columns(trusted=[]))).trusted is None


def test_what_is_absent_or_null_has_its_default() -> None:
    bare = decode(body(movements=[ROW, {**ROW, "timestamp": 9}]))
    assert (bare.id, bare.game_type, bare.device_type) == (None, "unknown", "unknown")
    assert (bare.duration_ms, bare.trusted, bare.click_hit, bare.hits, bare.misses) == (6.0, None, None, None, None)
    names = ("sessionId", "gameType", "deviceType", "durationMs", "clicks", "hits", "misses", "options", "labels")
    nulls = decode(body(movements=[{**ROW, "isTrusted": None}, {**ROW, "timestamp": 9}], **dict.fromkeys(names)))
    assert equal(nulls, bare)
    assert decode(body(gameType="", deviceType="")).game_type == "unknown"


@pytest.mark.parametrize("form", ["rows", "columns"])
def test_no_point_and_one_point(form: str) -> None:
    assert decode(body(movements=[] if form == "rows" else columns())).t.shape == (0,)
    one = decode(body(movements=[ROW] if form == "rows" else columns([3], [1], [2])))
    assert (one.t.tolist(), one.x.tolist(), one.y.tolist(), one.duration_ms) == ([0.0], [1.0], [2.0], 0.0)


def test_the_clock_begins_with_the_first_movement_or_else_the_first_click() -> None:
    assert decode(body(movements=columns([-5, 3], [0, 0], [0, 0]), clicks=columns([-6], [0], [0]))).click_t.tolist() == [-1.0]
    clicks = decode(body(clicks=columns([1e12, 1e12 + 5], [0, 0], [0, 0])))
    assert clicks.click_t.tolist() == [0.0, 5.0]
    assert clicks.duration_ms == 5.0


def test_time_is_not_repaired() -> None:
    assert decode(body(movements=columns([3, 2, 9], [0, 0, 0], [0, 0, 0]))).t.tolist() == [0.0, -1.0, 6.0]


def test_the_largest_numbers_stay_finite() -> None:
    session = decode(body(movements=columns([-1.7e308, 1.7e308], [1e308, -1e308], [0, 0]), clicks=columns([1e308], [1], [1])))
    for values in (session.t, session.x, session.y, session.click_t):
        assert np.isfinite(values).all()
    assert math.isfinite(session.duration_ms)


def test_negative_zero_is_zero() -> None:
    session = decode(b'{"movements":[{"x":-0.0,"y":-0.0,"timestamp":-0.0}],"durationMs":-0.0,"clicks":{"t":[-0.0],"x":[-0.0],"y":[-0.0]}}')
    for value in (*session.t, *session.x, *session.y, *session.click_t, *session.click_x, session.duration_ms):
        assert math.copysign(1.0, value) == 1.0


def test_unknown_top_level_fields_are_counted_and_ignored() -> None:
    session = human_session(np.random.default_rng(2))
    marked = decode(rows_body(session, userAgent="x", screen={"w": [1, 2]}, labels={"label": "bot"}, options={"useBatch": True}))
    assert marked.ignored_fields == 2
    assert np.array_equal(marked.x, session.x)
    assert decode_object({"movements": [], "a": 1, "b": object()}).ignored_fields == 2
    assert decode(body(movements=[{**ROW, "pressure": 0.5}])).ignored_fields == 0


def test_of_repeated_names_the_last_counts() -> None:
    assert decode(b'{"movements":[],"hits":1,"hits":2}').hits == 2


@pytest.mark.parametrize(
    ("fields", "path", "expected"),
    [
        ({"movements": None}, "$.movements", "an array of {x, y, timestamp} or an object of columns {t, x, y}"),
        ({"movements": 3}, "$.movements", "an array of {x, y, timestamp} or an object of columns {t, x, y}"),
        ({"clicks": "x"}, "$.clicks", "an array of {x, y, timestamp} or an object of columns {t, x, y}"),
        ({"movements": [ROW, {"x": 1, "y": "far", "timestamp": 2}]}, "$.movements[1].y", "a finite number"),
        ({"movements": [{"x": 1, "y": 2}]}, "$.movements[0].timestamp", "a finite number"),
        ({"movements": [{"x": 1, "y": None, "timestamp": 2}]}, "$.movements[0].y", "a finite number"),
        ({"movements": [[1, 2, 3]]}, "$.movements[0]", "an object"),
        ({"movements": [{**ROW, "isTrusted": 1}]}, "$.movements[0].isTrusted", "true or false"),
        ({"movements": {"t": [1], "x": [1]}}, "$.movements.y", "an array of finite numbers"),
        ({"movements": columns([1], [True], [1])}, "$.movements.x[0]", "a finite number"),
        ({"movements": columns([1, 2, 3], [1, 2], [1, 2, 3])}, "$.movements.x", "3 values, as many as in $.movements.t"),
        ({"movements": columns([1], [1], [1, 2])}, "$.movements.y", "1 values, as many as in $.movements.t"),
        ({"movements": columns([1], [1], [1], trusted=[])}, "$.movements.trusted", "1 values, as many as in $.movements.t"),
        ({"movements": columns([1, 2], [1, 2], [1, 2], trusted=[1, 2])}, "$.movements.trusted[1]", "0 or 1"),
        ({"movements": columns([1], [1], [1], trusted=["yes"])}, "$.movements.trusted[0]", "0 or 1"),
        ({"clicks": columns([1], [], [1])}, "$.clicks.x", "1 values, as many as in $.clicks.t"),
        ({"clicks": columns([1], [1], [1], hit=[-1])}, "$.clicks.hit[0]", "0 or 1"),
        ({"durationMs": -0.001}, "$.durationMs", "a finite number of milliseconds, 0 or more"),
        ({"durationMs": "8 s"}, "$.durationMs", "a finite number of milliseconds, 0 or more"),
        ({"hits": 2**53}, "$.hits", "a whole number from 0 to 2^53 - 1"),
        ({"hits": 10**400}, "$.hits", "a whole number from 0 to 2^53 - 1"),
        ({"misses": -1}, "$.misses", "a whole number from 0 to 2^53 - 1"),
        ({"misses": 1.5}, "$.misses", "a whole number from 0 to 2^53 - 1"),
        ({"sessionId": 5}, "$.sessionId", "a string"),
        ({"sessionId": ""}, "$.sessionId", "1 to 128 characters"),
        ({"sessionId": "i" * 129}, "$.sessionId", "1 to 128 characters"),
        ({"sessionId": "a\nb"}, "$.sessionId", "no control characters or surrogates"),
        ({"sessionId": "a\u0000"}, "$.sessionId", "no control characters or surrogates"),
        ({"gameType": "g" * 65}, "$.gameType", "1 to 64 characters"),
        ({"deviceType": "d\u0007"}, "$.deviceType", "no control characters or surrogates"),
    ],
)
def test_what_breaks_the_schema_names_its_path(fields: dict[str, object], path: str, expected: str) -> None:
    error = refused(body(**fields))
    assert isinstance(error, InvalidSession)
    assert (error.path, error.expected) == (path, expected)
    unknown = refused(body(**fields, somethingElse=1))
    assert (unknown.path, unknown.expected) == (path, expected)
    with pytest.raises(InvalidSession) as caught:
        decode_object({"movements": [], **fields})
    assert (caught.value.path, caught.value.expected) == (path, expected)


def test_numbers_beyond_doubles_are_refused_and_the_largest_double_is_not() -> None:
    for number in ("1e309", "-1e400", "9" * 400):
        error = refused(b'{"movements":{"t":[1],"x":[%s],"y":[1]}}' % number.encode())
        assert isinstance(error, InvalidSession)
        assert (error.path, error.expected) == ("$.movements.x[0]", "a finite number")
    assert decode(b'{"movements":{"t":[1],"x":[1e308],"y":[1]}}').x.tolist() == [1e308]
    assert refused(b'{"movements":[],"durationMs":1e309}').path == "$.durationMs"


def test_movements_are_required() -> None:
    error = refused(b'{"sessionId":"a"}')
    assert isinstance(error, InvalidSession)
    assert error.path == "$.movements"
    assert "array" in error.expected


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "byte 0"),
        (b"  \n", "byte 0"),
        (b'{"movements":[', "byte 14"),
        (b'{"movements":[{"x":NaN,"y":1,"timestamp":1}]}', "byte 19"),
        (b'{"movements":[{"x":Infinity,"y":1,"timestamp":1}]}', "byte 19"),
        (b'{"movements":[]} trailing', "byte 17"),
        (b"{movements:[]}", "byte 1"),
        (b'\xef\xbb\xbf{"movements":[]}', "byte order mark"),
        ('{"movements":[]}'.encode("utf-16"), "byte 0"),
        (b'{"movements":[],"sessionId":"\xff"}', "not UTF-8 (byte 29)"),
        (b'{"movements":[],"sessionId":"\\ud800"}', "unpaired surrogate in a string (byte 29)"),
        (b'{"movements":[],"options":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply"),
        (b'{"movements":[],"unknown":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply"),
        (b"\x00\x01\x02", "byte 0"),
    ],
)
def test_what_is_no_json_names_the_byte(data: bytes, says: str) -> None:
    error = refused(data)
    assert isinstance(error, MalformedJson)
    assert says in error.message
    assert error.path == "$"


@pytest.mark.parametrize("data", [b"null", b"[]", b"3", b'"s"', b"true"])
def test_what_is_no_object_is_no_session(data: bytes) -> None:
    error = refused(data)
    assert isinstance(error, InvalidSession)
    assert error.path == "$"


def test_surrogate_pairs_are_characters() -> None:
    assert decode(b'{"movements":[],"sessionId":"\\ud83d\\ude00"}').id == "😀"


@pytest.mark.parametrize(("name", "limit"), [("movements", LIMITS.movements), ("clicks", LIMITS.clicks)])
@pytest.mark.parametrize("form", ["rows", "columns"])
def test_counts_up_to_the_limit(name: str, limit: int, form: str) -> None:
    def many(count: int) -> bytes:
        ones = [1] * count
        return body(**{name: [ROW] * count if form == "rows" else columns(ones, ones, ones)})

    session = decode(many(limit))
    assert len(session.t if name == "movements" else session.click_t) == limit
    error = refused(many(limit + 1))
    assert isinstance(error, TooLarge)
    assert (error.path, error.expected) == (f"$.{name}", f"at most {limit:,} entries")


def test_bodies_up_to_the_limit() -> None:
    padding = LIMITS.body_bytes - len(b'{"movements":[]}')
    assert decode(b'{"movements":[]' + b" " * padding + b"}").t.size == 0
    error = refused(b'{"movements":[]' + b" " * (padding + 1) + b"}")
    assert isinstance(error, TooLarge)
    assert "2,097,152" in error.expected


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"movements": [{"x": math.nan, "y": 1, "timestamp": 1}]}, "$.movements[0].x"),
        ({"movements": columns([1, 2], [1, 2], [1, math.inf])}, "$.movements.y[1]"),
        ({"clicks": [{"x": 1, "y": 1, "timestamp": -math.inf}]}, "$.clicks[0].timestamp"),
        ({"durationMs": math.nan}, "$.durationMs"),
        ({"durationMs": math.inf}, "$.durationMs"),
        ({"sessionId": "\ud800"}, "$.sessionId"),
        ({"sessionId": b"bytes"}, "$.sessionId"),
        ({"movements": [{"x": 10**400, "y": 1, "timestamp": 1}]}, "$.movements[0].x"),
        ({"movements": [{"x": object(), "y": 1, "timestamp": 1}]}, "$.movements[0].x"),
        ({"movements": {1: 2}}, "$.movements"),
    ],
)
def test_objects_can_say_what_json_cannot(fields: dict[str, object], path: str) -> None:
    with pytest.raises(InvalidSession) as caught:
        decode_object({"movements": [], **fields})
    assert caught.value.path == path
    assert caught.value.expected


def test_an_object_that_holds_itself_is_refused() -> None:
    endless: list[object] = []
    endless.append(endless)
    with pytest.raises(InvalidSession):
        decode_object({"movements": endless})


def test_labels_are_read_from_corpus_lines_alone() -> None:
    session = human_session(np.random.default_rng(3), session_id="s")
    labels = Labels("human", source="made", subject="made/1", license="MIT")
    decoded, read = decode_labelled(labelled_lines([(session, labels)]).strip())
    assert read == labels
    assert equal(decoded, session)
    assert decode_labelled(rows_body(session, labels={"label": "bot", "family": None, "more": 1}))[1] == Labels("bot")
    assert decode(rows_body(session, labels="nonsense")).ignored_fields == 0


@pytest.mark.parametrize(
    ("labels", "path"),
    [
        (None, "$.labels"),
        ([], "$.labels"),
        ({}, "$.labels.label"),
        ({"label": "robot"}, "$.labels.label"),
        ({"label": "bot", "source": 1}, "$.labels.source"),
        ({"label": "bot", "source": "a\0b"}, "$.labels.source"),
    ],
)
def test_labels_that_cannot_be_used(labels: object, path: str) -> None:
    with pytest.raises(InvalidSession) as caught:
        decode_labelled(body(labels=labels))
    assert caught.value.path == path
    assert caught.value.expected


def test_recorded_sessions_may_have_labels_but_no_wrong_ones() -> None:
    assert decode_recorded(body())[1] is None
    assert decode_recorded(body(labels=None))[1] is None
    assert decode_recorded(body(labels={"label": "bot"}))[1] == Labels("bot")
    for labels in ({}, {"label": "Bot"}, "human"):
        with pytest.raises(InvalidSession):
            decode_recorded(body(labels=labels))


def test_options_are_read_from_requests_alone() -> None:
    for data in (body(options={}), body(options=None), body()):
        assert decode_request(data)[1] == Options(use_batch=None)
    for value in (True, False, None):
        assert decode_request(body(options={"useBatch": value}))[1] == Options(use_batch=value)
    with pytest.raises(InvalidSession) as caught:
        decode_request(body(options={"useBatches": True}))
    assert caught.value.path == "$.options.useBatches"
    with pytest.raises(InvalidSession) as caught:
        decode_request(body(options=[1]))
    assert caught.value.path == "$.options"
    assert decode(body(options={"useBatch": True})).ignored_fields == 0


@pytest.mark.parametrize("name", ["n" * 100_000, "`" * 100_000, "a` - at `$.b`"])
def test_errors_repeat_little_of_what_was_sent(name: str) -> None:
    for decoder, fields in ((decode_request, {"options": {name: 1}}), (decode_labelled, {"labels": {"label": name}})):
        with pytest.raises(InvalidSession) as caught:
            decoder(body(**fields))
        assert len(str(caught.value)) < 300
        assert caught.value.path.startswith("$.")


def test_errors_survive_the_way_between_processes() -> None:
    error = refused(body(movements=3))
    again = copy.copy(error)  # by the same way as a pickle between worker processes
    assert (type(again), str(again)) == (type(error), str(error))
