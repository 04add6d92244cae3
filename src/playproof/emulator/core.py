"""What every part of the emulated service shares: its memory, its clock, its faults and its lock."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import threading
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple, TypeVar

from playproof.clock import Clock, iso
from playproof.emulator.archive import Archive, highest
from playproof.emulator.faults import Faults
from playproof.emulator.records import Dataset, DatasetVersion, Job, Model, ModelVersion, Preparation, Record
from playproof.emulator.refusal import invalid
from playproof.ids import RandomBytes

_KINDS: tuple[type[Record], ...] = (Dataset, DatasetVersion, Model, ModelVersion, Job, Preparation)

R = TypeVar("R", bound=Record)


class Pace(NamedTuple):
    """How long work takes, in seconds of the clock; 0 is done at the first look."""

    ingest: float = 0.0
    train: float = 0.0
    infer: float = 0.0
    url: float = 900.0
    """For how long a signed URL is good."""


class Core:
    """Shared by the parts; `lock` is held by whoever calls into them."""

    def __init__(self, archive: Archive, clock: Clock, random: RandomBytes, faults: Faults, pace: Pace) -> None:
        self.archive = archive
        self.clock = clock
        self.random = random
        self.faults = faults
        self.pace = pace
        self.lock = threading.RLock()
        self._seq = highest(archive, _KINDS)
        secret = archive.read("secret")
        if secret is None:
            secret = random(32)
            archive.write("secret", secret)
        self._secret = secret

    def now(self) -> str:
        """The time as the API has it."""
        return iso(self.clock.now())

    def seconds(self) -> float:
        """The time as seconds since 1970."""
        return self.clock.now().timestamp()

    def at(self, seconds: float) -> str:
        """Seconds since 1970 as the API has them."""
        return iso(datetime.fromtimestamp(seconds, UTC))

    def age(self, moment: str) -> float:
        """Seconds since `moment`, given as the API has it."""
        return self.seconds() - datetime.fromisoformat(moment).timestamp()

    def next_seq(self) -> int:
        """A number higher than any before."""
        self._seq += 1
        return self._seq

    def sign(self, path: str, *, expired: bool = False) -> str:
        """`path` with a signature that lets whoever has it in, for a while."""
        until = int(self.seconds() + (-1 if expired else self.pace.url))
        return f"{path}?expires={until}&signature={self._signature(path, until)}"

    def signed(self, path: str, expires: str, signature: str) -> bool:
        """Whether the signature is ours and still good."""
        if not expires.isdigit() or not hmac.compare_digest(signature.encode(), self._signature(path, int(expires)).encode()):
            return False
        return self.seconds() <= int(expires)

    def _signature(self, path: str, until: int) -> str:
        text = f"{len(path)}:{path}:{until}"
        return hmac.new(self._secret, text.encode(), hashlib.sha256).hexdigest()


def page(records: Iterable[R], limit: int, cursor: str | None) -> tuple[list[R], str | None]:
    """The next `limit` of `records`, the newest first, after the one that `cursor` stands for. Raises `Refusal`."""
    ordered = sorted(records, key=lambda record: -record.seq)
    if cursor is not None:
        below = _below(cursor)
        ordered = [record for record in ordered if record.seq < below]
    shown = ordered[:limit]
    more = len(ordered) > limit
    return shown, base64.urlsafe_b64encode(f"before:{shown[-1].seq}".encode()).decode() if more else None


def _below(cursor: str) -> int:
    try:
        word, _, number = base64.urlsafe_b64decode(cursor.encode()).decode().partition(":")
        if word == "before":
            return int(number)
    except (ValueError, binascii.Error):
        pass
    raise invalid("cursor", "not a cursor of this list", where="query")
