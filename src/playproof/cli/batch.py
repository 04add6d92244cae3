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
from playproof.cli.output import figures_shown, printable, table, time_shown
from playproof.clock import Clock, SystemClock, milliseconds
from playproof.errors import SessionNotFound
from playproof.settings import Settings

if TYPE_CHECKING:
    from playproof.batch.queue import SessionQueue
    from playproof.batch.runtime import Batch
    from playproof.batch.scheduler import SchedulerStatus
    from playproof.decision import Verdict
    from playproof.store import Grave, Notice, Store

R = TypeVar("R")

_scope = click.option("--scope", default="open", show_default=True, help="The API key's name under which the session was sent.")


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

    async def look(made: Batch) -> tuple[dict[str, object], SchedulerStatus]:
        backlog = made.queue.backlog()
        oldest = backlog.oldest_enqueued_at
        age = None if oldest is None else max(0, milliseconds(SystemClock().now()) - oldest) / 1000.0
        counts = {name: getattr(backlog, name) for name in ("queued", "claimed", "settled", "buried")}
        return {**counts, "oldestAgeSeconds": age}, await made.scheduler.status()

    figures, status = _with_batch(settings, look)
    _show({**figures, "scheduler": _told(status)}, output)


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

    async def work(made: Batch) -> dict[str, object]:
        done: dict[str, object] = msgspec.to_builtins(await made.scheduler.process(most))
        return done

    done = _with_batch(settings, work)
    _show(done, output)
    return int(done["stopped"] == "paused")


@batch.command()
@click.argument("session", metavar="ID")
@_scope
@format_option
@with_settings("data_dir")
def result(settings: Settings, session: str, scope: str, output: str | None) -> None:
    """Show the verdict on session ID, or where in the queue it stands.

    As JSON the final verdict is as the service answers it; a session that waits is an object with its place and the preliminary
    verdict. Exit code 1 where nothing is stored under ID.
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
        "status": found.queued.state,
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
    with _queue(settings) as queue:
        graves = map(_grave, queue.buried())
        if not wants_table(output):
            for grave in graves:
                click.echo(msgspec.json.encode(grave).decode())
            return
        rows = [["" if value is None else printable(str(value)) for value in grave.values()] for grave in graves]
    if not rows:
        click.echo("no session is buried")
        return
    heads = ["scope", "session", "buried", "failed", "reason", "error"]
    click.echo(table(heads, rows, len(heads)))


@batch.command()
@click.argument("session", metavar="ID", required=False)
@_scope
@click.option("--all", "everything", is_flag=True, help="All that were given up, under every scope.")
@with_settings("data_dir")
def exhume(settings: Settings, session: str | None, scope: str, everything: bool) -> int:
    """Queue again the buried session ID, or all of them.

    The verdict is preliminary again until the next batch. Exit code 1 where none was buried.
    """
    if (session is None) is not everything:
        raise click.UsageError("Give either an ID or --all.")
    with _queue(settings) as queue:
        count = queue.exhume() if everything else queue.exhume(scope, session)
    click.echo(f"{_sessions(count)} queued again")
    return 0 if count else 1


@batch.command()
@click.option("--confirm", is_flag=True, help="Do it. Without this nothing is done.")
@with_settings("data_dir")
def clear(settings: Settings, confirm: bool) -> None:
    """Take all out of the queue that nobody works at.

    Each session keeps the verdict it has, which is final then, with `fallbackReason` `cleared`. Buried ones can no longer be
    exhumed.
    """
    if not confirm:
        raise click.UsageError("This ends the wait of every queued session, and cannot be taken back: give --confirm.")

    async def work(made: Batch) -> int:
        return (await made.scheduler.clear()).sessions

    click.echo(f"{_sessions(_with_batch(settings, work))} taken out of the queue")


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
    _show(_told(_with_batch(settings, lambda made: made.scheduler.status())), output)


def _told(status: SchedulerStatus) -> dict[str, object]:
    """With its times in words."""
    times = {
        "changedAt": time_shown(status.changed_at),
        "lastTickAt": time_shown(status.last_tick_at),
        "pausedUntil": time_shown(status.paused_until),
    }
    return {**msgspec.to_builtins(status), **times}


def _grave(grave: Grave) -> dict[str, object]:
    return {
        "scope": grave.scope,
        "sessionId": grave.session_id,
        "buriedAt": time_shown(grave.buried_at),
        "attempts": grave.attempts,
        "reason": grave.reason,
        "error": grave.error,
    }


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


def _show(figures: Mapping[str, object], output: str | None) -> None:
    click.echo(figures_shown(figures) if wants_table(output) else msgspec.json.encode(figures).decode())
