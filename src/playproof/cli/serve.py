"""`playproof serve`: the HTTP service."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import msgspec
import rich_click as click

from playproof.cli.loading import load_kernels
from playproof.cli.options import with_settings
from playproof.settings import Settings

if TYPE_CHECKING:
    from playproof.web.auth import AdminKey
    from playproof.web.services import Services


@click.command()
@with_settings("host", "port", "data_dir", "workers", "model")
def serve(settings: Settings) -> int:
    """Start the HTTP service, by default on http://127.0.0.1:8000 with an embedded database.

    One SIGTERM or Ctrl-C stops it once the requests it accepted are answered; a second one stops it at once.
    """
    from playproof.verification.demo import ensure_demo
    from playproof.web.app import compose
    from playproof.web.auth import admin_key, check_exposure, is_loopback
    from playproof.web.server import listen, run

    check_exposure(settings)
    load_kernels()  # before there are workers, which then share them
    with listen(settings.host, settings.port) as listener:
        settings = msgspec.structs.replace(settings, port=listener.getsockname()[1])
        admin = admin_key(settings)
        services = compose(settings)
        if is_loopback(settings.host) and not (settings.allowed_hosts or settings.trusted_proxies):  # else others may come through
            ensure_demo(services.store, settings.port, services.clock, os.urandom)
        _announce(settings, services, admin)
        return run(settings, listener, services)


def _announce(settings: Settings, services: Services, admin: AdminKey | None) -> None:
    from playproof.store import database_of
    from playproof.web.auth import exposed

    model = services.service.judge.chain.model
    host = f"[{settings.host.strip('[]')}]" if ":" in settings.host else settings.host
    url = f"http://{host}:{settings.port}"
    click.echo(f"PlayProof serves {url}")
    click.echo(f"  try it       {url}/")
    click.echo(f"  operator     {url}/operator")
    click.echo(f"  score        POST {url}/api/v1/score" + ("" if settings.api_keys else "  (open: no API key is set)"))
    click.echo(f"  API          {url}/api/v1/docs")
    if settings.test_keys and exposed(settings):
        click.echo("  test keys    on, for whoever reaches this service: PLAYPROOF_TEST_KEYS=off turns them off")
    click.echo(f"  data folder  {settings.data_dir.resolve()}")
    if place := database_of(settings):
        click.echo(f"  database     {place}")
    click.echo(f"  model        {model.model_id} {model.model_version}")
    if admin is not None and admin.file is not None:
        # Output that is not a terminal is usually kept, and a key does not belong where logs are kept.
        if admin.new and sys.stdout.isatty():
            click.echo(f"  admin key    {admin.key}  (shown once, kept in {admin.file.resolve()})")
        else:
            click.echo(f"  admin key    kept in {admin.file.resolve()}")
    click.echo("Stop it with Ctrl-C.")
    sys.stdout.flush()
