"""Which addresses a webhook may be sent to.

The ranges are those of the IANA registries of special-purpose addresses (https://www.iana.org/assignments/iana-ipv4-special-registry
and -ipv6-special-registry), and where clouds serve the secrets of their machines.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from enum import StrEnum

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Reach(StrEnum):
    """Who an address reaches."""

    PUBLIC = "public"
    PRIVATE = "private"
    """Nobody on the internet at large: this machine, its network, or what stands for another address."""
    NEVER = "never"
    """Nobody who receives webhooks."""


def _table(rows: Iterable[tuple[str, str]]) -> tuple[tuple[_Network, str], ...]:
    return tuple((ipaddress.ip_network(network), what) for network, what in rows)


NEVER = _table(
    [
        ("0.0.0.0/8", "unspecified"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
        ("169.254.169.254/32", "cloud metadata"),  # most clouds
        ("169.254.170.2/32", "cloud metadata"),  # AWS, containers
        ("169.254.170.23/32", "cloud metadata"),
        ("100.100.100.200/32", "cloud metadata"),  # Alibaba
        ("168.63.129.16/32", "cloud metadata"),  # Azure
        ("192.0.0.192/32", "cloud metadata"),  # Oracle
        ("::/128", "unspecified"),
        ("ff00::/8", "multicast"),
        ("fd00:ec2::254/128", "cloud metadata"),  # AWS
        ("fd00:ec2::23/128", "cloud metadata"),
        ("fd20:ce::254/128", "cloud metadata"),  # Google
    ]
)
"""Networks where nobody receives webhooks, and what they are."""
PRIVATE = _table(
    [
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "shared by a carrier's customers"),
        ("127.0.0.0/8", "loopback"),
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "reserved"),
        ("192.0.2.0/24", "documentation"),
        ("192.88.99.0/24", "6to4 relay"),
        ("192.168.0.0/16", "private"),
        ("198.18.0.0/15", "benchmarking"),
        ("198.51.100.0/24", "documentation"),
        ("203.0.113.0/24", "documentation"),
        ("::1/128", "loopback"),
        ("::ffff:0:0/96", "IPv4-mapped"),
        ("64:ff9b::/96", "NAT64"),
        ("64:ff9b:1::/48", "NAT64"),
        ("2001::/32", "Teredo"),
        ("2001::/23", "reserved"),
        ("2001:db8::/32", "documentation"),
        ("2002::/16", "6to4"),
        ("3fff::/20", "documentation"),
        ("fc00::/7", "private"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "site-local"),
    ]
)
"""Networks that only some reach, and what they are; the first that fits counts."""
_GLOBAL = ipaddress.IPv6Network("2000::/3")
"""All of IPv6 that was ever given out for the internet."""


def classify(address: Address) -> tuple[Reach, str]:
    """Who `address` reaches, and in a word what kind it is; an address within an address counts where nobody should be reached."""
    for reach, table in ((Reach.NEVER, NEVER), (Reach.PRIVATE, PRIVATE)):
        for network, what in table:
            if address.version == network.version and address in network:
                inner = _inner(address)
                if reach is Reach.PRIVATE and inner is not None and classify(inner)[0] is Reach.NEVER:
                    return Reach.NEVER, f"{what}, {classify(inner)[1]}"
                return reach, what
    if address.version == 6 and address not in _GLOBAL:
        return Reach.PRIVATE, "reserved"
    return Reach.PUBLIC, "public"


def _inner(address: Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 address stands for."""
    if address.version == 4:
        return None
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if any(address in ipaddress.IPv6Network(network) for network in ("::ffff:0:0/96", "64:ff9b::/96")):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None
