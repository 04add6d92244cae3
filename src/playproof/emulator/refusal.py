"""What the emulator refuses, in the form of the API it speaks."""

from __future__ import annotations

from typing import Any


class Refusal(Exception):
    """An answer with an error status and the body ``{"detail": ...}``.

    `final` says that asking again cannot help: the official client would repeat a 409 by itself.
    """

    def __init__(self, status: int, detail: Any, *, final: bool = False, retry_after: float | None = None) -> None:
        super().__init__(str(detail))
        self.status = status
        self.detail = detail
        self.final = final
        self.retry_after = retry_after

    @property
    def words(self) -> str:
        """The detail as one line."""
        if isinstance(self.detail, list):
            return "; ".join(str(each["msg"]) for each in self.detail)
        return str(self.detail)


def missing(what: str) -> Refusal:
    """Nothing goes by this id."""
    return Refusal(404, f"{what} not found")


def invalid(field: str, message: str, *, where: str = "body") -> Refusal:
    """A value of the request is not usable; the list form of a validation error."""
    return Refusal(422, [{"loc": [where, field], "msg": message, "type": "value_error"}])
