"""`playproof worker`: what runs beside the service, in a process of its own."""

from __future__ import annotations

import contextlib
import sys
from functools import partial
from typing import TYPE_CHECKING

import msgspec
import rich_click as click

from playproof.cli.loading import load_kernels
from playproof.cli.options import with_settings
from playproof.settings import Settings

if TYPE_CHECKING:
    from playproof.web.services import Services

LOOPBACK = "127.0.0.1"


@click.command()
@with_settings("data_dir", "model")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="Answer /health, /ready and /metrics on this port of the loopback address; 0 takes a free one. Default: nothing is listened on.",
)
def worker(settings: Settings, port: int | None) -> int:
    """Work off the batch queue without serving the API; as many as are wanted beside one database.

    Delivers webhooks, asks the hosted model about sessions that still await it, follows trainings and removes what has had its time as
    well: all that the service does beside answering requests. One SIGTERM or Ctrl-C stops it once what it holds is free for others; a
    second one stops it at once, and what it held is taken over within a minute.
    """
    from playproof.web.app import compose_worker
    from playproof.web.server import listen
    from playproof.web.worker import run

    settings = msgspec.structs.replace(settings, host=LOOPBACK, allowed_hosts=())
    load_kernels()
    with contextlib.ExitStack() as stack:
        listener = None if port is None else stack.enter_context(listen(LOOPBACK, port))
        services = compose_worker(settings)
        watched = None if listener is None else listener.getsockname()[1]
        run(settings, services, listener, partial(_announce, settings, services, watched))
    return 0


def _announce(settings: Settings, services: Services, port: int | None) -> None:
    from playproof.store import database_of

    model = services.service.judge.chain.model
    click.echo("PlayProof works off the batch queue")
    click.echo(f"  database     {database_of(settings) or settings.data_dir.resolve()}")
    hosted = f", and {settings.anomaly_model_id} hosted" if services.tower is not None else ""
    click.echo(f"  model        {model.model_id} {model.model_version}{hosted}")
    if port is not None:
        click.echo(f"  watch it     http://{LOOPBACK}:{port}/metrics")
    click.echo("Stop it with Ctrl-C.")
    sys.stdout.flush()
