"""Sessions out of files and pipes."""

from __future__ import annotations

import gzip
import io
import json
import tracemalloc
from collections.abc import Iterator

import pytest

from playproof.errors import InputError, MalformedJson, TooLarge
from playproof.telemetry import LIMITS, decode
from playproof.telemetry.stream import Entry, read_sessions

ONE = b'{"movements":[]}'
LONG = b'{"a":' + b"1" * LIMITS.body_bytes + b"}"


def entries(data: bytes) -> list[Entry]:
    return list(read_sessions(io.BytesIO(data)))


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", []),
        (b"\n \n", []),
        (ONE, [(1, ONE)]),
        (ONE + b"\n", [(1, ONE)]),
        (ONE + b"\r\n\r\n" + ONE + b"\r\n", [(1, ONE), (3, ONE)]),
        (b"\n\n" + ONE, [(3, ONE)]),
        (b"\xef\xbb\xbf" + ONE + b"\n" + ONE, [(1, ONE), (2, ONE)]),
        (b"junk\n" + ONE, [(1, b"junk"), (2, ONE)]),
        (b'{"movements":[1,\n' + ONE + b"\n" + ONE, [(1, b'{"movements":[1,'), (2, ONE), (3, ONE)]),
        (b'{"movements"\n"junk"', [(1, b'{"movements"'), (2, b'"junk"')]),
        (b"[]", []),
        (b"[" + ONE + b"]", [(1, ONE)]),
        (b" [\n  " + ONE + b",\n  3]\n", [(1, ONE), (2, b"3")]),
        (b"{\n", [(1, b"{\n")]),
    ],
)
def test_every_form(data: bytes, expected: list[Entry], packed: bool) -> None:
    assert entries(gzip.compress(data) if packed else data) == expected


@pytest.mark.parametrize("indent", [0, 1, 4])
def test_objects_spread_over_lines(indent: int) -> None:
    session = {"sessionId": "é", "movements": [{"x": 1, "y": 2, "timestamp": 3}]}
    text = json.dumps(session, indent=indent, ensure_ascii=False).encode()
    for count in (1, 3):
        read = entries((text + b"\n") * count)
        assert [number for number, _ in read] == list(range(1, count + 1))
        assert all(isinstance(content, bytes) and decode(content).id == "é" for _, content in read)
    array = json.dumps([session, session], indent=indent).encode()
    assert [content and decode(content).id for _, content in entries(array) if isinstance(content, bytes)] == ["é", "é"]


def test_a_spread_object_that_breaks_off_is_left_to_the_decoder() -> None:
    ((number, content),) = entries(b'{\n "sessionId": "a",\n "movements": [')
    assert number == 1
    assert isinstance(content, bytes)
    with pytest.raises(MalformedJson, match="ends early"):
        decode(content)


def only_error(data: bytes) -> tuple[int, InputError]:
    *_, (number, error) = entries(data)
    assert isinstance(error, InputError)
    return number, error


@pytest.mark.parametrize("data", [b"[" + ONE, b"[" + ONE + b" 1]", b"[\xff]" + b'["\xff', b"[" * 100_000, b"{\n\xff"])
def test_what_cannot_be_split_is_one_error(data: bytes) -> None:
    assert len(entries(data)) == 1
    assert isinstance(only_error(data)[1], MalformedJson)


@pytest.mark.parametrize("data", [LONG, LONG + LONG])
def test_a_line_over_the_limit_costs_only_itself(data: bytes) -> None:
    read = entries(ONE + b"\n" + data + b"\n" + ONE + b"\n" + data)
    assert [number for number, _ in read] == [1, 2, 3, 4]
    assert read[0][1] == read[2][1] == ONE
    for _, error in (read[1], read[3]):
        assert isinstance(error, TooLarge)
        assert "2,097,152" in error.expected
    assert isinstance(entries(data + b"\n" + ONE)[0][1], TooLarge)
    assert entries(data + b"\n" + ONE)[1] == (2, ONE)


def test_a_line_at_the_limit_is_read() -> None:
    line = ONE[:-1] + b" " * (LIMITS.body_bytes - len(ONE)) + b"}"
    assert entries(line + b"\n" + ONE) == [(1, line), (2, ONE)]


def test_gzip_members_follow_each_other() -> None:
    assert entries(gzip.compress(ONE + b"\n") + gzip.compress(ONE) + b"\0" * 512) == [(1, ONE), (2, ONE)]


def test_gzip_that_ends_early_gives_what_there_was() -> None:
    lines = [b'{"movements":[],"sessionId":"%d"}' % (index * 7919) for index in range(5000)]
    packed = gzip.compress(b"\n".join(lines))
    for cut in (len(packed) - 4, len(packed) // 2):
        *good, (number, error) = entries(packed[:cut])
        assert [content for _, content in good] == lines[: len(good)]
        assert len(good) > cut / len(packed) * 4000
        assert number == len(good) + 1
        assert isinstance(error, MalformedJson)
        assert "end early" in error.message
    number, error = only_error(packed[:2])
    assert number == 1
    assert "end early" in error.message


def test_damaged_gzip() -> None:
    packed = bytearray(gzip.compress(ONE))
    packed[-5] ^= 0xFF  # of the checksum
    assert "damaged" in only_error(bytes(packed))[1].message
    assert "damaged" in only_error(gzip.compress(ONE) + b"more")[1].message


def test_a_packed_line_without_end_is_not_unpacked_at_once() -> None:
    bomb = gzip.compress(b'{"a":' + b"1" * 50_000_000, 1)
    tracemalloc.start()
    try:
        ((number, error),) = entries(bomb)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert number == 1
    assert isinstance(error, TooLarge)
    assert peak < 5 * LIMITS.body_bytes


def test_an_array_too_large_to_hold_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("playproof.telemetry.stream.WHOLE_BYTES", 100_000)
    number, error = only_error(b"[" + b",".join([ONE] * 10_000) + b"]")
    assert number == 1
    assert isinstance(error, TooLarge)
    assert "JSON Lines" in error.expected


class Pipe(io.RawIOBase):
    """Hands out its pieces one a read, as a pipe does, and counts them."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self.pieces = pieces
        self.handed = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        piece = next(self.pieces, b"")
        self.handed += bool(piece)
        buffer[: len(piece)] = piece
        return len(piece)


def test_a_line_in_a_pipe_does_not_wait_for_the_next() -> None:
    pipe = Pipe(iter([ONE[:5], ONE[5:] + b"\n", ONE + b"\n"]))
    read = read_sessions(io.BufferedReader(pipe))
    assert next(read) == (1, ONE)
    assert pipe.handed == 2
    assert next(read) == (2, ONE)


def test_json_lines_take_no_more_memory_for_more_of_them() -> None:
    line = b'{"movements":{"t":[' + b",".join([b"1000"] * 2000) + b"]}}\n"

    def peak(count: int) -> int:
        pipe = io.BufferedReader(Pipe(line for _ in range(count)))
        tracemalloc.start()
        try:
            assert sum(1 for _ in read_sessions(pipe)) == count
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(2000) < peak(200) + 1024**2
