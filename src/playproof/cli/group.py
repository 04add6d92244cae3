"""The group of commands, which loads a command's module only when that command is called."""

from __future__ import annotations

import importlib
from typing import NamedTuple

import rich_click as click

from playproof import __version__


class Entry(NamedTuple):
    """Where a command is, and its line in the list of commands."""

    target: str
    summary: str


COMMANDS: dict[str, Entry] = {
    "score": Entry("playproof.cli.score:score", "Judge recorded sessions: one verdict a line."),
    "serve": Entry("playproof.cli.serve:serve", "Start the HTTP service."),
    "worker": Entry("playproof.cli.worker:worker", "Work off the batch queue without serving the API."),
    "evaluate": Entry("playproof.cli.evaluate:evaluate", "Measure a model on labelled sessions."),
    "train": Entry("playproof.cli.train:train", "Fit a model to labelled sessions."),
    "emulator": Entry("playproof.cli.emulator:emulator", "Start a local server that speaks Woodwide's API."),
    "dataset": Entry("playproof.cli.dataset:dataset", "Look after the live dataset."),
    "woodwide": Entry("playproof.cli.woodwide:woodwide", "Train a hosted model, and check it."),
    "batch": Entry("playproof.cli.batch:batch", "Look after the batch queue."),
    "sites": Entry("playproof.cli.sites:sites", "Look after the sites whose visitors are verified."),
    "webhooks": Entry("playproof.cli.webhooks:webhooks", "Look after what a site is told."),
    "doctor": Entry("playproof.cli.doctor:doctor", "Check the installation and say what is missing."),
    "erase": Entry("playproof.cli.erase:erase", "Remove sessions everywhere."),
    "backup": Entry("playproof.cli.backup:backup", "Copy the database to FILE, while the service runs or not."),
    "restore": Entry("playproof.cli.restore:restore", "Put the backup FILE in place of the database of the data folder."),
}


def load_command(name: str) -> click.Command:
    """The command itself, its module imported."""
    module, attribute = COMMANDS[name].target.split(":")
    command: click.Command = getattr(importlib.import_module(module), attribute)
    return command


class LazyGroup(click.RichGroup):
    """A group that lists commands from the table and imports the one that runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A stand-in with the summary, enough for the list of commands."""
        entry = COMMANDS.get(cmd_name)
        return click.RichCommand(name=cmd_name, short_help=entry.summary) if entry else None

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is called, its module imported."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, load_command(name) if name in COMMANDS else command, rest


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="playproof")
def playproof() -> None:
    """Judge from recorded mouse and touch movement whether a person or a program played.

    `playproof score FILE` judges recorded sessions; `playproof serve` does so over HTTP.
    """
