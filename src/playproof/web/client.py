"""Where a request comes from, as far as whoever passed it on can be believed."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Any

from playproof.web.body import header

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
        named = header(scope["headers"], b"x-forwarded-for") or ""
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
        return any(found in network for network in self._networks)
