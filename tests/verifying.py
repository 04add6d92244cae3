"""Verdicts, tokens and sites for tests of what a site's backend is told."""

from __future__ import annotations

import msgspec

from playproof.decision import Anomaly, Calibration, Decision, Reason, Verdict

TOKEN_KEY = bytes(range(32))


def verdict(
    decision: Decision = Decision.PASS,
    *,
    score: float | None = 0.3,
    calibrated: bool = True,
    reasons: tuple[str, ...] = (),
    final: bool = True,
) -> bytes:
    """A verdict as JSON, as a challenge's session has it."""
    status = "calibrated" if calibrated else "observing"
    made = Verdict(
        session_id="pp_1",
        decision=decision,
        confidence=0.9,
        policy="verify",
        anomaly=Anomaly(score, score, None if score is None else score > 2.0, "reference", "m7", "local"),
        calibration=None if score is None else Calibration(5000, 900, "bubble-pop/mouse", status, "targets/mouse", 2.95),  # type: ignore[arg-type]
        reasons=tuple(Reason(code, f"because of {code}") for code in reasons),
        feature_summary={},
        status="final" if final else "preliminary",
        revision=1,
        fallback_reason=None,
        scored_at="2026-01-01T00:00:00.000Z",
        latency_ms=1.0,
    )
    return msgspec.json.encode(made)
