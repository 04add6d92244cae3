"""`playproof webhooks`: look after what a site is told."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec
import rich_click as click

from playproof.cli.options import format_option, wants_table, with_settings
from playproof.cli.output import printable, table, time_shown
from playproof.clock import SystemClock
from playproof.settings import Settings

if TYPE_CHECKING:
    from playproof.store import Posted
    from playproof.store.outbox_tables import OutboxTables
    from playproof.webhooks.sender import Attempt


@click.group()
def webhooks() -> None:
    """Look after what a site is told of verdicts that became final late.

    The service sends webhooks by itself; these commands show them, put given-up ones back, and try the address. All work
    while the service runs.
    """


@webhooks.command("list")
@click.option("--given-up", is_flag=True, help="Those alone that were given up.")
@format_option
@with_settings("data_dir")
def list_webhooks(settings: Settings, given_up: bool, output: str | None) -> None:
    """Show where each webhook stands, the oldest first: those of the last week, and all that wait.

    As JSON one object a line. A webhook is `waiting`, `delivered` or `given_up`.
    """
    with _opened(settings) as outbox:
        posted = outbox.posted("given_up" if given_up else None)
        if not wants_table(output):
            for one in posted:
                click.echo(msgspec.json.encode(_told(one)).decode())
            return
        rows = [["" if value is None else printable(str(value)) for value in _told(one).values()] for one in posted]
    if not rows:
        click.echo("no webhook was given up" if given_up else "no webhooks")
        return
    heads = ["webhook", "scope", "session", "state", "put in", "next", "failed", "reason"]
    click.echo(table(heads, rows, len(heads)))


@webhooks.command()
@click.argument("webhook", metavar="ID", required=False)
@click.option("--all", "everything", is_flag=True, help="All that were given up.")
@with_settings("data_dir")
def retry(settings: Settings, webhook: str | None, everything: bool) -> int:
    """Put the given-up webhook ID back, or all of them: each is sent for another day.

    Exit code 1 where none was given up.
    """
    if (webhook is None) is not everything:
        raise click.UsageError("Give either an ID or --all.")
    with _opened(settings) as outbox:
        count = outbox.retry(webhook)
    click.echo(f"{count} webhook{'' if count == 1 else 's'} put back")
    return 0 if count else 1


@webhooks.command()
@format_option
@with_settings()
def test(settings: Settings, output: str | None) -> int:
    """Send one signed webhook of type `webhook.test` to the address of PLAYPROOF_WEBHOOK_URL, and say what came back.

    It is sent once, from this machine. Exit code 1 where it was not delivered.
    """
    from playproof.webhooks.notice import trial_notice
    from playproof.webhooks.runtime import sender_of

    clock = SystemClock()
    notice = trial_notice(clock.now(), os.urandom)
    sender = sender_of(settings, clock)

    async def send() -> Attempt:
        async with sender:
            return await sender.send(notice.id, notice.body)

    attempt = asyncio.run(send())
    delivered = attempt.reason is None
    if wants_table(output):
        click.echo(f"delivered: status {attempt.status}" if delivered else f"not delivered: {printable(attempt.reason or '')}")
    else:
        told = {"id": notice.id, "delivered": delivered, "status": attempt.status, "reason": attempt.reason}
        click.echo(msgspec.json.encode(told).decode())
    return 0 if delivered else 1


@contextlib.contextmanager
def _opened(settings: Settings) -> Iterator[OutboxTables]:
    from playproof.store import store_of

    with contextlib.closing(store_of(settings, create=False)) as store:
        yield store.outbox


def _told(posted: Posted) -> dict[str, object]:
    return {
        "id": posted.id,
        "scope": posted.scope,
        "sessionId": posted.session_id,
        "state": posted.state,
        "createdAt": time_shown(posted.created_at),
        "nextAt": time_shown(posted.next_at) if posted.state == "waiting" else None,
        "failed": posted.attempts,
        "reason": posted.reason,
    }
