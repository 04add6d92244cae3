"""Webhooks as the settings have them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from playproof.clock import Clock
from playproof.ids import RandomBytes
from playproof.observe.metrics import Metrics
from playproof.store import Store
from playproof.webhooks.delivery import Delivery
from playproof.webhooks.sender import Sender

if TYPE_CHECKING:
    from playproof.settings import Settings


def sender_of(settings: Settings, clock: Clock) -> Sender | None:
    """What sends to the address that `settings` name; None where they name none."""
    if settings.webhook_url is None:
        return None
    secrets = [secret.reveal() for secret in settings.webhook_secret]
    return Sender(settings.webhook_url, secrets, clock=clock, private=settings.webhook_private)


def delivery_of(settings: Settings, store: Store, metrics: Metrics, clock: Clock, random: RandomBytes = os.urandom) -> Delivery | None:
    """What delivers the letters in `store`; None where `settings` name no address, so that none are to be put in either."""
    sender = sender_of(settings, clock)
    return None if sender is None else Delivery(store.outbox, sender, metrics=metrics, clock=clock, random=random)
