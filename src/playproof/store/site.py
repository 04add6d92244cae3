"""Sites and their secrets, as the store hands them out. Times are milliseconds since 1970, UTC."""

from __future__ import annotations

import msgspec


class SiteRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A site whose visitors are verified."""

    id: str
    name: str
    """Unique, for people."""
    sitekey: str
    """Unique and public: the pages of the site say it."""
    origins: tuple[str, ...]
    """Of the pages that may begin challenges."""
    policy: bytes
    """JSON."""
    created_at: int
    disabled_at: int | None = None


class SecretRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What the backend of a site is known by."""

    digest: bytes
    """SHA-256 of the secret, which is nowhere."""
    hint: str
    """What may be shown of it."""
    created_at: int
    expires_at: int | None = None
    """From when it is no longer taken; `None` as long as no other takes over."""
