"""The asynchronous twins of `playproof`: the same names, awaited; the event loop is never blocked."""

from __future__ import annotations

import asyncio
import os

from playproof import api
from playproof.api import Telemetry
from playproof.decision import Verdict
from playproof.settings import Settings
from playproof.telemetry import GameContext

__all__ = ["SessionScorer", "get_session_result", "load_scorer", "score_session"]


class SessionScorer:
    """Scores sessions with a loaded model in a worker thread; stores nothing."""

    def __init__(self, scorer: api.SessionScorer) -> None:
        self._scorer = scorer

    @property
    def model_version(self) -> str:
        """The version of the model that answers."""
        return self._scorer.model_version

    async def score(self, telemetry: Telemetry, context: GameContext | None = None) -> Verdict:
        """As `playproof.SessionScorer.score`."""
        return await asyncio.to_thread(self._scorer.score, telemetry, context)


async def load_scorer(model: str | os.PathLike[str] | None = None, *, settings: Settings | None = None) -> SessionScorer:
    """As `playproof.load_scorer`."""
    return SessionScorer(await asyncio.to_thread(api.load_scorer, model, settings=settings))


async def score_session(telemetry: Telemetry, *, use_batch: bool = False) -> Verdict:
    """As `playproof.score_session`."""
    return await asyncio.to_thread(api.score_session, telemetry, use_batch=use_batch)


async def get_session_result(session_id: str) -> Verdict | None:
    """As `playproof.get_session_result`."""
    return await asyncio.to_thread(api.get_session_result, session_id)
