"""The sites that challenges are played for, as the rim asks for them: by key, by id, and whether a page of theirs may."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playproof.clock import Clock
from playproof.errors import SiteNotFound
from playproof.tokens.site import Site, SitePolicy, site_of
from playproof.tokens.trial import BY_SITEKEY, TrialKey

if TYPE_CHECKING:
    from playproof.store import SiteRecord, Store

TRIAL = Site("test", "test keys", "", (), SitePolicy())
"""The site of the test key that asks for a game: any page may play for it, and whatever is played gets the test token."""

FRESH_SECONDS = 5.0
"""How long what was read of a site is believed, so that a crowd of visitors asks the store once."""
MOST_KEPT = 1_000


class Sites:
    """Sites by key and by id. Its methods may block."""

    def __init__(self, store: Store, clock: Clock, *, trials: bool = True) -> None:
        """With `trials` the test keys are known."""
        self._trials = trials
        self._store = store
        self._clock = clock
        self._kept: dict[tuple[str, str], tuple[float, Site | None]] = {}

    def by_key(self, sitekey: str) -> Site:
        """The site of this key. Raises `SiteNotFound` where there is none or it is disabled, and `StoreUnavailable`."""
        if self.trial(sitekey) is not None:
            return TRIAL
        found = self._found("key", sitekey)
        if found is None:
            raise SiteNotFound("no site has this sitekey")
        return found

    def at_hand(self, sitekey: str) -> Site | None:
        """The site of this key where that is known without asking the store, which may block."""
        if self.trial(sitekey) is not None:
            return TRIAL
        kept = self._fresh("key", sitekey)
        return None if kept is None else kept[1]

    def trial(self, sitekey: str) -> TrialKey | None:
        """The test key that `sitekey` is; `None` where it is none, or there are none here."""
        return BY_SITEKEY.get(sitekey) if self._trials else None

    def get(self, site_id: str) -> Site | None:
        """The site of this id, `None` where there is none or it is disabled. Raises `StoreUnavailable`."""
        if site_id == TRIAL.id:
            return TRIAL if self._trials else None
        return self._found("id", site_id)

    def _found(self, by: str, name: str) -> Site | None:
        kept = self._fresh(by, name)
        if kept is not None:
            return kept[1]
        now = self._clock.monotonic()
        record = self._store.sites.by_key(name) if by == "key" else self._store.sites.get(name)
        site = _live(record)
        if len(self._kept) >= MOST_KEPT:
            self._kept.clear()
        self._kept[(by, name)] = (now, site)
        return site

    def _fresh(self, by: str, name: str) -> tuple[float, Site | None] | None:
        """When a site was read and what was found, lately enough to be believed."""
        kept = self._kept.get((by, name))
        return kept if kept is not None and self._clock.monotonic() - kept[0] < FRESH_SECONDS else None


def _live(record: SiteRecord | None) -> Site | None:
    return None if record is None or record.disabled_at is not None else site_of(record)
