"""Sites on whatever engine is below."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from playproof.store import sites
from playproof.store.live_tables import Run
from playproof.store.site import SecretRecord, SiteRecord


class SiteTables:
    """Whose visitors are verified, and what their backends are known by. Safe to share between threads and processes.

    What is written is on disk when a method returns, and every method raises `StoreUnavailable`.
    """

    def __init__(self, write: Run, read: Run, storable: Callable[[str], bool]) -> None:
        self._write = write
        self._read = read
        self._storable = storable

    def create(self, site: SiteRecord, secret: SecretRecord) -> bool:
        """Add a site with its first secret; false where its id, name or sitekey is taken."""
        return self._write(lambda connection: sites.create(connection, site, secret))

    def update(self, site: SiteRecord) -> bool:
        """Have the site of this id be as `site` says; false where there is none, or another one has the name or sitekey."""

        def work(connection: Connection) -> bool:
            try:
                with connection.begin_nested():
                    return sites.change(connection, site)
            except IntegrityError:
                return False

        return self._write(work)

    def get(self, site_id: str) -> SiteRecord | None:
        """The site of an id."""
        return self._read(lambda connection: sites.get(connection, site_id)) if self._storable(site_id) else None

    def by_key(self, sitekey: str) -> SiteRecord | None:
        """The site of a sitekey."""
        return self._read(lambda connection: sites.by_key(connection, sitekey)) if self._storable(sitekey) else None

    def by_secret(self, digest: bytes, now: int) -> SiteRecord | None:
        """The site whose secret has the SHA-256 `digest` and is taken at `now`, ms since 1970; a site that is disabled says so itself."""
        return self._read(lambda connection: sites.by_secret(connection, digest, now))

    def secrets(self, site_id: str) -> list[SecretRecord]:
        """The secrets of a site, the newest first, those whose time is over included."""
        return self._read(lambda connection: sites.secrets(connection, site_id))

    def rotate(self, site_id: str, secret: SecretRecord, old_until: int) -> bool:
        """Give a site another secret. The newest one before is taken until `old_until`, ms since 1970, at the latest; where there were
        more, those go at once. False where there is no such site.
        """
        return self._write(lambda connection: sites.rotate(connection, site_id, secret, old_until))

    def list(self) -> list[SiteRecord]:
        """All sites, by name."""
        return self._read(sites.everyone)
