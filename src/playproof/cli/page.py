"""The documentation page of the command line, written from the commands."""

from __future__ import annotations

import inspect

import rich_click as click

from playproof.cli.group import COMMANDS, load_command

_HEAD = """\
# Command line

Results go to standard output, everything else to standard error. Exit codes: 0 done; 1 something in the work failed (the output says
what); 2 the call or the settings are wrong; 130 interrupted. Settings that have a flag are described in [settings](settings.md).
"""


def render() -> str:
    """The page, as Markdown."""
    return "\n".join([_HEAD, *(_section(name, load_command(name)) for name in COMMANDS)])


def _section(name: str, command: click.Command, depth: int = 2) -> str:
    head = f"{'#' * depth} {name}"
    if not isinstance(command, click.Group):
        return _command(head, f"playproof {name}", command)
    parts = [_section(f"{name} {part}", one, depth + 1) for part, one in command.commands.items()]
    return "\n".join([f"{head}\n\n{_prose(command.help or '')}\n", *parts])


def _command(head: str, path: str, command: click.Command) -> str:
    context = click.Context(command, info_name=path, parent=None)
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    lines = [head, "", f"    {usage}", "", _prose(command.help or ""), ""]
    lines += ["| option | meaning |", "| --- | --- |"]
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record and record[1] and parameter.name != "help":
            lines.append(f"| `{_cell(record[0])}` | {_cell(record[1])} |")
    return "\n".join(lines) + "\n"


def _prose(text: str) -> str:
    """Click's help text without its markers for paragraphs that are not rewrapped."""
    return inspect.cleandoc(text).replace("\b\n", "")


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
