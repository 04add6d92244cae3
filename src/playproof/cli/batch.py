"""`playproof batch`: look after the batch queue."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
import rich_click as click

from playproof.cli.loading import load_kernels
from playproof.cli.options import format_option, wants_table, with_settings
from playproof.cli.output import figures_shown, printable, table
from playproof.clock import Clock, SystemClock
from playproof.errors import SessionNotFound
from playproof.settings import Settings

if TYPE_CHECKING:
    from playproof.batch.queue import SessionQueue
    from playproof.batch.runtime import Batch
    from playproof.batch.statements import QueueStatement
    from playproof.decision import Verdict
    from playproof.store import Notice, Store

R = TypeVar("R")


@click.group()
def batch() -> None:
    """Look after the batch queue.

    The service and `playproof worker` work it off by themselves; these commands show it, work it off now, and bring back what was
    given up. All work while the service runs.
    """


@batch.command()
@format_option
@with_settings("data_dir")
def stats(settings: Settings, output: str | None) -> None:
    """Say how many sessions the queue has, how long the oldest has waited, and how the scheduler stands."""
    from playproof.batch.statements import queue_statement

    async def look(made: Batch) -> QueueStatement:
        return queue_statement(made.queue.backlog(), await made.scheduler.status(), SystemClock())

    _show(_with_batch(settings, look), output)


@batch.command()
@click.option("--most", type=click.IntRange(1), help="So many batches at most. Default: until nothing is due.")
@format_option
@with_settings("data_dir", "model")
def process(settings: Settings, most: int | None, output: str | None) -> int:
    """Work off what is due now, however few, whether or not the scheduler runs, and say what was done.

    What another process works at is left to it. The hosted model is asked where the settings name one, else the embedded model
    scores; webhooks are left to the service and to workers. Exit code 1 where the hosted model gave no answer and sessions still wait.
    """
    load_kernels()

    done = _with_batch(settings, lambda made: made.scheduler.process(most))
    _show(done, output)
    return int(done.stopped == "paused")


@batch.command()
@click.argument("session", metavar="ID")
@click.option("--scope", default="open", show_default=True, help="The name of the API key it came with.")
@format_option
@with_settings("data_dir")
def result(settings: Settings, session: str, scope: str, output: str | None) -> None:
    """Show the verdict on session ID, or where in the queue it stands.

    As JSON the final verdict is as the service answers it; a session that waits is an object with its place and the preliminary
    verdict, its position 0 while it is being scored. Exit code 1 where nothing is stored under ID, or no longer.
    """
    with _queue(settings) as queue:
        found = queue.result(scope, session)
    if found is None:
        raise SessionNotFound(f"no session {session!r} is stored under scope {scope!r}")
    verdict = msgspec.json.decode(found.verdict)
    if found.queued is None:
        if not wants_table(output):
            click.echo(found.verdict.decode())
            return
        _show(_verdict_lines(verdict), output)
        return
    place = {
        "sessionId": session,
        "status": "queued",
        "position": found.queued.position,
        "ageSeconds": found.queued.age_seconds,
        "attempts": found.queued.attempts,
        "reason": found.queued.reason,
    }
    if wants_table(output):
        _show({**place, "decision": f"{verdict['decision']} ({verdict['status']})"}, output)
    else:
        _show({**place, "verdict": verdict}, output)


@batch.command()
@format_option
@with_settings("data_dir")
def buried(settings: Settings, output: str | None) -> None:
    """List the sessions that were given up, each with its error. As JSON one object a line."""
    from playproof.batch.statements import grave_statement

    with _queue(settings) as queue:
        graves = map(grave_statement, queue.buried())
        if not wants_table(output):
            for grave in graves:
                click.echo(msgspec.json.encode(grave).decode())
            return
        rows = [
            [one.scope, printable(one.session_id), one.buried_at, str(one.attempts), one.reason or "", printable(one.error or "")]
            for one in graves
        ]
    if not rows:
        click.echo("no session is buried")
        return
    heads = ["scope", "session", "buried", "failed", "reason", "error"]
    click.echo(table(heads, rows, len(heads)))


@batch.command()
@click.argument("session", metavar="[ID]", required=False)
@click.option("--scope", help="The name of the API key it came with. Default: any.")
@click.option("--all", "everything", is_flag=True, help="All that were given up.")
@with_settings("data_dir")
def exhume(settings: Settings, session: str | None, scope: str | None, everything: bool) -> int:
    """Queue again the buried session ID, or all of them.

    The verdict is preliminary again until the next batch. Exit code 1 where none was buried.
    """
    if (session is None) is not everything or (everything and scope is not None):
        raise click.UsageError("Give either an ID or --all.")
    with _queue(settings) as queue:
        count = queue.exhume(scope, session)
    click.echo(f"{_sessions(count)} queued again")
    return 0 if count else 1


@batch.command()
@click.option("--confirm", is_flag=True, help="Do it. Without this nothing is done.")
@with_settings("data_dir")
def clear(settings: Settings, confirm: bool) -> None:
    """Take all out of the queue that nobody works at.

    Each session keeps the verdict it has, which is final then, with `fallbackReason` `cleared`. Buried ones are forgotten: they can no
    longer be exhumed.
    """
    if not confirm:
        raise click.UsageError("This ends the wait of every queued session, and cannot be taken back: give --confirm.")

    cleared = _with_batch(settings, lambda made: made.scheduler.clear())
    click.echo(f"{_sessions(cleared.sessions)} taken out of the queue, {cleared.forgotten} buried forgotten")


@batch.group()
def scheduler() -> None:
    """Switch the forming of batches on schedule, in all processes."""


@scheduler.command()
@with_settings("data_dir")
def start(settings: Settings) -> None:
    """Have batches be formed on schedule, in all processes that share the store, until it is said otherwise."""
    changed = _with_batch(settings, lambda made: made.scheduler.start())
    click.echo("the scheduler runs now" if changed else "the scheduler was running")


@scheduler.command()
@with_settings("data_dir")
def stop(settings: Settings) -> None:
    """Have no batch be formed on schedule, in no process that shares the store; one that is under way is finished."""
    changed = _with_batch(settings, lambda made: made.scheduler.stop())
    click.echo("the scheduler is stopped now" if changed else "the scheduler was stopped")


@scheduler.command()
@format_option
@with_settings("data_dir")
def status(settings: Settings, output: str | None) -> None:
    """Say whether batches are formed on schedule, by which rule, and whether the hosted model is left alone."""
    from playproof.batch.statements import scheduler_statement

    _show(scheduler_statement(_with_batch(settings, lambda made: made.scheduler.status())), output)


def _verdict_lines(verdict: Mapping[str, Any]) -> dict[str, object]:
    """What a table says of a verdict."""
    names = ("sessionId", "decision", "status", "revision", "confidence", "fallbackReason", "scoredAt")
    anomaly = verdict["anomaly"]
    return {**{name: verdict[name] for name in names}, "anomalyScore": anomaly["anomalyScore"], "source": anomaly["source"]}


def _sessions(count: int) -> str:
    return f"{count} session{'' if count == 1 else 's'}"


def _with_batch(settings: Settings, work: Callable[[Batch], Awaitable[R]]) -> R:
    """What `work` makes of the batch system of a store that is there."""
    from playproof.batch.runtime import batch_alone
    from playproof.observe.metrics import Metrics
    from playproof.service import build_judge

    clock = SystemClock()
    with _opened(settings) as store:
        judge = build_judge(settings, clock=clock)
        notice = None if settings.webhook_url is None else partial(_notice, clock)

        async def run() -> R:
            async with batch_alone(settings, judge, store, Metrics(), clock, notice=notice) as made:
                return await work(made)

        return asyncio.run(run())


def _notice(clock: Clock, scope: str, verdict: Verdict) -> Notice:
    from playproof.webhooks.notice import notice_of

    return notice_of(scope, verdict, clock.now(), os.urandom)


@contextlib.contextmanager
def _queue(settings: Settings) -> Iterator[SessionQueue]:
    from playproof.batch.queue import SessionQueue

    with _opened(settings) as store:
        yield SessionQueue(store, most=settings.batch_queue_max, clock=SystemClock())


@contextlib.contextmanager
def _opened(settings: Settings) -> Iterator[Store]:
    from playproof.store import store_of

    with contextlib.closing(store_of(settings, create=False)) as store:
        yield store


def _show(what: msgspec.Struct | Mapping[str, object], output: str | None) -> None:
    """One object, as JSON or a line for each of its values."""
    click.echo(figures_shown(msgspec.to_builtins(what)) if wants_table(output) else msgspec.json.encode(what).decode())
