"""All of verification that one process has, composed from settings."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from playproof.clock import Clock
from playproof.ids import RandomBytes
from playproof.observe.metrics import Metrics
from playproof.verification.campaigns import Campaigns
from playproof.verification.finishing import Finishing, Tolls
from playproof.verification.rates import Rates
from playproof.verification.reception import Prices, Reception
from playproof.verification.signing import Signing, signing_of
from playproof.verification.sites import Sites

if TYPE_CHECKING:
    from playproof.service import Service
    from playproof.settings import Settings
    from playproof.store import Store


@dataclass(frozen=True, slots=True)
class Desk:
    """Where visitors are received and sent off."""

    sites: Sites
    reception: Reception
    finishing: Finishing
    signing: Signing
    campaigns: Campaigns


def desk_of(settings: Settings, store: Store, service: Service, metrics: Metrics, clock: Clock, random: RandomBytes = os.urandom) -> Desk:
    """The desk that `settings` describe. Raises `StoreUnavailable`; blocks."""
    signing = signing_of(settings, store, clock, random)
    sites = Sites(store, clock, trials=settings.test_keys)
    prices = Prices(int(settings.challenge_lifetime * 1000), settings.toll_beside, settings.toll_instead)
    tolls = Tolls(settings.toll_beside, settings.toll_instead, int(settings.toll_wait * 1000))
    campaigns = Campaigns(store, settings.woodwide_persistent_dataset, metrics)
    return Desk(
        sites=sites,
        reception=Reception(store, signing, Rates.of(settings), prices, clock, random),
        finishing=Finishing(store, service, signing, sites.get, tolls, campaigns, clock),
        signing=signing,
        campaigns=campaigns,
    )
