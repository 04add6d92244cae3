"""What the routes work with, made once by the composition root."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from playproof.batch.runtime import Batch
from playproof.clock import Clock
from playproof.ids import process_name
from playproof.observe.health import Check
from playproof.observe.metrics import Metrics
from playproof.service import Service
from playproof.store import Store
from playproof.tokens.verifier import Verifier
from playproof.verification.desk import Desk
from playproof.web.auth import Keys, Neighbourhood
from playproof.web.client import Proxies
from playproof.woodwide.following import Follower
from playproof.woodwide.runtime import Hosted
from playproof.woodwide.tower import Tower

if TYPE_CHECKING:
    from playproof.webhooks.delivery import Delivery

_log = logging.getLogger("playproof.web")


@dataclass(frozen=True, slots=True)
class Limits:
    """How much and how long a request may be."""

    body_bytes: int
    seconds: float
    """From the headers to the verdict on disk."""
    upload_bytes: int = 256 * 1024**2
    """Of a file of sessions to train on."""
    wrong_secrets: int = 20
    """That one address may show to siteverify in a minute."""


@dataclass(frozen=True, slots=True)
class Services:
    """Everything a route may need."""

    service: Service
    store: Store
    keys: Keys
    neighbourhood: Neighbourhood
    metrics: Metrics
    limits: Limits
    clock: Clock
    checks: Mapping[str, Check]
    """What readiness asks, by name."""
    batch: Batch
    """The queue of sessions that nobody waits for, and what works it off."""
    desk: Desk
    """Where visitors are verified."""
    verifier: Verifier
    """What sites ask about tokens."""
    proxies: Proxies = field(default_factory=Proxies)
    """Those whose word on where a request comes from is taken."""
    holder: str = field(default_factory=lambda: process_name(os.urandom))
    """This process's name, as no other has it."""
    tower: Tower | None = None
    """`None` where no hosted model is configured."""
    hosted: Hosted | None = None
    """`None` where no hosted model is configured."""
    training: Follower | None = None
    """`None` where there is no key to train with."""
    webhooks: Delivery | None = None
    """`None` where no site is to be told anything."""


def note_fallback(metrics: Metrics, reason: str, error: Exception | None = None) -> None:
    """Count and log that a lower scorer answered."""
    metrics.count("playproof_fallbacks_total", reason)
    _log.warning("scorer stepped down", exc_info=error, extra={"reason": str(reason)})
