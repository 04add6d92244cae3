"""Where a request comes from, as far as whoever passed it on can be believed."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Any

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Proxies:
    """The proxies whose word on where a request comes from is taken."""

    def __init__(self, networks: Iterable[str] = ()) -> None:
        """`networks` are addresses or CIDR blocks."""
        self._networks: tuple[Network, ...] = tuple(ipaddress.ip_network(network, strict=False) for network in networks)

    def address(self, scope: Any) -> str | None:
        """The address of the client of a request: the last in X-Forwarded-For that is no trusted proxy, where one passed it on."""
        client = scope.get("client")
        address: str | None = client[0] if client else None
        if not self._networks or address is None or not self._trusted(address):
            return address
        # Some proxies add a line of their own below the one that came, which anybody can have sent.
        named = ",".join(value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for")
        for each in reversed([part.strip() for part in named.split(",") if part.strip()]):
            try:
                ipaddress.ip_address(each)
            except ValueError:
                return address
            address = each
            if not self._trusted(each):
                break
        return address

    def _trusted(self, address: str) -> bool:
        try:
            found = ipaddress.ip_address(address)
        except ValueError:
            return False
        if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
            found = found.ipv4_mapped  # who listens on `::` sees a proxy's IPv4 address so
        return any(found in network for network in self._networks)
