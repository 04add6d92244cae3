"""Reading the query of a request, where a route takes one."""

from __future__ import annotations

from urllib.parse import parse_qsl

from playproof.errors import InvalidRequest


def asked(query: bytes, name: str) -> str | None:
    """The value of the parameter `name`, `None` where it is absent. Raises `InvalidRequest` where it is there more than once."""
    if not query:
        return None
    values = [value for key, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True) if key == name]
    if len(values) > 1:
        raise InvalidRequest(f"{name} is asked for {len(values)} times", path=f"?{name}", expected="one value")
    return values[0] if values else None


def asked_flag(query: bytes, name: str) -> bool | None:
    """The truth of a parameter, `None` where it is absent. Raises `InvalidRequest` where it is neither `true` nor `false`."""
    value = asked(query, name)
    if value is not None and value not in ("true", "false"):
        raise InvalidRequest(f"found {value!r}", path=f"?{name}", expected="true or false")
    return None if value is None else value == "true"


def asked_number(query: bytes, name: str, least: int, most: int, default: int) -> int:
    """A parameter as a whole number, `default` where it is absent. Raises `InvalidRequest` where it is none from `least` to `most`."""
    value = asked(query, name)
    if value is None:
        return default
    # No longer than the largest: what Python takes for digits may be any of a thousand characters.
    if not (value.isascii() and value.isdigit() and len(value) <= len(str(most)) and least <= int(value) <= most):
        raise InvalidRequest(f"found {value!r}", path=f"?{name}", expected=f"a whole number from {least} to {most}")
    return int(value)
