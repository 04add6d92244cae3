"""The keys behind receipts, tokens, tolls and hashed addresses: one ring, and a key of its own for each purpose derived from each of it."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Sequence
from typing import TYPE_CHECKING

from playproof.challenges.receipts import KeyRing
from playproof.clock import Clock, milliseconds
from playproof.framing import framed
from playproof.ids import RandomBytes

if TYPE_CHECKING:
    from playproof.settings import Settings
    from playproof.store import Store

KEY_BYTES = 32
_ID_BYTES = 4


class Signing:
    """The ring of signing keys; the first of `keys` signs, all are accepted."""

    def __init__(self, keys: Sequence[tuple[str, bytes]]) -> None:
        """`keys` are pairs of id and 32 bytes or more. Raises `ValueError` where there is none, or one will not do."""
        if not keys:
            raise ValueError("there is no signing key")
        self.current = keys[0][0]
        """The id of the key that signs."""
        self._keys = dict(keys)
        self.receipts = KeyRing({name: _derived(key, "receipts") for name, key in keys}, self.current)

    @property
    def accepted(self) -> tuple[str, ...]:
        """The ids of all keys, the one that signs first."""
        return tuple(self._keys)

    def token_key(self, key_id: str) -> bytes:
        """What tokens of challenges are made with that were issued under the key `key_id`. Raises `KeyError`."""
        return _derived(self._keys[key_id], "tokens")

    def toll_key(self, key_id: str) -> str:
        """What tolls are signed with, as text. Raises `KeyError`."""
        return _derived(self._keys[key_id], "tolls").hex()

    @property
    def address_key(self) -> bytes:
        """What addresses are hashed with."""
        return _derived(self._keys[self.current], "addresses")


def signing_of(settings: Settings, store: Store, clock: Clock, random: RandomBytes) -> Signing:
    """The keys that the settings name, else those of the store, where the first is made at first use. Raises `StoreUnavailable`; blocks."""
    if settings.signing_keys:
        return Signing([(key.name, base64.b64decode(key.key.reveal())) for key in settings.signing_keys])
    from playproof.store import SigningKey

    kept = store.signing.keys()
    if not kept:
        first = SigningKey(id=random(_ID_BYTES).hex(), key=random(KEY_BYTES), created_at=milliseconds(clock.now()))
        kept = [store.signing.make_first(first)]
    return Signing([(key.id, key.key) for key in sorted(kept, key=lambda key: -key.created_at)])


def _derived(key: bytes, purpose: str) -> bytes:
    return hmac.digest(key, framed("playproof/signing/1", purpose), "sha256")
