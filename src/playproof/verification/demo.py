"""The site that the demo page plays for: a service on the loopback address has it, and nobody needs a secret for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from playproof.clock import Clock, milliseconds
from playproof.ids import RandomBytes
from playproof.tokens.keys import hint, new_secret, secret_digest
from playproof.tokens.origins import origin_of
from playproof.tokens.site import SitePolicy, encoded

if TYPE_CHECKING:
    from playproof.store import Store

DEMO = "site_demo"
"""Its id."""
DEMO_SITEKEY = "pk_demo"
DEMO_NAME = "(demo)"
"""No site that an operator makes can have this name."""

_HOSTS = ("127.0.0.1", "localhost", "[::1]")
_MOST_ORIGINS = 8 * len(_HOSTS)


def origins_at(port: int) -> tuple[str, ...]:
    """The origins of pages that a service on the loopback address serves at `port`."""
    return tuple(origin_of(f"http://{host}:{port}") for host in _HOSTS)


def ensure_demo(store: Store, port: int, clock: Clock, random: RandomBytes) -> None:
    """Have the demo's site in `store`, and pages served at `port` be its own. Said twice, or by several processes, it is there once.

    Ports that other services had before stay its own, up to eight. Its secret is thrown away: the service itself asks about its tokens.
    Raises `StoreUnavailable`.
    """
    from playproof.store import SecretRecord, SiteRecord

    mine = origins_at(port)
    found = store.sites.get(DEMO)
    if found is None:
        now, secret = milliseconds(clock.now()), new_secret(random)
        record = SiteRecord(id=DEMO, name=DEMO_NAME, sitekey=DEMO_SITEKEY, origins=mine, policy=encoded(SitePolicy()), created_at=now)
        if store.sites.create(record, SecretRecord(digest=secret_digest(secret), hint=hint(secret), created_at=now)):
            return
        found = store.sites.get(DEMO)  # another process was first
    if found is not None and not set(mine) <= set(found.origins):
        others = [origin for origin in found.origins if origin not in mine]
        store.sites.update(msgspec.structs.replace(found, origins=(*mine, *others)[:_MOST_ORIGINS]))
