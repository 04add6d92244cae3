"""Records for a store, without the scoring that makes real ones."""

from __future__ import annotations

import hashlib

import msgspec

from playproof.store.base import SessionRecord

RECEIVED_AT = 1_767_225_600_000
"""Milliseconds: when `FakeClock` starts."""


def session_record(
    session_id: str,
    *,
    scope: str = "open",
    content: bytes = b"content",
    received_at: int = RECEIVED_AT,
    keep_telemetry: bool = True,
    verdict: bytes | None = None,
) -> SessionRecord:
    """A record of `content` under an id; the same arguments give the same record."""
    return SessionRecord(
        scope=scope,
        session_id=session_id,
        digest=hashlib.sha256(content).digest(),
        received_at=received_at,
        game_type="targets",
        device_type="mouse",
        verdict=verdict or msgspec.json.encode({"sessionId": session_id, "decision": "pass"}),
        decision="pass",
        anomaly_score=0.25,
        raw_score=-1.5,
        source="local",
        model_version="m1",
        features=hashlib.sha512(session_id.encode()).digest(),
        catalogue_version="1",
        telemetry=content if keep_telemetry else None,
    )
