"""Sessions out of a file or a pipe: JSON Lines, a JSON array, or objects spread over lines; gzipped or not.

JSON Lines flow through in bounded memory, and a bad line costs only itself. An array, or objects spread over several
lines, are held whole.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import BinaryIO

import msgspec

from playproof.errors import InputError, MalformedJson, TooLarge
from playproof.telemetry.limits import LIMITS
from playproof.telemetry.refusal import refusal

Entry = tuple[int, bytes | InputError]
"""The number of a session, and its JSON or why there is none."""

WHOLE_BYTES = 256 * 1024 * 1024
"""What is not JSON Lines may have this many bytes at most, for it is held in memory."""

_CHUNK = 64 * 1024
_GZIP = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"

_any = msgspec.json.Decoder(msgspec.Raw).decode
_array = msgspec.json.Decoder(list[msgspec.Raw]).decode


def read_sessions(stream: BinaryIO) -> Iterator[Entry]:
    """The sessions in `stream`, undecoded, numbered from 1: by line in JSON Lines (blank lines count, but give
    nothing), else by position.

    What cannot be read becomes an `InputError` in its place: a line over the limits, an array that is no JSON, or, last
    of all, compressed data that are damaged or end early.
    """
    chunks = _unpacked(stream)
    number = 0
    try:
        head = _head(chunks)
        if head.lstrip().startswith(b"["):
            entries = _elements(_whole(head, chunks))
        elif _is_spread(head):
            entries = _objects(_whole(head, chunks))
        else:
            entries = _lines(chain((head,), chunks))
        for number, content in entries:
            yield number, content
    except InputError as error:
        yield number + 1, error


def _unpacked(stream: BinaryIO) -> Iterator[bytes]:
    """The bytes of `stream` in chunks, inflated where they are gzip."""
    read = getattr(stream, "read1", stream.read)  # a pipe's line should not wait for the chunk to fill
    start = b""
    while len(start) < len(_GZIP) and (more := read(_CHUNK)):
        start += more
    chunks = chain((start,), iter(lambda: read(_CHUNK), b""))
    return _inflated(chunks) if start.startswith(_GZIP) else chunks


def _inflated(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Inflate one gzip member after another. Raises `MalformedJson` where the data are damaged or end early."""
    inflate, between = zlib.decompressobj(wbits=31), True
    for chunk in chunks:
        rest, piece = chunk, b""
        while rest or len(piece) == _CHUNK:
            if between and not (rest := rest.lstrip(b"\0")):  # tapes pad with zeros
                break
            try:
                piece = inflate.decompress(rest, _CHUNK)
            except zlib.error:
                raise MalformedJson("the gzip data are damaged", expected="an undamaged gzip file") from None
            if piece:
                yield piece
            rest, between = inflate.unconsumed_tail, inflate.eof
            if between:
                rest, piece, inflate = inflate.unused_data, b"", zlib.decompressobj(wbits=31)
    if not between:
        raise MalformedJson("the gzip data end early", expected="a complete gzip file")


def _head(chunks: Iterator[bytes]) -> bytes:
    """As much of the beginning as tells which form this is: a first line with content, and what follows it."""
    head = b""
    for chunk in chunks:
        head = (head + chunk).removeprefix(_BOM)
        lines = head.lstrip().split(b"\n", 1)
        if len(head) > LIMITS.body_bytes or lines[0].startswith(b"["):
            break
        if len(lines) == 2 and (lines[1].strip() or _complete(lines[0])):
            break
    return head


def _is_spread(head: bytes) -> bool:
    """Whether an object begins on the first line, goes on on the next, and is no broken line of JSON Lines."""
    first, _, rest = head.lstrip().partition(b"\n")
    if not first.startswith(b"{") or first.rstrip()[-1:] not in b"{[,:":
        return False
    return not rest.lstrip().startswith(b"{") and not _complete(first)


def _complete(line: bytes) -> bool:
    try:
        _any(line)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


def _lines(chunks: Iterable[bytes]) -> Iterator[Entry]:
    number, rest, skipping = 0, b"", False
    for chunk in chunks:
        # Copied once: to split what is left over together with the chunk would copy all twice.
        *lines, last = chunk.split(b"\n")
        if lines:
            lines[0], rest = rest + lines[0], last
        else:
            rest += last
        for line in lines:
            number += 1
            if not skipping:
                yield from _line(number, line)
            skipping = False
        if skipping or len(rest) > LIMITS.body_bytes + 1:
            if not skipping:
                yield from _line(number + 1, rest)
            skipping, rest = True, b""
    if not skipping:
        yield from _line(number + 1, rest)


def _line(number: int, line: bytes) -> Iterator[Entry]:
    line = line.strip()
    if len(line) > LIMITS.body_bytes:
        yield number, TooLarge("the line is too long", expected=f"at most {LIMITS.body_bytes:,} bytes a session")
    elif line:
        yield number, line


def _whole(head: bytes, chunks: Iterable[bytes]) -> bytes:
    parts, size = [head], len(head)
    for chunk in chunks:
        parts.append(chunk)
        size += len(chunk)
        if size > WHOLE_BYTES:
            raise TooLarge("the file is too large to hold", expected=f"at most {WHOLE_BYTES:,} bytes, or JSON Lines, one session a line")
    return b"".join(parts)


def _elements(text: bytes) -> Iterator[Entry]:
    try:
        elements = _array(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise refusal(error, text) from None
    for number, element in enumerate(elements, 1):
        yield number, bytes(element)


def _objects(text: bytes) -> Iterator[Entry]:
    """Objects one after another; what cannot be read is handed on, for the decoder to say what is wrong with it."""
    try:
        characters = text.decode()
    except UnicodeDecodeError as error:
        raise refusal(error, text) from None
    scan = json.JSONDecoder().raw_decode
    number, at = 0, 0
    while rest := characters[at:].lstrip():
        number += 1
        start = len(characters) - len(rest)
        try:
            _, at = scan(characters, start)
        except (ValueError, RecursionError):
            at = len(characters)
        yield number, characters[start:at].encode()
