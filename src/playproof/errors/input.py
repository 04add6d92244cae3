"""What was sent cannot be used."""

from __future__ import annotations

from playproof.errors.base import PlayproofError


class InputError(PlayproofError):
    """What was sent is not usable.

    ``path`` is the JSON path of the offending value (``$`` is the whole document), ``expected`` says
    in words what would have been accepted there.
    """

    code = "invalid-input"
    status = 400

    def __init__(self, message: str, *, path: str = "$", expected: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.path = path
        self.expected = expected

    def __str__(self) -> str:
        wanted = f" (expected {self.expected})" if self.expected else ""
        return f"{self.message} at {self.path}{wanted}"

    def __reduce__(self) -> tuple[object, ...]:
        # Keyword-only arguments do not survive the default pickling between worker processes.
        return _rebuild_input_error, (type(self), self.message, self.path, self.expected)


def _rebuild_input_error(kind: type[InputError], message: str, path: str, expected: str) -> InputError:
    return kind(message, path=path, expected=expected)


class MalformedJson(InputError):
    """The body is not JSON."""

    code = "malformed-json"
    status = 400


class TooLarge(InputError):
    """The body, or a list in it, is over its limit."""

    code = "too-large"
    status = 413


class InvalidSession(InputError):
    """The body is JSON, but not a session."""

    code = "invalid-session"
    status = 422


class InvalidRequest(InputError):
    """The body can be read, but is not what this route takes."""

    code = "invalid-request"
    status = 422
