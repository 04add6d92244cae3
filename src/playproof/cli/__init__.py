"""The command line: `playproof COMMAND`.

Each command is a module of this package, imported only when it is called.
"""

from __future__ import annotations

import errno
import gc
import os
import sys
from collections.abc import Sequence

import rich_click as click

from playproof.cli.group import playproof
from playproof.errors import PlayproofError, SettingsError

__all__ = ["main"]

_INTERRUPTED = 130


def main(args: Sequence[str] | None = None) -> None:
    """Run one command and leave with its exit code.

    0: done. 1: something in the work failed. 2: the call or the settings are wrong. 130: interrupted.
    """
    code = run(args)
    gc.freeze()  # a compiler's worth of objects need not be looked through for garbage only to leave
    sys.exit(code)


def run(args: Sequence[str] | None = None) -> int:
    """Run one command; its exit code."""
    _open_closed_streams()
    try:
        code = playproof.main(args=args, prog_name="playproof", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except PlayproofError as error:
        click.echo(f"Error: {error}", err=True)
        return 2 if isinstance(error, SettingsError) else 1
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        return _INTERRUPTED
    except BrokenPipeError:
        # Nobody reads any more; the flush at exit must not complain about it either.
        _silence_output()
        return 1
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO) or error.filename is not None:
            raise
        _silence_output()
        click.echo(f"Error: cannot write the output: {error.strerror}", err=True)
        return 1
    return code if isinstance(code, int) else 0


def _silence_output() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _open_closed_streams() -> None:
    """Have all three streams, as a program started by another may not: the next file opened would take their numbers."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115 - open as long as the process
