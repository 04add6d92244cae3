"""Readiness: whether this process can give a verdict now."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

Check = Callable[[], None]
"""Returns where all is well, raises where it is not."""


class Readiness(msgspec.Struct, frozen=True):
    """The answer of `/ready`."""

    ready: bool
    checks: dict[str, str]
    """By what was checked: `ok`, or what is wrong in words."""


def examine(checks: Mapping[str, Check]) -> Readiness:
    """Run every check; one that fails does not hide the others."""
    results: dict[str, str] = {}
    for name, check in checks.items():
        try:
            check()
        except Exception as error:  # noqa: BLE001  a check that breaks in a new way is still a failed check
            results[name] = str(error) or type(error).__name__
        else:
            results[name] = "ok"
    return Readiness(all(result == "ok" for result in results.values()), results)
