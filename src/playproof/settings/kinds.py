"""What a setting's value may be: how it is read from text or TOML, and how it is written back."""

from __future__ import annotations

import hashlib
import ipaddress
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)?")
_SIZE = re.compile(r"(\d+)\s*(B|KiB|MiB|GiB)?", re.IGNORECASE)
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_FLAGS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
_BYTES = {"b": 1, "kib": 1024, "mib": 1024**2, "gib": 1024**3}


class Secret:
    """A text that never shows itself by accident: `repr`, `str` and formatting give stars."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself, for the one place that compares it."""
        return self._text

    def __repr__(self) -> str:
        return "Secret('***')"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)


class ApiKey(msgspec.Struct, frozen=True):
    """A key that callers present, and the name its sessions are kept under."""

    name: str
    key: Secret


@dataclass(frozen=True)
class Kind:
    """A type of value.

    ``parse`` takes what was given (text from a flag or the environment, any TOML value from the file) and
    raises `ValueError` when it will not do. ``name`` and ``limits`` are for tables, ``noun`` for sentences.
    """

    name: str
    noun: str
    parse: Callable[[Any], Any]
    show: Callable[[Any], str] = str
    limits: str = ""
    secret: bool = False
    """Read from the environment or a file named there alone, and never shown."""

    @property
    def expected(self) -> str:
        """What would have done, in words."""
        return f"{self.noun} {self.limits}".strip()


def integer(low: int, high: int) -> Kind:
    """A whole number from `low` to `high`."""

    def parse(value: Any) -> int:
        number = int(_text(value, int))
        if not low <= number <= high:
            raise ValueError(value)
        return number

    return Kind("integer", "a whole number", parse, limits=f"from {low} to {high}")


def number(low: float, high: float) -> Kind:
    """A finite number from `low` to `high`."""

    def parse(value: Any) -> float:
        found = float(_text(value, int, float))
        if not (math.isfinite(found) and low <= found <= high):
            raise ValueError(value)
        return found

    return Kind("number", "a number", parse, limits=f"from {low:g} to {high:g}")


def duration(low: float, high: float) -> Kind:
    """Seconds from `low` to `high`, also written 250ms, 90s, 15m, 12h or 7d."""

    def parse(value: Any) -> float:
        match = _DURATION.fullmatch(_text(value, int, float).strip())
        if match is None:
            raise ValueError(value)
        seconds = float(match[1]) * _SECONDS[match[2] or "s"]
        if not low <= seconds <= high:
            raise ValueError(value)
        return seconds

    noun = "a duration such as 90s, 15m, 12h or 7d (plain numbers are seconds)"
    return Kind("duration", noun, parse, _duration, limits=f"from {_duration(low)} to {_duration(high)}")


def size(low: int, high: int) -> Kind:
    """Bytes from `low` to `high`, also written 512KiB or 2MiB."""

    def parse(value: Any) -> int:
        match = _SIZE.fullmatch(_text(value, int).strip())
        if match is None:
            raise ValueError(value)
        count = int(match[1]) * _BYTES[(match[2] or "B").lower()]
        if not low <= count <= high:
            raise ValueError(value)
        return count

    noun = "a size such as 512KiB or 2MiB (plain numbers are bytes)"
    return Kind("size", noun, parse, _size, limits=f"from {_size(low)} to {_size(high)}")


def choice(*words: str) -> Kind:
    """One of `words`, in any case."""

    def parse(value: Any) -> str:
        word = _text(value).strip().lower()
        if word not in words:
            raise ValueError(value)
        return word

    return Kind("one of", "one of", parse, limits=", ".join(words))


def _parse_flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    word = _text(value).strip().lower()
    if word not in _FLAGS:
        raise ValueError(value)
    return _FLAGS[word]


def _parse_text(value: Any) -> str:
    text = _text(value).strip()
    if not text.isprintable() or not text:
        raise ValueError(value)
    return text


