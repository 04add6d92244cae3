"""A decoded session: what came in, as arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from playproof.errors import InvalidSession
from playproof.telemetry.limits import LIMITS

Floats = NDArray[np.float64]
Flags = NDArray[np.int8]


@dataclass(frozen=True, slots=True, eq=False)
class Session:
    """One play, as sent: movements and clicks in the order of arrival, nothing repaired.

    Times are milliseconds since the first movement (or first click, where nothing moved); they may run
    backwards, which is a finding and not an error. Positions are CSS pixels.
    """

    id: str | None
    """As sent; `None` where the sender gave none and the server is to make one."""
    game_type: str
    """`unknown` where absent."""
    device_type: str
    """mouse, touch, trackpad, stylus, keyboard, unknown, or any other short string."""
    duration_ms: float
    """As sent, or the last time of the session."""
    t: Floats
    """(n,) milliseconds."""
    x: Floats
    """(n,) CSS pixels, to the right."""
    y: Floats
    """(n,) CSS pixels, downwards."""
    trusted: Flags | None
    """(n,) 1 trusted, 0 not, -1 not said; `None` where no movement says."""
    click_t: Floats
    """(m,) milliseconds on the same clock as `t`."""
    click_x: Floats
    click_y: Floats
    click_hit: Flags | None
    """(m,) what the client claims; never evidence."""
    hits: int | None
    """What the client claims; never evidence."""
    misses: int | None
    ignored_fields: int
    """Top-level fields of the body that PlayProof does not know."""


def require_whole(session: Session) -> None:
    """Return where `session`, which somebody else than the decoder made, holds what a decoded one does. Raises `InvalidSession`.

    Compiled code reads as far as the longest of its arrays says.
    """
    groups = (
        ("movements", LIMITS.movements, (session.t, session.x, session.y), session.trusted),
        ("clicks", LIMITS.clicks, (session.click_t, session.click_x, session.click_y), session.click_hit),
    )
    for name, most, axes, flags in groups:
        count = len(axes[0])
        if count > most:
            raise InvalidSession(f"found {count} values", path=f"$.{name}", expected=f"at most {most}")
        for axis in axes:
            if axis.shape != (count,) or axis.dtype != np.float64 or not np.isfinite(axis).all():
                raise InvalidSession("found an unlike array", path=f"$.{name}", expected=f"arrays of {count} finite float64 each")
        if flags is not None and (flags.shape != (count,) or flags.dtype != np.int8):
            raise InvalidSession("found unlike flags", path=f"$.{name}", expected=f"{count} int8")


@dataclass(frozen=True, slots=True, eq=False)
class GameContext:
    """What the server knows of the game's targets; never taken from a client.

    All arrays are (k,): target i appeared at `t` (ms on the session's clock), at `x`, `y` with `radius` (CSS pixels).
    """

    t: Floats
    x: Floats
    y: Floats
    radius: Floats


@dataclass(frozen=True, slots=True)
class Finding:
    """Something well-formed but impossible or telling: a value, not an exception."""

    code: str
    """Stable name, such as `time_reversed`; also a reason code of the verdict."""
    detail: str
    """One sentence with the figures."""
    count: int = 1
    """How many events show it."""


@dataclass(frozen=True, slots=True)
class Labels:
    """What a corpus says of a session; read by training and evaluation alone."""

    label: str
    """`human` or `bot`."""
    source: str = ""
    subject: str = ""
    """Who moved; people are split by it."""
    family: str = ""
    generator: str = ""
    """The code behind a bot family; bots are split by it."""
    variant: str = ""
    task: str = ""
    license: str = ""
