"""Options that commands share, above all those that are settings."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import rich_click as click

from playproof.settings import Settings, read_settings
from playproof.settings.table import BY_NAME

P = ParamSpec("P")
R = TypeVar("R")

format_option = click.option(
    "--format",
    "output",
    type=click.Choice(["json", "table"]),
    help="How to print. Default: a table on a terminal, JSON elsewhere.",
)


def wants_table(output: str | None) -> bool:
    """What ``--format`` comes to: without it, a person at a terminal gets a table and a program JSON."""
    return output == "table" or (output is None and sys.stdout.isatty())


class Given:
    """What the command line said about settings: the file, and the text given for each flag."""

    def __init__(self, config: Path | None, flags: Mapping[str, str | None]) -> None:
        self.config = config
        self.flags = flags


def settings_options(*names: str) -> Callable[[Callable[Concatenate[Given, P], R]], Callable[..., R]]:
    """Give a command the flags of the settings `names` and ``--config``; it receives one `Given` first."""

    def decorate(command: Callable[Concatenate[Given, P], R]) -> Callable[..., R]:
        @functools.wraps(command)
        def collect(*args: Any, config: Path | None, **kwargs: Any) -> R:
            given = Given(config, {name: kwargs.pop(name) for name in names})
            return command(given, *args, **kwargs)

        wrapped: Callable[..., R] = click.option(
            "--config", type=click.Path(path_type=Path), help="Settings file. Default: $PLAYPROOF_CONFIG, else ./playproof.toml."
        )(collect)
        for name in reversed(names):
            row = BY_NAME[name]
            wrapped = click.option(
                row.option,
                name,
                metavar=row.kind.name.upper().replace(" ", "_"),
                help=f"{row.meaning} Default: {row.show(row.default)} ({row.env}).",
            )(wrapped)
        return wrapped

    return decorate


def with_settings(*names: str) -> Callable[[Callable[Concatenate[Settings, P], R]], Callable[..., R]]:
    """Give a command the flags of the settings `names`; it receives the `Settings` first.

    What looks odd about the environment is said on standard error. Raises `SettingsError`.
    """

    def decorate(command: Callable[Concatenate[Settings, P], R]) -> Callable[..., R]:
        @functools.wraps(command)
        def read(given: Given, /, *args: Any, **kwargs: Any) -> R:
            reading = read_settings(given.flags, config=given.config)
            for warning in reading.warnings:
                click.echo(f"Warning: {warning}", err=True)
            return command(reading.settings, *args, **kwargs)

        return settings_options(*names)(read)

    return decorate
