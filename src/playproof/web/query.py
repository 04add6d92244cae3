"""Reading the query of a request, where a route takes one."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl

from playproof.errors import InvalidRequest


def asked(query: bytes, *names: str) -> Mapping[str, str]:
    """What a query says of the parameters `names`.

    Raises `InvalidRequest` where it says something of others, which may be misspelt, or twice of one.
    """
    found: dict[str, str] = {}
    for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
        if name not in names:
            raise InvalidRequest("this parameter is not known", path=f"?{name}", expected=" or ".join(names) or "none")
        if name in found:
            raise InvalidRequest("this parameter is there more than once", path=f"?{name}", expected="one value")
        found[name] = value
    return found


def flag(said: Mapping[str, str], name: str) -> bool | None:
    """The truth of a parameter, `None` where it is absent. Raises `InvalidRequest` where it is neither `true` nor `false`."""
    value = said.get(name)
    if value is not None and value not in ("true", "false"):
        raise InvalidRequest(f"found {value!r}", path=f"?{name}", expected="true or false")
    return None if value is None else value == "true"


def number(said: Mapping[str, str], name: str, least: int, most: int, default: int) -> int:
    """A parameter as a whole number, `default` where it is absent. Raises `InvalidRequest` where it is none from `least` to `most`."""
    value = said.get(name)
    if value is None:
        return default
    # No longer than the largest: what Python takes for digits may be any of a thousand characters.
    if not (value.isascii() and value.isdigit() and len(value) <= len(str(most)) and least <= int(value) <= most):
        raise InvalidRequest(f"found {value!r}", path=f"?{name}", expected=f"a whole number from {least} to {most}")
    return int(value)
