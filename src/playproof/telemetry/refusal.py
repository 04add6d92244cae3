"""From a decoder's complaint to an error that names the JSON path and what was expected there."""

from __future__ import annotations

import re

import msgspec

from playproof.errors import InputError, InvalidSession, MalformedJson

ROWS = "an array of {x, y, timestamp} or an object of columns {t, x, y}"

_AT = re.compile(r"^(?P<what>.*?)(?: - at (?:`key` in )?`(?P<path>\$[^`]*)`)?$", re.DOTALL)
_WRONG_TYPE = re.compile(r"^Expected `(?P<wanted>[^`]*)`, got `(?P<found>[^`]*)`$")
_BOUND = re.compile(r"^Expected `(?P<wanted>[^`]*)` (?P<sign>[<>]=) (?P<bound>\S+)$")
_MISSING = re.compile(r"^Object missing required field `(?P<name>[^`]*)`$")
_UNKNOWN = re.compile(r"^Object contains unknown field `(?P<name>[^`]*)`$")
_BYTE = re.compile(r"^JSON is malformed: (?P<what>.*) \(byte (?P<offset>\d+)\)$", re.DOTALL)
_LONE_SURROGATE = re.compile(rb"\\u[dD](?:[c-fC-F]|[89abAB]..(?!\\u[dD][c-fC-F]))")

_TYPES = {
    "float": "a number",
    "int": "a whole number",
    "str": "a string",
    "bool": "true or false",
    "null": "null",
    "array": "an array",
    "object": "an object",
}
_EXPECTED = {"float": "a finite number", "object": "an object", "bool | int | null": "0 or 1"}
_AT_PATH = {
    "$": "a session: an object with `movements`",
    "$.movements": ROWS,
    "$.clicks": ROWS,
    "$.durationMs": "a finite number of milliseconds, 0 or more",
    "$.hits": "a whole number from 0 to 2^53 - 1",
    "$.misses": "a whole number from 0 to 2^53 - 1",
    "$.labels": "an object with `label`",
    "$.labels.label": '"human" or "bot"',
}


_MOST_QUOTED = 64
"""Characters of what was sent that an error repeats at most."""


def _quoted(text: str) -> str:
    return text if len(text) <= _MOST_QUOTED else text[:_MOST_QUOTED] + "…"


def _named(types: str) -> str:
    """msgspec's `int | null` in words; null is not advertised, for it only means absent."""
    if types in _EXPECTED:
        return _EXPECTED[types]
    return " or ".join(_TYPES.get(name, name) for name in types.split(" | ") if name != "null") or "null"


def _wanted_at(path: str, types: str) -> str:
    return _AT_PATH.get(path) or _named(types)


def _field_wanted(path: str, name: str) -> str:
    """What a missing field should have held."""
    at = f"{path}.{name}"
    if at in _AT_PATH:
        return _AT_PATH[at]
    return "a finite number" if path.endswith("]") else "an array of finite numbers"


def invalid(error: msgspec.ValidationError, root: str = "$") -> InvalidSession:
    """The refusal for what is JSON but breaks the schema; `root` is where the decoded value lies in the body."""
    match = _AT.match(str(error))
    assert match is not None  # the pattern matches any text
    what, path = match["what"], root + (match["path"] or "$")[1:]
    if found := _WRONG_TYPE.match(what):
        return InvalidSession(f"found {_TYPES.get(found['found'], found['found'])}", path=path, expected=_wanted_at(path, found["wanted"]))
    if missing := _MISSING.match(what):
        return InvalidSession("nothing found", path=f"{path}.{missing['name']}", expected=_field_wanted(path, missing["name"]))
    if unknown := _UNKNOWN.match(what):
        return InvalidSession("unknown name", path=f"{path}.{_quoted(unknown['name'])}", expected="no such field")
    if bound := _BOUND.match(what):
        expected = _AT_PATH.get(path) or f"a number {bound['sign']} {bound['bound']}"
        return InvalidSession("found a number out of bounds", path=path, expected=expected)
    if what == "Number out of range":
        return InvalidSession("found a number beyond double precision", path=path, expected=_wanted_at(path, "float"))
    return InvalidSession(f"not usable: {_quoted(what.replace('`', ''))}", path=_quoted(path), expected=_AT_PATH.get(path, "another value"))


def malformed(error: Exception, body: bytes) -> MalformedJson:
    """The refusal for what is not JSON, with the offset of the byte where reading stopped."""
    if isinstance(error, RecursionError):
        return MalformedJson("the JSON is nested too deeply", expected="a session: an object with `movements`")
    if isinstance(error, UnicodeDecodeError):
        return MalformedJson(f"the text is not UTF-8 (byte {_first_bad_byte(body)})", expected="JSON in UTF-8")
    if body[:3] == b"\xef\xbb\xbf":
        return MalformedJson("the text begins with a byte order mark (byte 0)", expected="JSON in UTF-8 without a byte order mark")
    if not body.strip():
        return MalformedJson("the body is empty (byte 0)", expected="a session: an object with `movements`")
    if found := _BYTE.match(str(error)):
        # msgspec counts one too far where something follows the document.
        offset = int(found["offset"]) - (found["what"] == "trailing characters")
        return MalformedJson(f"not JSON: {found['what']} (byte {offset})", expected="JSON")
    if surrogate := _LONE_SURROGATE.search(body):
        return MalformedJson(f"not JSON: unpaired surrogate in a string (byte {surrogate.start()})", expected="JSON in UTF-8")
    return MalformedJson(f"not JSON: the text ends early (byte {len(body)})", expected="complete JSON")


def refusal(error: Exception, body: bytes, root: str = "$") -> InputError:
    """The error to raise for whatever a msgspec decoder raised over `body`."""
    return invalid(error, root) if isinstance(error, msgspec.ValidationError) else malformed(error, body)


def _first_bad_byte(body: bytes) -> int:
    try:
        body.decode()
    except UnicodeDecodeError as error:
        return error.start
    return 0
