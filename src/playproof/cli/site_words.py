"""What the commands about sites share."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
import rich_click as click

from playproof.cli.options import wants_table
from playproof.cli.output import figures_shown, printable, time_shown
from playproof.settings import Settings

if TYPE_CHECKING:
    from playproof.store import SecretRecord, SiteRecord, Store

site_argument = click.argument("site", metavar="SITE")


@contextlib.contextmanager
def opened(settings: Settings, *, create: bool = False) -> Iterator[Store]:
    """The store that `settings` describe."""
    from playproof.store import store_of

    with contextlib.closing(store_of(settings, create=create)) as store:
        yield store


def find(store: Store, site: str) -> SiteRecord:
    """The site of this name, id or public key. Raises `click.ClickException` where there is none."""
    for record in store.sites.list():
        if site in (record.name, record.id, record.sitekey):
            return record
    raise click.ClickException(f"there is no site {printable(site)}; `playproof sites list` shows those there are")


def update(store: Store, record: SiteRecord) -> None:
    """Have a site be as `record` says. Raises `click.ClickException` where it is gone."""
    if not store.sites.update(record):
        raise click.ClickException(f"the site {record.name} is gone")


def checked_origins(origins: Sequence[str], *, insecure: bool) -> tuple[str, ...]:
    """`origins` as browsers send them, each once. Raises `click.BadParameter` where one is none."""
    from playproof.tokens.origins import origin_of

    try:
        return tuple(dict.fromkeys(origin_of(origin, insecure=insecure) for origin in origins))
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--origin") from None


def with_new_secret(now: int) -> tuple[str, SecretRecord]:
    """A new secret, and what is kept of it."""
    from playproof.store import SecretRecord
    from playproof.tokens.keys import hint, new_secret, secret_digest

    secret = new_secret(os.urandom)
    return secret, SecretRecord(digest=secret_digest(secret), hint=hint(secret), created_at=now)


def summary(record: SiteRecord) -> dict[str, Any]:
    """What lists say of a site."""
    return {
        "name": record.name,
        "id": record.id,
        "sitekey": record.sitekey,
        "origins": list(record.origins),
        "createdAt": time_shown(record.created_at),
        "disabledAt": time_shown(record.disabled_at),
    }


def told(figures: dict[str, Any], output: str | None) -> None:
    """Print one object, as ``--format`` has it."""
    if wants_table(output):
        click.echo(figures_shown({name: _plain(value) for name, value in figures.items()}))
    else:
        click.echo(msgspec.json.encode(figures).decode())


def _plain(value: Any) -> Any:
    """`value` as it is read best in one line."""
    if isinstance(value, list):
        return ", ".join(map(_plain, value))
    if isinstance(value, dict):
        return " ".join(f"{name}={_plain(inner)}" for name, inner in value.items() if inner is not None) or None
    return value
