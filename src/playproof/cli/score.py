"""`playproof score`: recorded sessions in, one verdict a line out."""

from __future__ import annotations

import io
import os
import sys
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import rich_click as click

from playproof.cli.loading import load_kernels, loading
from playproof.cli.options import format_option, wants_table, with_settings
from playproof.cli.output import Bar, progress
from playproof.settings import Settings

if TYPE_CHECKING:
    from playproof.cli.conveyor import Conveyor


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option("--workers", type=click.IntRange(1, 64), help="Processes that judge. Default: as many as there are cores.")
@format_option
@with_settings("model")
def score(settings: Settings, file: str, workers: int | None, output: str | None) -> int:
    """Judge recorded sessions: one verdict a line, in the order of the input.

    FILE holds one session, an array of sessions, or JSON Lines, compressed with gzip or not; "-" reads standard input. A
    line that is no session is answered with what is wrong with it, the rest go on, and the exit code is then 1.
    """
    # The processes share the cores already, and one that has threads is not safe to fork.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    table = wants_table(output)
    colour = table and sys.stdout.isatty()
    with loading():
        from playproof.cli.conveyor import Conveyor
        from playproof.cli.lines import TABLE_HEAD, LineScorer, prepare
        from playproof.cli.pool import available_cores
        from playproof.service import build_judge

        scorer = LineScorer(build_judge(settings), table=table, colour=colour)
        load_kernels()  # before there are other processes, which then share them
    sink = sys.stdout.buffer
    with ExitStack() as stack:
        load = partial(prepare, settings, table, colour)
        conveyor = Conveyor(scorer, sink, workers=workers or available_cores(), prepare=load)
        stack.callback(conveyor.close)
        # Rows that scroll past on the same terminal are progress enough.
        shown = None if sys.stdout.isatty() else stack.enter_context(progress("judging"))
        source = _standard_input(conveyor) if file == "-" else stack.enter_context(Path(file).open("rb"))
        if table:
            sink.write(f"{TABLE_HEAD}\n".encode())
        _run(source, conveyor, shown)
    return 1 if conveyor.bad else 0


def _run(source: BinaryIO, conveyor: Conveyor, shown: Bar | None) -> None:
    from playproof.errors import InputError
    from playproof.telemetry.stream import read_sessions

    size = os.fstat(source.fileno()).st_size if shown is not None and source.seekable() else 0
    for number, content in read_sessions(source):
        if isinstance(content, InputError):
            conveyor.refuse(number, content)
        else:
            conveyor.add(number, content)
        if size and shown is not None:
            shown("judging", source.tell() / size)
    conveyor.finish()


def _standard_input(conveyor: Conveyor) -> BinaryIO:
    """Standard input; a pipe or terminal in a form that has everything answered before it waits for more."""
    from playproof.cli.conveyor import PromptInput

    if sys.platform == "win32" or sys.stdin.buffer.seekable():
        return sys.stdin.buffer
    return io.BufferedReader(PromptInput(sys.stdin.fileno(), conveyor.before_waiting))
