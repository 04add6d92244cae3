"""`playproof sites`: the sites whose visitors are verified, their keys, and what they make of the verdicts."""

from __future__ import annotations

import os
import re
from datetime import timedelta

import msgspec
import rich_click as click

from playproof.cli.options import format_option, wants_table, with_settings
from playproof.cli.output import printable, table, time_shown
from playproof.cli.site_policy import policy
from playproof.cli.site_words import checked_origins, find, opened, site_argument, summary, told, update, with_new_secret
from playproof.clock import SystemClock, milliseconds
from playproof.ids import site_id
from playproof.settings import Settings
from playproof.settings.kinds import URL, duration

_KEEP = duration(0, 30 * 86400.0)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

_origins = click.option(
    "--origin",
    "origins",
    multiple=True,
    required=True,
    metavar="ORIGIN",
    help="Of the pages that show the widget, such as https://shop.example.",
)
_insecure = click.option("--insecure-origin", is_flag=True, help="Take plain http for hosts that are not this machine.")


@click.group()
def sites() -> None:
    """Look after the sites whose visitors are verified.

    A site has a public key, which its pages name, and a secret, which its backend shows when it asks about a token. SITE is a site's
    name, id or public key. All commands work while the service runs, which follows within seconds.
    """


@sites.command()
@click.argument("name")
@_origins
@_insecure
@format_option
@with_settings("data_dir")
def create(settings: Settings, name: str, origins: tuple[str, ...], insecure_origin: bool, output: str | None) -> None:
    """Make a site called NAME, and show its keys. The secret is shown this once, and kept as a hash alone."""
    from playproof.store import SiteRecord
    from playproof.tokens.keys import new_sitekey
    from playproof.tokens.site import SitePolicy, encoded

    if not _NAME.fullmatch(name):
        raise click.BadParameter("a name has up to 64 letters, digits, full stops, underscores and dashes", param_hint="NAME")
    checked = checked_origins(origins, insecure=insecure_origin)
    now = SystemClock().now()
    record = SiteRecord(
        id=site_id(now, os.urandom),
        name=name,
        sitekey=new_sitekey(os.urandom),
        origins=checked,
        policy=encoded(SitePolicy()),
        created_at=milliseconds(now),
    )
    secret, kept = with_new_secret(milliseconds(now))
    with opened(settings, create=True) as store:
        if not store.sites.create(record, kept):
            raise click.ClickException(f"there is a site called {name} already")
    told({"name": name, "id": record.id, "sitekey": record.sitekey, "secret": secret, "origins": list(checked)}, output)
    if wants_table(output):
        click.echo("\nKeep the secret now: it is not shown again. The page names the sitekey, the backend shows the secret.")


@sites.command("list")
@format_option
@with_settings("data_dir")
def list_sites(settings: Settings, output: str | None) -> None:
    """Show all sites, by name. As JSON one object a line."""
    with opened(settings) as store:
        found = [summary(record) for record in store.sites.list()]
    if not wants_table(output):
        for one in found:
            click.echo(msgspec.json.encode(one).decode())
        return
    if not found:
        click.echo("no sites")
        return
    rows = [[printable(" ".join(value) if isinstance(value, list) else str(value or "")) for value in one.values()] for one in found]
    click.echo(table(["name", "id", "sitekey", "origins", "made", "disabled"], rows, 6))


@sites.command()
@site_argument
@format_option
@with_settings("data_dir")
def show(settings: Settings, site: str, output: str | None) -> None:
    """Show a site with its policy, and of its secrets what tells them apart."""
    with opened(settings) as store:
        record = find(store, site)
        now = milliseconds(SystemClock().now())
        live = [secret for secret in store.sites.secrets(record.id) if secret.expires_at is None or secret.expires_at > now]
    secrets = [{"hint": one.hint, "createdAt": time_shown(one.created_at), "expiresAt": time_shown(one.expires_at)} for one in live]
    told({**summary(record), "policy": msgspec.json.decode(record.policy), "secrets": secrets}, output)


@sites.command()
@site_argument
@click.option("--url", required=True, metavar="URL", help="Where pages reach the service, such as https://verify.example.")
@with_settings("data_dir")
def snippet(settings: Settings, site: str, url: str) -> None:
    """Print what a page of the site needs: the widget of this version, whose files the browser checks, and its place in a form.

    With every upgrade the service has another widget; pages with the snippet of an older one load this one only once they are changed.
    """
    from playproof.web import widget_files

    try:
        reached = URL.parse(url)
    except ValueError:
        raise click.BadParameter(f"expected {URL.expected}", param_hint="--url") from None
    with opened(settings) as store:
        record = find(store, site)
    click.echo(widget_files.snippet(reached).html)
    click.echo(f'<play-proof sitekey="{record.sitekey}"></play-proof>')


@sites.command()
@site_argument
@click.option(
    "--keep", default="24h", show_default=True, metavar="DURATION", help="How long the secret before is still taken; 0 ends it now."
)
@format_option
@with_settings("data_dir")
def rotate(settings: Settings, site: str, keep: str, output: str | None) -> None:
    """Give a site a new secret, which is shown this once. Two are taken at most: where there are two, the older ends at once."""
    try:
        seconds = _KEEP.parse(keep)
    except ValueError:
        raise click.BadParameter(f"expected {_KEEP.expected}", param_hint="--keep") from None
    now = SystemClock().now()
    secret, kept = with_new_secret(milliseconds(now))
    until = milliseconds(now + timedelta(seconds=seconds))
    with opened(settings) as store:
        record = find(store, site)
        if not store.sites.rotate(record.id, kept, until):
            raise click.ClickException(f"the site {record.name} is gone")
    told({"name": record.name, "sitekey": record.sitekey, "secret": secret, "oldSecretUntil": time_shown(until)}, output)


@sites.command()
@site_argument
@_origins
@_insecure
@with_settings("data_dir")
def origins(settings: Settings, site: str, origins: tuple[str, ...], insecure_origin: bool) -> None:
    """Have the pages of these origins, and of no others, show the widget of a site."""
    checked = checked_origins(origins, insecure=insecure_origin)
    with opened(settings) as store:
        record = find(store, site)
        update(store, msgspec.structs.replace(record, origins=checked))
    click.echo(f"{record.name}: {' '.join(checked)}")


@sites.command()
@site_argument
@with_settings("data_dir")
def disable(settings: Settings, site: str) -> None:
    """Have a site begin no more challenges, and refuse its secrets; what was stored stays."""
    with opened(settings) as store:
        record = find(store, site)
        update(store, msgspec.structs.replace(record, disabled_at=record.disabled_at or milliseconds(SystemClock().now())))
    click.echo(f"{record.name}: disabled")


@sites.command()
@site_argument
@with_settings("data_dir")
def enable(settings: Settings, site: str) -> None:
    """Have a disabled site as it was before."""
    with opened(settings) as store:
        record = find(store, site)
        update(store, msgspec.structs.replace(record, disabled_at=None))
    click.echo(f"{record.name}: enabled")


sites.add_command(policy)
