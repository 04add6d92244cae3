"""The documentation page of the settings, written from the table."""

from __future__ import annotations

from playproof.settings.row import Setting
from playproof.settings.table import SETTINGS

_HEAD = """\
# Settings

Every setting can be given in the environment or in a TOML file; those with a flag on the command line too. A flag goes before the
environment, the environment before the file, the file before the default. Settings are read once, at the start.

* **The file** is the one that `--config` names, else the one that `PLAYPROOF_CONFIG` names, else `playproof.toml` in the working folder
  if it is there. Its keys are the names below, without sections: `port = 8080`.
* **Unknown names** in the file, and unknown variables that begin with `PLAYPROOF_`, stop the program and name the nearest known one.
  Other variables that look like a misspelt setting are warned about.
* **An empty variable** counts as unset.
* **Secrets** are read from the environment alone, or from the file that the variable with `_FILE` at its end names. They are never shown.
* **Durations** are written `90s`, `15m`, `12h`, `7d`, or as plain seconds; **sizes** `512KiB`, `2MiB`, or as plain bytes.

`playproof doctor` shows every setting that is not at its default, and where it came from.
"""


def render() -> str:
    """The page, as Markdown."""
    rows = ["| variable | in the file | flag | type | default | meaning |", "| --- | --- | --- | --- | --- | --- |"]
    rows += [_row(row) for row in SETTINGS]
    return _HEAD + "\n" + "\n".join(rows) + "\n"


def _row(row: Setting) -> str:
    default = row.show(row.default) if row.default in (None, ()) else f"`{row.show(row.default)}`"
    cells = (
        f"`{row.env}`",
        "" if row.secret else f"`{row.name}`",
        f"`{row.option}`" if row.flag else "",
        f"{row.kind.name} {row.kind.limits}".strip(),
        default,
        row.meaning,
    )
    return "| " + " | ".join(cells) + " |"
