"""Webhooks as the settings have them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import httpx

from playproof.clock import Clock
from playproof.errors import SettingsError
from playproof.ids import RandomBytes
from playproof.observe.metrics import Metrics
from playproof.store import Store
from playproof.webhooks.delivery import Delivery
from playproof.webhooks.sender import Sender

if TYPE_CHECKING:
    from playproof.settings import Settings


def sender_of(settings: Settings, clock: Clock) -> Sender:
    """What sends to the address that `settings` name. Raises `SettingsError` where they name none that will do."""
    if settings.webhook_url is None:
        raise SettingsError("there is no address to send webhooks to: set PLAYPROOF_WEBHOOK_URL")
    secrets = [secret.reveal() for secret in settings.webhook_secret]
    try:
        return Sender(settings.webhook_url, secrets, clock=clock, private=settings.webhook_private)
    except httpx.InvalidURL as error:
        raise SettingsError(f"PLAYPROOF_WEBHOOK_URL is no address to send to: {error}") from None


def delivery_of(
    settings: Settings, store: Store, metrics: Metrics, clock: Clock, *, holder: str, random: RandomBytes = os.urandom
) -> Delivery:
    """What delivers the letters in `store` to the address that `settings` name, as the process of the name `holder`.

    Raises `SettingsError` where they name none.
    """
    return Delivery(store.outbox, sender_of(settings, clock), holder=holder, metrics=metrics, clock=clock, random=random)
