"""Statements about sites and their secrets. Each function runs in the transaction its connection is in."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, bindparam, delete, insert, or_, select, update

from playproof.store.once import insert_once
from playproof.store.site import SecretRecord, SiteRecord
from playproof.store.visits import site, site_secret

_KEPT = 2
"""Secrets of a site that live at a time."""

_s = site_secret.c
_LIVE = or_(_s.expires_at.is_(None), _s.expires_at > bindparam("now"))

BY_KEY = select(site).where(site.c.sitekey == bindparam("sitekey"))
"""The site of a sitekey."""
BY_SECRET = select(site).join(site_secret, _s.site == site.c.id).where(_s.digest == bindparam("digest"), _LIVE)
"""The site whose secret has a digest and is taken now."""
SECRETS = select(site_secret).where(_s.site == bindparam("of")).order_by(_s.created_at.desc(), _s.digest)
"""The secrets of a site, the newest first."""


def create(connection: Connection, record: SiteRecord, secret: SecretRecord) -> bool:
    """Make a site with its first secret; false where its id, name or sitekey is taken."""
    if not insert_once(connection, insert(site).values(_values(record))):
        return False
    connection.execute(insert(site_secret).values(site=record.id, **msgspec.structs.asdict(secret)))
    return True


def change(connection: Connection, record: SiteRecord) -> bool:
    """Have a site be as `record` says; false where there is none of its id."""
    return connection.execute(update(site).where(site.c.id == record.id).values(_values(record))).rowcount > 0


def everyone(connection: Connection) -> list[SiteRecord]:
    """All sites, by name."""
    return [_record(row) for row in connection.execute(select(site).order_by(site.c.name)).mappings()]


def get(connection: Connection, site_id: str) -> SiteRecord | None:
    """The site of an id."""
    return _only(connection, select(site).where(site.c.id == site_id), {})


def by_key(connection: Connection, sitekey: str) -> SiteRecord | None:
    """The site of a sitekey."""
    return _only(connection, BY_KEY, {"sitekey": sitekey})


def by_secret(connection: Connection, digest: bytes, now: int) -> SiteRecord | None:
    """The site whose secret has this digest and is taken at `now`."""
    return _only(connection, BY_SECRET, {"digest": digest, "now": now})


def secrets(connection: Connection, site_id: str) -> list[SecretRecord]:
    """The secrets of a site, the newest first, those whose time is over included."""
    rows = connection.execute(SECRETS, {"of": site_id}).mappings()
    return [SecretRecord(**{name: row[name] for name in SecretRecord.__struct_fields__}) for row in rows]


def rotate(connection: Connection, site_id: str, secret: SecretRecord, old_until: int) -> bool:
    """Give a site another secret; the one before is taken until `old_until`, older ones no more. False where there is no such site."""
    locked = connection.execute(select(site.c.id).where(site.c.id == site_id).with_for_update()).scalar()
    if locked is None:
        return False
    before = secrets(connection, site_id)
    stays = [one.digest for one in before if one.expires_at is None or one.expires_at > secret.created_at][: _KEPT - 1]
    connection.execute(delete(site_secret).where(_s.site == site_id, _s.digest.not_in(stays)))
    later = or_(_s.expires_at.is_(None), _s.expires_at > old_until)
    connection.execute(update(site_secret).where(_s.site == site_id, later).values(expires_at=old_until))
    connection.execute(insert(site_secret).values(site=site_id, **msgspec.structs.asdict(secret)))
    return True


def _only(connection: Connection, statement: Any, given: dict[str, ColumnElement[Any] | Any]) -> SiteRecord | None:
    row = connection.execute(statement, given).mappings().one_or_none()
    return None if row is None else _record(row)


def _values(record: SiteRecord) -> dict[str, Any]:
    return {**msgspec.structs.asdict(record), "origins": msgspec.json.encode(record.origins).decode()}


def _record(row: Any) -> SiteRecord:
    fields = {name: row[name] for name in SiteRecord.__struct_fields__}
    return SiteRecord(**{**fields, "origins": msgspec.json.decode(row["origins"], type=tuple[str, ...])})
