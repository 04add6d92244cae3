"""The settings of challenges: how long they last, how often who may begin one, and what the accessible way costs."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Any

from playproof.settings.batch import BatchSettings
from playproof.settings.kinds import FLAG, NETWORKS, ApiKey, Kind, Secret, duration, integer
from playproof.settings.row import Setting

_DAY = 86400.0
SHORTEST_KEY = 32
"""Bytes."""


def _parse_signing_keys(value: Any) -> tuple[ApiKey, ...]:
    if not isinstance(value, str):
        raise ValueError
    keys = tuple(_parse_signing_key(part.strip()) for part in value.split(",") if part.strip())
    if not keys or len({key.name for key in keys}) < len(keys) or len({key.key for key in keys}) < len(keys):
        raise ValueError
    return keys


def _parse_signing_key(part: str) -> ApiKey:
    name, colon, text = part.partition(":")
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError from None
    if not (colon and name.isascii() and name.isalnum() and len(name) <= 16) or len(key) < SHORTEST_KEY:
        raise ValueError
    return ApiKey(name, Secret(text))


SIGNING_KEYS = Kind(
    "secret",
    f"keys separated by commas, each `id:base64` with an id of letters and digits and {SHORTEST_KEY} bytes or more, no id or key twice",
    _parse_signing_keys,
    lambda keys: ", ".join(f"{key.name}:***" for key in keys),
    secret=True,
)


class ChallengeSettings(BatchSettings, frozen=True, kw_only=True):
    """What challenges may take and cost; a part of `Settings`."""

    signing_keys: Annotated[
        tuple[ApiKey, ...],
        Setting(
            SIGNING_KEYS,
            "What receipts, tokens and tolls are signed with: the first key signs, all are accepted. Processes that share a database "
            "share the one that is made there unless it is given here.",
            absent="made at the first start, and kept in the database",
        ),
    ] = ()
    trusted_proxies: Annotated[
        tuple[str, ...],
        Setting(
            NETWORKS,
            "Proxies whose X-Forwarded-For says where a visitor comes from; with none, whoever connects is the visitor.",
            absent="none",
        ),
    ] = ()
    challenge_lifetime: Annotated[
        float,
        Setting(duration(30, 3600), "How long a challenge may be played, from its issue to its finish."),
    ] = 120.0
    challenges_per_address: Annotated[
        int,
        Setting(integer(1, 1_000_000), "Challenges that one address (IPv6: one /64) may begin at a site in a minute; then 429."),
    ] = 30
    challenges_per_site: Annotated[
        int,
        Setting(integer(1, 100_000_000), "Challenges that may be begun at one site in a minute; then 429."),
    ] = 6_000
    accessible_per_address: Annotated[
        int,
        Setting(
            integer(1, 1_000_000),
            "How often one address may take the accessible way (keyboard, or proof of work instead of a game) at a site in ten minutes.",
        ),
    ] = 10
    accessible_per_site: Annotated[
        int,
        Setting(integer(1, 100_000_000), "How often the accessible way may be taken at one site in ten minutes."),
    ] = 600
    toll_beside: Annotated[
        int,
        Setting(
            integer(100, 100_000_000),
            "Hashes that a play by finger, pen or keyboard costs the visitor's computer, on average, while it is played.",
        ),
    ] = 100_000
    toll_instead: Annotated[
        int,
        Setting(integer(100, 100_000_000), "Hashes that the way without a game costs, on average: a second or so on most computers."),
    ] = 500_000
    toll_wait: Annotated[
        float,
        Setting(duration(0, 60), "How long the way without a game takes at least, however fast the computer is."),
    ] = 3.0
    test_keys: Annotated[
        bool,
        Setting(
            FLAG,
            "Whether the public test keys are good here. They are for tests alone: a site's own secret refuses their token.",
        ),
    ] = True
    wrong_secrets_per_address: Annotated[
        int,
        Setting(integer(1, 1_000_000), "Wrong secrets that may be shown to siteverify from one address in a minute; then 429."),
    ] = 20
    keep_signatures: Annotated[
        float,
        Setting(duration(0, 3650 * _DAY), "How long a play is looked for among new ones, to know it again."),
    ] = 30 * _DAY
