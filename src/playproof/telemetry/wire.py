"""The wire forms of a session as msgspec types: what is read, and nothing else.

All structs hold plain numbers and strings only, so `gc=False` is safe: nothing in them can form a cycle.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Raw, Struct

Flag = int | bool | None
"""0, 1, false, true, or null for not said."""
Count = Annotated[int, Meta(ge=0, le=2**53 - 1)]
"""A count; no larger than JavaScript can count exactly."""


class Movement(Struct, gc=False, rename="camel"):
    """One movement of the rows form; the order of the fields is what `arrays` relies on."""

    x: float
    y: float
    timestamp: float
    is_trusted: bool | None = None


class Click(Struct, gc=False, rename="camel"):
    """One click of the rows form; same layout as `Movement`."""

    x: float
    y: float
    timestamp: float
    target_hit: bool | None = None


class MovementColumns(Struct, gc=False):
    """The movements of the columns form."""

    t: list[float]
    x: list[float]
    y: list[float]
    trusted: list[Flag] | None = None


class ClickColumns(Struct, gc=False):
    """The clicks of the columns form."""

    t: list[float]
    x: list[float]
    y: list[float]
    hit: list[Flag] | None = None


class Body(Struct, gc=False, rename="camel"):
    """A session's JSON object. `null` means absent for all but `movements`; of a repeated name the last counts."""

    movements: list[Movement] | MovementColumns
    clicks: list[Click] | ClickColumns | None = None
    session_id: str | None = None
    game_type: str | None = None
    device_type: str | None = None
    duration_ms: Annotated[float, Meta(ge=0)] | None = None
    hits: Count | None = None
    misses: Count | None = None
    options: Raw = Raw(b"null")
    """Left unread but by the scoring route."""
    labels: Raw = Raw(b"null")
    """Left unread but by training and evaluation."""


class ExactBody(Body, gc=False, forbid_unknown_fields=True):
    """A body without unknown fields: what most are, so that counting the unknown costs them nothing."""


FIELDS = frozenset(Body.__struct_encode_fields__)
"""The top-level fields PlayProof knows."""


class WireLabels(Struct, gc=False):
    """The `labels` of a corpus line."""

    label: Literal["human", "bot"]
    source: str | None = None
    subject: str | None = None
    family: str | None = None
    generator: str | None = None
    variant: str | None = None
    task: str | None = None
    license: str | None = None


class Options(Struct, frozen=True, gc=False, rename="camel", forbid_unknown_fields=True):
    """What a request asks of the scoring route besides the score."""

    use_batch: bool | None = None
    """Queue the session for a batch; `None` where it is not said."""
