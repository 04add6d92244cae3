"""PlayProof as a library: score a session here and now, or score and keep the verdict."""

from __future__ import annotations

import atexit
import contextlib
import os
import threading
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from playproof.batch.queue import SessionQueue
from playproof.clock import SystemClock
from playproof.decision import Judge, Verdict
from playproof.errors import SessionConflict, StoreUnavailable
from playproof.ids import session_id
from playproof.service import OPEN_SCOPE, Service, build_judge, decode_verdict, live_of
from playproof.settings import Settings, load_settings
from playproof.store import store_of
from playproof.telemetry import GameContext, Session, decode, decode_object
from playproof.telemetry.session import require_whole

Telemetry = bytes | bytearray | memoryview | str | Mapping[str, object] | Session
"""A session as JSON, as the decoded object in either wire form, or already decoded."""


def as_session(telemetry: Telemetry) -> Session:
    """`telemetry` decoded. Raises `InputError` with the JSON path of what is wrong."""
    if isinstance(telemetry, Session):
        require_whole(telemetry)
        return telemetry
    if isinstance(telemetry, Mapping):
        return decode_object(telemetry)
    if isinstance(telemetry, str):
        return decode(telemetry.encode("utf-8", "surrogatepass"))
    if not isinstance(telemetry, bytes | bytearray | memoryview):  # `bytes` would make zeros of a number, as many as it says
        raise TypeError(f"a session is bytes or text of JSON, a mapping or a Session, not {type(telemetry).__name__}")
    return decode(bytes(telemetry))


class SessionScorer:
    """Scores sessions with a loaded model; stores nothing. Safe to share between threads."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge

    @property
    def model_version(self) -> str:
        """The version of the model that answers."""
        return self._judge.chain.model.model_version

    def score(self, telemetry: Telemetry, context: GameContext | None = None) -> Verdict:
        """The verdict on one session, under policy `score`.

        `context` is what your own server knows of the targets it showed. Raises `InputError` where `telemetry` is no session.
        """
        session = as_session(telemetry)
        name = session.id or session_id(SystemClock().now(), os.urandom)
        return self._judge.judge(session, name, context).verdict


def load_scorer(model: str | os.PathLike[str] | None = None, *, settings: Settings | None = None) -> SessionScorer:
    """A scorer with the shipped model, or the artefact folder `model`.

    `settings` default to the environment's, as for the service. Raises `ArtefactError` for a damaged or foreign artefact
    and `SettingsError` for settings that cannot be used.
    """
    settings = settings or load_settings()
    return SessionScorer(build_judge(settings, model=Path(model) if model is not None else None))


class _Home:
    """The service behind `score_session` and `get_session_result`, opened once per process and data folder."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._service: Service | None = None
        self._pid = 0

    def service(self) -> Service:
        """The open service; a forked child opens its own."""
        with self._lock:
            if self._service is None or self._pid != os.getpid():
                settings = load_settings()
                clock = SystemClock()
                judge = build_judge(settings, clock=clock)
                store = store_of(settings, clock=clock, live=live_of(settings))
                # Nothing runs beside a library, so what has had its time leaves now, or at the next start where it cannot.
                with contextlib.suppress(StoreUnavailable):
                    keep = (timedelta(seconds=age) for age in (settings.keep_telemetry, settings.keep_verdicts, settings.keep_signatures))
                    store.purge(clock.now(), *keep)
                queue = SessionQueue(store, most=settings.batch_queue_max, clock=clock)
                self._service = Service(judge, store, clock=clock, keep_telemetry=settings.keep_telemetry > 0, queue=queue)
                self._pid = os.getpid()
                atexit.register(self.close)
            return self._service

    def close(self) -> None:
        """Close the store; the next use opens it again."""
        with self._lock:
            if self._service is not None and self._pid == os.getpid():
                self._service.store.close()
            self._service = None
            atexit.unregister(self.close)


_home = _Home()


def score_session(telemetry: Telemetry, *, use_batch: bool = False) -> Verdict:
    """Score a session and keep the verdict in the data folder (`PLAYPROOF_DATA_DIR`); it is on disk when this returns.

    With `use_batch` the verdict is preliminary, and the session is queued: whoever serves the folder, or `playproof worker` on it, scores
    it together with others, and `get_session_result` has the final verdict then. Raises `QueueFull` where too many wait already; the
    verdict is final then, and in the error.

    The same id with the same content answers the stored verdict. What is older than `PLAYPROOF_KEEP_TELEMETRY` and
    `PLAYPROOF_KEEP_VERDICTS` is removed when a process opens the folder. Raises `SessionConflict` where the id holds other
    content, `InputError` where `telemetry` is no session, `StoreError` where the store cannot take it.
    """
    submission = _home.service().submit(as_session(telemetry), use_batch=use_batch)
    outcome = submission.outcome.result()
    if outcome.status == "conflict":
        raise SessionConflict(f"session {submission.judged.verdict.session_id!r} is already stored with other content")
    if submission.refused is not None and outcome.status == "stored":
        raise submission.refused
    return submission.judged.verdict if outcome.status == "stored" else decode_verdict(outcome.verdict)


def get_session_result(session_id: str) -> Verdict | None:
    """The stored verdict on a session that `score_session` or the open service scored; `None` where there is none."""
    stored = _home.service().store.get(OPEN_SCOPE, session_id)
    return None if stored is None else decode_verdict(stored.verdict)


def close() -> None:
    """Close the data folder that `score_session` opened; at exit this happens by itself."""
    _home.close()
