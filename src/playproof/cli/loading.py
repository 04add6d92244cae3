"""Loading the scorer: imports by the hundred, and kernels, which may have to be compiled first."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

import rich_click as click


@contextmanager
def loading() -> Iterator[None]:
    """What is made meanwhile stays for good: no time is spent on looking through it for garbage, now or later."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def load_kernels() -> None:
    """Make ready every kernel that judging needs, and say so on standard error where that will take seconds."""
    import playproof.service  # noqa: F401  # and with it all that is compiled
    from playproof import compiled

    if not compiled.ready():
        click.echo("Compiling for this computer, once for this version: up to a minute.", err=True)
    compiled.prepare()
