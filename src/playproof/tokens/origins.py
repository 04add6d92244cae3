"""Origins: which pages may play a site's challenges, as browsers name them."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

_PORTS = {"http": 80, "https": 443}
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_LONGEST_HOST = 253


def origin_of(text: str, *, insecure: bool = False) -> str:
    """The origin that `text` names, as a browser sends it: lower case, punycode, no default port.

    Raises `ValueError` with what is wrong: another scheme than http and https, a path, a user, a host or port that is none, or
    plain http for a host that is not this machine, unless `insecure`.
    """
    try:
        parts = urlsplit(text.strip())
        port = parts.port
    except ValueError as error:
        raise ValueError(f"{text!r} is no origin: {error}") from None
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ValueError(f"{text!r} is no origin: it begins with https:// and a host")
    if parts.path not in ("", "/") or parts.query or parts.fragment or "@" in parts.netloc or text.strip().endswith(("?", "#")):
        raise ValueError(f"{text!r} is no origin: it has more than scheme, host and port")
    if port == 0 or parts.netloc.endswith(":"):
        raise ValueError(f"{text!r} is no origin: the port is none")
    host = _host(parts.hostname)
    if host is None:
        raise ValueError(f"{text!r} is no origin: {parts.hostname!r} is no host")
    if parts.scheme == "http" and not insecure and not _is_this_machine(host):
        raise ValueError(f"{text!r} is not encrypted; pages that people use are served over https")
    return f"{parts.scheme}://{host}" + ("" if port in (None, _PORTS[parts.scheme]) else f":{port}")


def hostname_of(origin: str) -> str:
    """The host of an origin, without brackets and port."""
    return urlsplit(origin).hostname or ""


def _host(name: str) -> str | None:
    """`name` as it stands in an origin; `None` where it is no host."""
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        pass
    else:
        return f"[{address}]" if address.version == 6 else str(address)
    try:
        encoded = name.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return None
    labels = encoded.split(".")
    # What ends in a number is read as an IPv4 address by browsers, or refused.
    if len(encoded) > _LONGEST_HOST or labels[-1].isdigit() or not all(_LABEL.fullmatch(label) for label in labels):
        return None
    return encoded


def _is_this_machine(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
