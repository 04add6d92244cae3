"""Ids in the form of the API: a prefix and eight capitals or digits."""

from __future__ import annotations

from typing import Literal

from playproof.ids import RandomBytes

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # 32 of them, so that a byte's low bits choose evenly

Prefix = Literal["ds", "dsv", "mdl", "mdlv", "job"]


def new_id(prefix: Prefix, random: RandomBytes) -> str:
    """A new id, such as ``ds_A8K2P9QX``."""
    return f"{prefix}_" + "".join(_ALPHABET[byte & 31] for byte in random(8))
