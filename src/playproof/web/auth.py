"""Who may ask for what: API keys, the admin key, the metrics token, and the hosts and origins of a loopback service."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import os
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from playproof.errors import SettingsError, StoreRefused
from playproof.service import OPEN_SCOPE
from playproof.settings import ApiKey, Settings
from playproof.web.problems import Forbidden, HostNotAllowed, OriginNotAllowed, Unauthorized

ADMIN_KEY_FILE = "admin.key"
DEMO_SCOPE = "demo"
"""The scope of sessions from the demo page: they never mingle with those of callers."""
RESERVED_NAMES = frozenset({OPEN_SCOPE, DEMO_SCOPE, "admin"})

_LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})


def is_loopback(host: str) -> bool:
    """Whether binding to `host` keeps a service on this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _hashed(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()


class Keys:
    """The keys that callers may show; only their hashes are kept here."""

    def __init__(self, api_keys: Iterable[ApiKey] = (), admin_key: str | None = None, metrics_token: str | None = None) -> None:
        """The name of an API key is the scope of the ids that come with it."""
        for name in (key.name for key in api_keys):
            if name in RESERVED_NAMES:
                raise SettingsError(f"an API key may not be named {name!r}: the name is taken by the service itself")
        self._api = [(key.name, _hashed(key.key.reveal())) for key in api_keys]
        self._admin = _hashed(admin_key) if admin_key else None
        self._metrics = _hashed(metrics_token) if metrics_token else None

    @property
    def open(self) -> bool:
        """No API key is set, so whoever reaches the service may score."""
        return not self._api

    def caller(self, authorization: str | None) -> str:
        """The scope of whoever shows `authorization`. Raises `Unauthorized`."""
        if not self._api:
            return OPEN_SCOPE
        shown = _hashed(_bearer(authorization, "an API key"))
        found = None
        for name, expected in self._api:  # to the end, so that time says nothing about which key matched
            if hmac.compare_digest(shown, expected):
                found = name
        if found is None:
            raise Unauthorized("this API key is not known")
        return found

    def require_admin(self, authorization: str | None) -> None:
        """Return where `authorization` shows the admin key. Raises `Unauthorized` or `Forbidden`."""
        if self._admin is None:
            raise Forbidden("no admin key is set; set PLAYPROOF_ADMIN_KEY to open the operator's routes")
        if not hmac.compare_digest(_hashed(_bearer(authorization, "the admin key")), self._admin):
            raise Unauthorized("this is not the admin key")

    def require_metrics(self, authorization: str | None, *, local: bool) -> None:
        """Return where the metrics may be shown: to this machine, or to whoever has the token."""
        if local:
            return
        if self._metrics is None:
            raise Forbidden("metrics are shown on the loopback address only, unless PLAYPROOF_METRICS_TOKEN is set")
        if not hmac.compare_digest(_hashed(_bearer(authorization, "the metrics token")), self._metrics):
            raise Unauthorized("this is not the metrics token")


def _bearer(authorization: str | None, what: str) -> str:
    if not authorization:
        raise Unauthorized(f"{what} is needed: Authorization: Bearer KEY")
    scheme, _, key = authorization.partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise Unauthorized(f"{what} is needed as a bearer token: Authorization: Bearer KEY")
    return key.strip()


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """Which hosts and origins a request may name.

    A service on the loopback address needs no key, so it must not be reachable through a browser that a foreign page
    drives: by a name that resolves to this machine, or by a form that posts across sites.
    """

    loopback: bool
    hosts: frozenset[str] = frozenset()
    """Names besides the loopback's, lower case, without a port."""

    @classmethod
    def of(cls, host: str, also: Iterable[str] = ()) -> Neighbourhood:
        """For a service bound to `host` that answers for the names in `also` as well."""
        return cls(is_loopback(host), frozenset(name.lower() for name in also))

    def admit(self, host: str | None, origin: str | None) -> None:
        """Return where the request may go on. Raises `HostNotAllowed` or `OriginNotAllowed`."""
        if not self.loopback:
            return
        if host is None or not self._ours(host):
            raise HostNotAllowed(f"this service is bound to the loopback address and does not answer for host {host!r}")
        if origin is not None and origin.lower() not in (f"http://{host.lower()}", f"https://{host.lower()}"):
            raise OriginNotAllowed(f"pages of {origin!r} may not call a service on the loopback address")

    def _ours(self, host: str) -> bool:
        name = _without_port(host.lower())
        return name in _LOOPBACK_NAMES or name in self.hosts

    def is_local(self, client: str | None, host: str | None, *, forwarded: bool) -> bool:
        """Whether the request was made on this machine, and not passed on by a proxy that runs on it."""
        if client is None or host is None or forwarded:
            return False
        return is_loopback(client) and _without_port(host.lower()) in _LOOPBACK_NAMES


def _without_port(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdigit() else host


def exposed(settings: Settings) -> list[str]:
    """The addresses and names by which other machines reach the service."""
    return [name for name in (settings.host, *settings.allowed_hosts) if not is_loopback(name)]


def check_exposure(settings: Settings) -> None:
    """Refuse to serve other machines, or under public names, without an API key. Raises `SettingsError`."""
    names = exposed(settings)
    if names and not settings.api_keys:
        raise SettingsError(f"refusing to serve {names[0]} without an API key: set PLAYPROOF_API_KEYS (name:key,...), or bind to 127.0.0.1")


@dataclass(frozen=True, slots=True)
class AdminKey:
    """The operator's key and where it comes from."""

    key: str
    file: Path | None = None
    """Where it is kept; `None` where the settings hold it."""
    new: bool = False
    """Made just now."""


def admin_key(settings: Settings) -> AdminKey | None:
    """The operator's key: the one set, else, on the loopback address alone, one kept in the data folder.

    It is made on first use (mode 0600); of several processes at once, one makes it. Raises `StoreRefused`
    where the folder cannot hold it.
    """
    if settings.admin_key is not None:
        return AdminKey(settings.admin_key.reveal())
    if not is_loopback(settings.host):
        return None
    file = settings.data_dir / ADMIN_KEY_FILE
    try:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        made = None if file.exists() else _make_key(file)
        key = file.read_text("ascii", errors="replace").strip()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise StoreRefused(f"the data folder {settings.data_dir} cannot be used: {reason}; choose with --data-dir") from error
    if not (key and key.isascii() and key.isprintable()):
        raise StoreRefused(f"{file} holds no key: delete it, and the next start makes a new one")
    return AdminKey(key, file, made is not None)


def _make_key(file: Path) -> str | None:
    key = secrets.token_urlsafe(32)
    draft = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        stream.write(key + "\n")
    try:
        os.link(draft, file)  # fails where another process was first, and never shows half a key
    except FileExistsError:
        return None
    finally:
        draft.unlink()
    return key
