"""From decoded wire structs to numpy arrays, in the fewest passes that Python allows.

Numbers take a detour that is faster than any loop: msgpack writes a double in nine bytes whatever its value, and every
`Movement` in the same number of bytes, so what it encodes *is* a record array. `python -m bench.decode` measures it beside
the obvious ways.
"""

from __future__ import annotations

import msgspec
import numpy as np

from playproof.telemetry.session import Flags, Floats
from playproof.telemetry.wire import Click, Flag, Movement

_encode = msgspec.msgpack.Encoder().encode

_NIL, _FALSE, _TRUE = 0xC0, 0xC2, 0xC3  # of msgpack


def _layout(row: type[Movement] | type[Click]) -> np.dtype[np.void]:
    """The record that msgpack makes of `row`: a map head, then names with big-endian doubles, then a flag's one byte."""
    offset, offsets = 1, []
    for name, size in zip(row.__struct_encode_fields__, (8, 8, 8, 0), strict=True):
        offset += 1 + len(name)  # the name, then the value's type byte, which is all there is of a flag
        offsets.append(offset + 1 if size else offset)
        offset += 1 + size
    return np.dtype({"names": ["x", "y", "t", "flag"], "formats": [">f8", ">f8", ">f8", "u1"], "offsets": offsets, "itemsize": offset})


_MOVEMENT = _layout(Movement)
_CLICK = _layout(Click)
_NUMBER = np.dtype({"names": ["value"], "formats": [">f8"], "offsets": [1], "itemsize": 9})

_SAID = np.full(256, -1, np.int8)
_SAID[_FALSE] = 0
_SAID[_TRUE] = 1

_NOTHING = np.empty((3, 0))
_NOTHING.flags.writeable = False


def from_rows(rows: list[Movement] | list[Click]) -> tuple[Floats, Flags | None]:
    """(3, n) of t, x, y without negative zeros, and the (n,) flags, `None` where no row has one."""
    count = len(rows)
    if not count:
        return _NOTHING, None
    layout = _MOVEMENT if type(rows[0]) is Movement else _CLICK
    size = layout.itemsize
    packed = _encode(rows)
    head = len(packed) - count * size
    records = np.frombuffer(packed, layout, count, head)
    out = np.empty((3, count))
    out[0] = records["t"]
    out[1] = records["x"]
    out[2] = records["y"]
    out += 0.0  # makes -0.0 0.0
    silent = packed[head + size - 1 :: size].count(_NIL) == count
    return out, None if silent else _SAID[records["flag"]]


def from_columns(t: list[float], x: list[float], y: list[float]) -> Floats:
    """(3, n) of t, x, y without negative zeros; the lists must be equally long."""
    count = 3 * len(t)
    if not count:
        return _NOTHING
    packed = _encode([*t, *x, *y])
    numbers = np.frombuffer(packed, _NUMBER, count, len(packed) - 9 * count)["value"].astype(np.float64)
    numbers += 0.0
    return numbers.reshape(3, -1)


def from_flags(column: list[Flag] | None) -> Flags | None:
    """(n,) 1, 0 or -1 for null; `None` where nothing is said. Raises `ValueError` with the index of what is no flag."""
    if column is None or column.count(None) == len(column):
        return None
    for index, flag in enumerate(column):
        if flag not in (0, 1, None):
            raise ValueError(index)
    return np.array([-1 if flag is None else flag for flag in column], np.int8)
