"""Where a visitor comes from, as far as rates need it: a keyed hash of the address's prefix, and never the address."""

from __future__ import annotations

import hmac
import ipaddress

from playproof.framing import framed

_PURPOSE = "playproof/address/1"
_PREFIX_V6 = 64
"""Bits: what one household or one rented server has to itself."""
_HASH_BYTES = 16


def address_hash(key: bytes, address: str | None) -> bytes:
    """16 bytes that stand for the IPv4 address, or the /64 of the IPv6 address, under `key`; for no address at all where it is none."""
    return hmac.digest(key, framed(_PURPOSE, _prefix(address)), "sha256")[:_HASH_BYTES]


def _prefix(address: str | None) -> str:
    try:
        found = ipaddress.ip_address((address or "").partition("%")[0])
    except ValueError:
        return ""
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, _PREFIX_V6), strict=False))
    return str(found)
