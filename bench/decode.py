"""What decoding costs: bodies of 800 movements to arrays, beside plain msgspec on the same bytes.

    python -m bench.decode [--rounds 15] [--json]

200 distinct sessions take turns and nothing is cached; each figure is the median over all of them and all rounds. Plain
msgspec decodes into structs of floats, without constraints, with its default settings. Besides: what is done with a
decoded session (findings, canonical content, digest), and the choices behind the decoder and the stored layout.
"""

from __future__ import annotations

import statistics
import struct
import time
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import TypeVar

import msgspec
import numpy as np
import zstandard

from bench.command import run
from bench.sessions import bodies
from playproof.telemetry import Session, canonical, decode, digest, inspect
from playproof.telemetry.arrays import from_columns, from_rows
from playproof.telemetry.wire import Body, Movement, MovementColumns

T = TypeVar("T")


class PlainRow(msgspec.Struct):
    """A movement or a click of the rows form."""

    x: float
    y: float
    timestamp: float


class PlainRows(msgspec.Struct):
    """The rows form, plainly."""

    movements: list[PlainRow]
    clicks: list[PlainRow]


class PlainColumn(msgspec.Struct):
    """The movements or the clicks of the columns form."""

    t: list[float]
    x: list[float]
    y: list[float]


class PlainColumns(msgspec.Struct):
    """The columns form, plainly."""

    movements: PlainColumn
    clicks: PlainColumn


def median_us(work: Callable[[T], object], over: Sequence[T], rounds: int) -> float:
    """Median microseconds of `work` on one of `over`, which take turns for `rounds` rounds after one that warms up."""
    times = []
    clock = time.perf_counter_ns
    for _ in range(rounds + 1):
        for item in over:
            begun = clock()
            work(item)
            times.append(clock() - begun)
    return statistics.median(times[len(over) :]) / 1000.0


def plain_decoders() -> dict[str, Callable[[bytes], object]]:
    """Plain msgspec for each wire form; what the ratios are taken to."""
    return {"rows": msgspec.json.Decoder(PlainRows).decode, "columns": msgspec.json.Decoder(PlainColumns).decode}


def measure(rounds: int) -> dict[str, float]:
    """Every figure by name: microseconds, ratios, bytes."""
    figures: dict[str, float] = {}
    for form, plain in plain_decoders().items():
        sent = bodies(form)
        base = figures[f"{form}: plain msgspec, us"] = median_us(plain, sent, rounds)
        ours = figures[f"{form}: decode, us"] = median_us(decode, sent, rounds)
        figures[f"{form}: decode / plain"] = ours / base
        figures[f"{form}: body, bytes"] = statistics.median(map(len, sent))
    sessions = [decode(body) for body in bodies("columns")]
    contents = [canonical(session) for session in sessions]
    figures["findings, us"] = median_us(inspect, sessions, rounds)
    figures["canonical content, us"] = median_us(canonical, sessions, rounds)
    figures["digest, us"] = median_us(digest, contents, rounds)
    figures.update(_routes(rounds))
    figures.update(_layouts(sessions, contents, rounds))
    return figures


def _routes(rounds: int) -> dict[str, float]:
    """From decoded lists to three arrays: the route taken, and the others."""
    decoder = msgspec.json.Decoder(Body).decode
    rows = [body.movements for body in map(decoder, bodies("rows")) if isinstance(body.movements, list)]
    columns = [body.movements for body in map(decoder, bodies("columns")) if isinstance(body.movements, MovementColumns)]
    fields = [attrgetter(name) for name in ("timestamp", "x", "y")]

    def fromiter(moves: list[Movement]) -> object:
        return [np.fromiter(map(field, moves), np.float64, len(moves)) for field in fields]

    def listed(moves: list[Movement]) -> object:
        return np.array([[move.timestamp for move in moves], [move.x for move in moves], [move.y for move in moves]])

    def packed(moves: list[Movement]) -> object:
        times, xs, ys = ([field(move) for move in moves] for field in fields)
        return np.frombuffer(struct.pack(f"{3 * len(moves)}d", *times, *xs, *ys)).reshape(3, -1)

    return {
        "rows to arrays: msgpack records (taken), us": median_us(from_rows, rows, rounds),
        "rows to arrays: struct.pack, us": median_us(packed, rows, rounds),
        "rows to arrays: np.fromiter, us": median_us(fromiter, rows, rounds),
        "rows to arrays: np.array, us": median_us(listed, rows, rounds),
        "columns to arrays: msgpack records (taken), us": median_us(lambda move: from_columns(move.t, move.x, move.y), columns, rounds),
        "columns to arrays: np.array, us": median_us(lambda move: np.array((move.t, move.x, move.y)), columns, rounds),
    }


def _layouts(sessions: list[Session], contents: list[bytes], rounds: int) -> dict[str, float]:
    """The stored content's byte planes (taken) beside doubles one after another."""
    straight = [b"".join(column.tobytes() for column in (s.t, s.x, s.y, s.click_t, s.click_x, s.click_y)) for s in sessions]
    compress = zstandard.ZstdCompressor(level=1).compress
    return {
        "content in byte planes (taken): zstd, us": median_us(compress, contents, rounds),
        "content in byte planes (taken): packed, bytes": statistics.mean(len(compress(content)) for content in contents),
        "content in doubles: zstd, us": median_us(compress, straight, rounds),
        "content in doubles: packed, bytes": statistics.mean(len(compress(content)) for content in straight),
    }


def line(name: str, value: float) -> str:
    """One figure."""
    return f"  {name:<52} {value:>10,.2f}" if name.endswith("plain") else f"  {name:<52} {value:>10,.1f}"


if __name__ == "__main__":
    run("What decoding costs, beside plain msgspec.", measure, rounds=15, line=line)
