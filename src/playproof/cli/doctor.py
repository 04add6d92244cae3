"""`playproof doctor`: is everything there, and if not, what to do."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import rich_click as click
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from playproof.cli import checks
from playproof.cli.options import Given, format_option, settings_options, wants_table
from playproof.errors import SettingsError
from playproof.settings import Settings, read_settings

_STYLES = {"ok": "green", "warn": "yellow", "fail": "bold red"}


@click.command()
@settings_options("host", "port", "data_dir", "workers", "model")
@format_option
def doctor(given: Given, output: str | None) -> int:
    """Check the installation and say what is missing.

    Looks at Python, packages, SQLite or PostgreSQL, the model, the machine code, the data folder, the settings, the port and the
    keys, and changes nothing. Exit code 1 when something would keep PlayProof from working.
    """
    lines = list(examine(given))
    if wants_table(output):
        table = Table("", "", Column(overflow="fold"), box=None, show_header=False, pad_edge=False)
        for line in lines:
            found = Text(line.found)
            if line.advice:
                found.append("\n" + line.advice, "dim")
            table.add_row(Text(line.state, _STYLES[line.state]), line.check, found)
        Console().print(table)
    else:
        click.echo(msgspec.json.format(msgspec.json.encode(lines)).decode())
    return int(any(line.state == "fail" for line in lines))


def examine(given: Given) -> Iterator[checks.Line]:
    """Every check in turn; with settings that cannot be read, the rest is checked at the defaults."""
    yield from checks.check_python()
    yield from checks.check_packages()
    yield from checks.check_training()
    try:
        reading = read_settings(given.flags, config=given.config)
    except SettingsError as error:
        yield checks.Line("settings", "fail", str(error), "mend them; what follows was checked at the defaults")
        settings = Settings()
    else:
        yield from checks.check_settings(reading)
        settings = reading.settings
    yield from checks.check_postgres(settings.database_url) if settings.database_url else checks.check_sqlite()
    yield from checks.check_model(settings)
    yield from checks.check_machine_code()
    yield from checks.check_data_folder(settings)
    yield from checks.check_port(settings)
    yield from checks.check_workers(settings)
    yield from checks.check_test_keys(settings)
    yield from checks.check_exposure(settings)
