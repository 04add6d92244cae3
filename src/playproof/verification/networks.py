"""Whether a form came from where its challenge was begun."""

from __future__ import annotations

import hmac
import ipaddress
from typing import TYPE_CHECKING

from playproof.verification.address import address_hash

if TYPE_CHECKING:
    from playproof.store import Store
    from playproof.verification.signing import Signing


def same_network(store: Store, signing: Signing, digest: bytes, address: str) -> bool | None:
    """Whether the challenge of the token `digest` was begun from the network of `address`; `None` where that cannot be known.

    Networks are compared as the hashes that are kept of them. Blocks. Raises `StoreUnavailable`.
    """
    try:
        ipaddress.ip_address(address)
    except ValueError:
        return None
    token = store.tokens.get(digest)
    challenge = None if token is None else store.challenges.get(token.challenge)
    return None if challenge is None else hmac.compare_digest(challenge.address, address_hash(signing.address_key, address))
