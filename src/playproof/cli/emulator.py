"""`playproof emulator`: a local server that speaks Woodwide's API."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import rich_click as click

from playproof.cli.options import with_settings
from playproof.errors import SettingsError
from playproof.settings import Settings

if TYPE_CHECKING:
    from playproof.emulator.faults import Fault
    from playproof.web.auth import AdminKey

DEFAULT_PORT = 8787


@click.command()
@with_settings("host")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=DEFAULT_PORT, show_default=True, help="Port to listen on; 0 takes a free one."
)
@click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder that keeps datasets, models and jobs for the next start. Default: they are kept in memory.",
)
@click.option("--api-key", "api_keys", multiple=True, metavar="KEY", help="A key that is known; repeatable. Default: any key is good.")
@click.option(
    "--job-seconds",
    type=click.FloatRange(0, 86400),
    default=1.0,
    show_default=True,
    help="How long ingestion, training and batch inference take.",
)
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="KIND[@ROUTE][,NAME=VALUE...]",
    help="Something that goes wrong from the start, such as rate_limited@models.infer,times=3,seconds=2; repeatable.",
)
def emulator(
    settings: Settings, port: int, data_dir: Path | None, api_keys: Sequence[str], job_seconds: float, faults: Sequence[str]
) -> int:
    """Start a local server that speaks Woodwide's API: real uploads, models and jobs, and faults on demand.

    Point the official SDK and command line at it with WOODWIDE_BASE_URL and any WOODWIDE_API_KEY.
    """
    from playproof.emulator.core import Pace
    from playproof.emulator.server import config
    from playproof.emulator.service import Emulated
    from playproof.web.auth import Neighbourhood, admin_key, is_loopback
    from playproof.web.server import Server, listen

    if not is_loopback(settings.host) and not api_keys:
        raise SettingsError(f"refusing to serve {settings.host} without a key: give --api-key, or bind to 127.0.0.1")
    wanted = [_fault(text) for text in faults]
    with listen(settings.host, port) as listener:
        admin = admin_key(msgspec.structs.replace(settings, data_dir=data_dir or settings.data_dir))
        with Emulated(
            data_dir,
            faults=wanted,
            pace=Pace(job_seconds, job_seconds, job_seconds),
            api_keys=api_keys,
            admin_key=admin.key if admin else None,
            admit=Neighbourhood.of(settings.host).admit,
        ) as service:
            _announce(settings.host, listener.getsockname()[1], data_dir, admin, wanted)
            Server(config(service)).run([listener])
    return 0


def _fault(text: str) -> Fault:
    from playproof.emulator.faults import read_fault
    from playproof.emulator.refusal import Refusal

    try:
        return read_fault(text)
    except Refusal as error:
        raise SettingsError(f"--fault {text}: {error.words}") from error


def _announce(host: str, port: int, data_dir: Path | None, admin: AdminKey | None, faults: Sequence[Fault]) -> None:
    url = f"http://[{host.strip('[]')}]:{port}" if ":" in host else f"http://{host}:{port}"
    click.echo(f"PlayProof emulates Woodwide on {url}")
    click.echo(f"  use it       export WOODWIDE_BASE_URL={url} WOODWIDE_API_KEY=sk_local")
    click.echo(f"  faults       {url}/_emulator/faults")
    for fault in faults:
        click.echo(f"               {fault.kind} on {fault.route}")
    click.echo(f"  data folder  {data_dir.resolve() if data_dir else 'none: everything is in memory'}")
    if admin is not None and admin.file is not None:
        # Output that is not a terminal is usually kept, and a key does not belong where logs are kept.
        shown = f"{admin.key}  (shown once, kept in {admin.file.resolve()})" if admin.new and sys.stdout.isatty() else None
        click.echo(f"  admin key    {shown or f'kept in {admin.file.resolve()}'}")
    click.echo("Stop it with Ctrl-C.")
    sys.stdout.flush()
