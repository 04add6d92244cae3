"""How Woodwide is reached: what the settings say, in one value."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from playproof.settings import ApiKey, Secret
from playproof.woodwide.calls import Call

if TYPE_CHECKING:
    from playproof.settings import Settings


class Connection(msgspec.Struct, frozen=True, kw_only=True):
    """Where, with which keys, and how patiently. Durations are seconds."""

    base_url: str
    keys: tuple[ApiKey, ...]
    timeout: float = 30.0
    infer_timeout: float = 120.0
    transfer_timeout: float = 300.0
    job_timeout: float = 1800.0
    attempts: int = 3
    retry_patience: float = 10.0
    key_rest: float = 300.0

    def seconds(self, call: Call) -> float:
        """How long `call` may take, once."""
        found: float = getattr(self, call.limit)
        return found


def connection_of(settings: Settings) -> Connection | None:
    """The connection that `settings` describe; None where they have no key."""
    keys = settings.woodwide_api_keys or _only(settings.woodwide_api_key)
    if not keys:
        return None
    return Connection(
        base_url=settings.woodwide_base_url,
        keys=keys,
        timeout=settings.woodwide_timeout,
        infer_timeout=settings.woodwide_infer_timeout,
        transfer_timeout=settings.woodwide_transfer_timeout,
        job_timeout=settings.woodwide_job_timeout,
        attempts=settings.woodwide_attempts,
        retry_patience=settings.woodwide_retry_patience,
        key_rest=settings.woodwide_key_rest,
    )


def _only(key: Secret | None) -> tuple[ApiKey, ...]:
    return (ApiKey("the only one", key),) if key is not None else ()
