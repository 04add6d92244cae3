"""What came in: the wire forms of a session, its limits, and what is impossible in it."""

from playproof.telemetry.content import canonical, digest, from_canonical
from playproof.telemetry.decoder import decode, decode_labelled, decode_object, decode_recorded, decode_request
from playproof.telemetry.findings import inspect
from playproof.telemetry.limits import LIMITS, Limits
from playproof.telemetry.session import Finding, GameContext, Labels, Session
from playproof.telemetry.wire import Options

__all__ = [
    "LIMITS",
    "Finding",
    "GameContext",
    "Labels",
    "Limits",
    "Options",
    "Session",
    "canonical",
    "decode",
    "decode_labelled",
    "decode_object",
    "decode_recorded",
    "decode_request",
    "digest",
    "from_canonical",
    "inspect",
]