def _parse_path(value: Any) -> Path:
    text = _text(value).strip()
    if not text or "\0" in text:
        raise ValueError(value)
    try:
        return Path(text).expanduser()
    except RuntimeError as error:  # nobody of that name has a home
        raise ValueError(value) from error


def _parse_secret(value: Any) -> Secret:
    return _secret(_parse_text(value))


def _secret(text: str) -> Secret:
    """`text`, if it gets through an HTTP header unchanged."""
    if not (text.isascii() and text.isprintable()):
        raise ValueError
    return Secret(text)


def _parse_keys(value: Any) -> tuple[ApiKey, ...]:
    keys = tuple(_parse_key(part.strip()) for part in re.split(r"[,\n]", _text(value)) if part.strip())
    if not keys or len({key.name for key in keys}) < len(keys) or len({key.key for key in keys}) < len(keys):
        raise ValueError
    return keys


def _parse_url(value: Any) -> str:
    text = _text(value).strip().rstrip("/")
    parts = urlsplit(text)
    if not text.isprintable() or " " in text or parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise ValueError(value)
    if parts.query or parts.fragment or parts.port == 0:
        raise ValueError(value)
    return text


def _parse_names(value: Any) -> tuple[str, ...]:
    names = tuple(part.strip().lower() for part in _text(value).split(",") if part.strip())
    if not names or any(re.search(r"[\s/:@]", name) for name in names):
        raise ValueError(value)
    return names


def _parse_networks(value: Any) -> tuple[str, ...]:
    networks = tuple(str(ipaddress.ip_network(part.strip())) for part in _text(value).split(",") if part.strip())
    if not networks:
        raise ValueError(value)
    return networks


def _parse_key(part: str) -> ApiKey:
    name, colon, key = part.partition(":")
    if not colon:
        # Named by its content, not by its place in the list, so that reordering keeps each key's sessions.
        return ApiKey("key-" + hashlib.sha256(part.encode("utf-8", "surrogateescape")).hexdigest()[:8], _secret(part))
    if not (name.strip() and name.isprintable() and key.strip()):
        raise ValueError
    return ApiKey(name.strip(), _secret(key.strip()))


def _text(value: Any, *also: type) -> str:
    """`value` as text; values of other types than text and `also` will not do."""
    if isinstance(value, bool) or not isinstance(value, (str, *also)):
        raise ValueError(value)
    return str(value)


def _duration(seconds: float) -> str:
    for unit in ("d", "h", "m"):
        if seconds >= _SECONDS[unit] and seconds % _SECONDS[unit] == 0:
            return f"{seconds / _SECONDS[unit]:g}{unit}"
    return f"{seconds:g}s" if seconds else "0"


def _size(count: int) -> str:
    for unit in ("GiB", "MiB", "KiB"):
        if count >= _BYTES[unit.lower()] and count % _BYTES[unit.lower()] == 0:
            return f"{count // _BYTES[unit.lower()]}{unit}"
    return str(count)


TEXT = Kind("text", "a text that can be printed and is not empty", _parse_text)
PATH = Kind("path", "a path", _parse_path)
URL = Kind("URL", "an http or https address without user, query and fragment", _parse_url)
NAMES = Kind("names", "host names separated by commas, without port", _parse_names, ", ".join)
NETWORKS = Kind("networks", "addresses or networks such as 10.0.0.0/8, separated by commas", _parse_networks, ", ".join)
FLAG = Kind("true or false", "true or false", _parse_flag, lambda value: str(value).lower())
SECRET = Kind("secret", "a text of visible ASCII characters", _parse_secret, lambda _: "***", secret=True)
KEYS = Kind(
    "secret",
    "keys of visible ASCII characters, separated by commas, each `key` or `name:key`, no name or key twice",
    _parse_keys,
    lambda keys: ", ".join(f"{key.name}:***" for key in keys),
    secret=True,
)
