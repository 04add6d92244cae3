"""Log lines: one JSON object a line, or one readable line, with known secrets blotted out."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Iterable, Mapping
from typing import Any, Literal, TextIO

import msgspec

from playproof.clock import Clock, SystemClock, iso

Form = Literal["json", "text"]
REDACTED = "[redacted]"
SHORTEST_SECRET = 6
"""Shorter settings values are not searched for: they would blot out half of every line."""

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}
_encode = msgspec.json.Encoder(enc_hook=str).encode


class LogWriter(logging.Handler):
    """Writes events to a stream; standard log records pass through it too.

    A stream that cannot be written (closed pipe, full disk) loses the line, never the request.
    """

    def __init__(
        self, form: Form = "json", *, secrets: Iterable[str] = (), stream: TextIO | None = None, clock: Clock | None = None
    ) -> None:
        super().__init__()
        self._form = form
        self._stream = stream
        self._clock = clock or SystemClock()
        long = [secret for secret in secrets if len(secret) >= SHORTEST_SECRET]
        self._secrets = tuple({*long, *(_encode(secret).decode()[1:-1] for secret in long)})

    def write(self, level: str, event: str, fields: Mapping[str, Any]) -> None:
        """Write one line: when, how bad, what happened, and what belongs to it."""
        time = iso(self._clock.now())
        if self._form == "json":
            text = _encode({"time": time, "level": level, "event": event, **fields}).decode()
        else:
            text = _readable(time, level, event, fields)
        for secret in self._secrets:
            if secret in text:
                text = text.replace(secret, REDACTED)
        try:
            # The stream is looked up late: test runners and daemons swap it.
            stream = self._stream or sys.stderr
            stream.write(text + "\n")
            stream.flush()
        except (OSError, ValueError):
            pass

    def emit(self, record: logging.LogRecord) -> None:
        """Write a standard library record, its `extra` fields beside it."""
        fields = {name: value for name, value in vars(record).items() if name not in _STANDARD}
        fields["logger"] = record.name
        if record.exc_info and record.exc_info[1] is not None:
            fields["exception"] = "".join(traceback.format_exception(record.exc_info[1]))
        try:
            event = record.getMessage()
        except (TypeError, ValueError):
            event = str(record.msg)
        self.write(record.levelname.lower(), event, fields)


def _readable(time: str, level: str, event: str, fields: Mapping[str, Any]) -> str:
    parts = [f"{time} {level:<7} {' '.join(event.splitlines())}"]
    parts += [f"{name}={_plain(value)}" for name, value in fields.items() if name != "exception"]
    text = " ".join(parts)
    return f"{text}\n{fields['exception']}".rstrip() if "exception" in fields else text


def _plain(value: object) -> str:
    text = str(value)
    return text if text and text.isprintable() and " " not in text else _encode(text).decode()


def configure(writer: LogWriter, level: str = "info") -> None:
    """Send every standard library log record of `level` and above to `writer`, and to nothing else."""
    root = logging.getLogger()
    root.handlers[:] = [writer]
    root.setLevel(level.upper())
    # The server's own access lines would double ours; what it says of start and stop, the command says better.
    access = logging.getLogger("uvicorn.access")
    access.handlers.clear()
    access.propagate = False
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    # A line for every call to others would drown our own, and those that fail are told anyway.
    logging.getLogger("httpx").setLevel(logging.NOTSET if level == "debug" else logging.WARNING)
