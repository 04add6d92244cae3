"""PlayProof tells people from bots by how they move.

    from playproof import load_scorer

    verdict = load_scorer().score(body)   # bytes of JSON, or the same as a dict
    verdict.decision                      # "pass", "review" or "fail"

Names are loaded when first used, so that importing the package costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playproof.api import SessionScorer, get_session_result, load_scorer, score_session
    from playproof.decision import Decision, Verdict
    from playproof.errors import InputError, PlayproofError

__version__ = "0.1.0"

__all__ = [
    "Decision",
    "InputError",
    "PlayproofError",
    "SessionScorer",
    "Verdict",
    "get_session_result",
    "load_scorer",
    "score_session",
]

_HOMES = {
    "Decision": "playproof.decision",
    "InputError": "playproof.errors",
    "PlayproofError": "playproof.errors",
    "SessionScorer": "playproof.api",
    "Verdict": "playproof.decision",
    "get_session_result": "playproof.api",
    "load_scorer": "playproof.api",
    "score_session": "playproof.api",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'playproof' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
