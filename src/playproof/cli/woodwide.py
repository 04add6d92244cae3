"""`playproof woodwide`: train a hosted model, see how it stands, check that it can be asked."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

import msgspec
import rich_click as click

from playproof.cli.options import format_option, wants_table, with_settings
from playproof.cli.output import progress
from playproof.cli.recorded import Bad, recorded
from playproof.errors import SettingsError
from playproof.settings import Settings

if TYPE_CHECKING:
    from playproof.store import HostedModelRecord, HostedUpload, Store
    from playproof.woodwide import Connection
    from playproof.woodwide.check import Finding
    from playproof.woodwide.corpus import Corpus
    from playproof.woodwide.trainer import Trainer

T = TypeVar("T")

NO_KEY = "there is no key to ask Woodwide with: set WOODWIDE_API_KEY; to try without one, start `playproof emulator`"


@click.group()
def woodwide() -> None:
    """Train a hosted model, and check it.

    What was begun is kept in the data folder. What is interrupted, by Ctrl-C or a crash, is carried on by the service, or by
    `train` with the same upload; nothing is sent or begun twice.
    """


@woodwide.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--name", help="The dataset at Woodwide; another upload to it is a new version of it. Default: movement_human_train.")
@click.option("--wait", is_flag=True, help="Until Woodwide has taken the rows in.")
@format_option
@with_settings("data_dir")
def upload(settings: Settings, files: tuple[Path, ...], name: str | None, wait: bool, output: str | None) -> int:
    """Upload people's sessions of FILES to train on, and keep some of the people out to calibrate with.

    FILES are JSON Lines with labels or without, compressed with gzip or not. Only features are sent (docs/woodwide.md). Bots
    and sessions that show too little are left out, and counted. A session without labels is a person's, one without a subject
    counts as a person of its own. Exit code 1 where a line could not be read; the others are sent.
    """
    from playproof.cli.woodwide_words import told_upload
    from playproof.woodwide.statements import taken_statement
    from playproof.woodwide.supply import TRAINING_DATASET

    connection = _connection(settings)
    bad = Bad()
    corpus = _gathered(files, bad)

    async def send(trainer: Trainer) -> HostedUpload:
        planned = await trainer.supply.plan(corpus, name or TRAINING_DATASET, settings.woodwide_persistent_dataset)
        sent = await trainer.supply.sent(planned.id)
        return await trainer.supply.ingested(sent.id) if wait else sent

    statement = taken_statement(_trained(settings, connection, "uploading", send), corpus)
    click.echo("\n".join(told_upload(statement)) if wants_table(output) else msgspec.json.encode(statement).decode())
    return bad.told()


@woodwide.command()
@click.option("--upload", "upload_id", default="latest", show_default=True, help="What to train on: an upload's id, or latest.")
@click.option(
    "--mode", type=click.Choice(["best", "fast"]), default="best", show_default=True, help="fast stops earlier for a shorter training."
)
@click.option("--model", "model_id", help="Make a new version of this model, which keeps its columns and mode. Default: a new model.")
@click.option("--wait/--no-wait", default=True, show_default=True, help="Until the version is calibrated. The service does that by itself.")
@format_option
@with_settings("data_dir")
def train(settings: Settings, upload_id: str, mode: Literal["best", "fast"], model_id: str | None, wait: bool, output: str | None) -> None:
    """Train a hosted model on an upload, and calibrate it on the people who were kept out.

    Prints the line to set. A training of the upload that is under way is followed instead of begun again.
    """
    from playproof.cli.woodwide_words import told_version
    from playproof.woodwide.statements import version_statement

    async def work(trainer: Trainer) -> HostedModelRecord:
        begun = await trainer.begin(None if upload_id == "latest" else upload_id, mode=mode, model_id=model_id)
        return await trainer.finished(begun.version_id) if wait else begun

    statement = version_statement(_trained(settings, _connection(settings), "training", work))
    setting = f"ANOMALY_MODEL_ID={statement.model_id}"
    if wants_table(output):
        click.echo("\n".join([setting, "", *told_version(statement)]))
    else:
        click.echo(msgspec.json.encode(statement).decode())
        click.echo(setting, err=True)


@woodwide.command()
@format_option
@with_settings("data_dir")
def status(settings: Settings, output: str | None) -> None:
    """List uploads and model versions, and say whether Woodwide answers.

    Woodwide's API does not tell what credits are left; a call that finds none ends as credits_exhausted.
    """
    from playproof.cli.woodwide_words import told_status
    from playproof.woodwide.statements import upload_statement, version_statement

    with _store(settings) as store:
        uploads = [upload_statement(one) for one in store.hosted.uploads()]
        versions = [version_statement(one) for one in store.hosted.models()]
    answers = _answers(settings)
    if wants_table(output):
        click.echo("\n".join(told_status(settings, uploads, versions, answers)))
    else:
        found = {"modelId": settings.anomaly_model_id, "woodwide": answers, "uploads": uploads, "versions": versions}
        click.echo(msgspec.json.encode(found).decode())


@woodwide.command()
@click.option("--model", "model_id", help="The model. Default: that of ANOMALY_MODEL_ID.")
@format_option
@with_settings("data_dir")
def check(settings: Settings, model_id: str | None, output: str | None) -> int:
    """Prove the configuration in a minute: key, dataset, model, calibration, one scored row, and the row in company.

    Rows of people who were kept out are scored, else rows the live dataset began with. Says how files of one row are answered,
    and whether a row has the same score alone and in company. Exit code 1 where something is not as it should be.
    """
    from playproof.cli.woodwide_check import findings

    connection = _connection(settings)
    wanted = model_id or settings.anomaly_model_id
    if wanted is None:
        raise SettingsError("no model is named: set ANOMALY_MODEL_ID, or give --model")
    found: list[Finding] = []

    def note(finding: Finding) -> None:
        found.append(finding)
        if wants_table(output):
            mark = click.style("ok  ", fg="green") if finding.good else click.style("bad ", fg="red")
            click.echo(f"{mark} {finding.step:<21} {finding.seconds:6.2f} s  {finding.told}")

    with _store(settings) as store:
        asyncio.run(findings(settings, connection, store, wanted, note))
    if not wants_table(output):
        click.echo(msgspec.json.encode(found).decode())
    return 0 if all(finding.good for finding in found) else 1


def _connection(settings: Settings) -> Connection:
    from playproof.woodwide import connection_of

    connection = connection_of(settings)
    if connection is None:
        raise SettingsError(NO_KEY)
    return connection


def _answers(settings: Settings) -> str:
    """Whether Woodwide answers, in words."""
    from playproof.errors import HostedError
    from playproof.woodwide import connect, connection_of
    from playproof.woodwide.supply import TRAINING_DATASET

    connection = connection_of(settings)
    if connection is None:
        return "not asked: there is no key"

    async def ask() -> str:
        async with connect(msgspec.structs.replace(connection, attempts=1)) as client:
            await client.datasets.find(TRAINING_DATASET)
        return "answers, and the key is good"

    try:
        return asyncio.run(ask())
    except HostedError as error:
        return f"gives no usable answer: {error}"


def _gathered(files: Sequence[Path], bad: Bad) -> Corpus:
    from playproof.cli.loading import load_kernels
    from playproof.woodwide.corpus import Gatherer

    load_kernels()
    gatherer = Gatherer()
    with progress("reading") as shown:
        for number, file in enumerate(files):
            for session, labels in recorded(file, bad):
                gatherer.add(session, labels, file.name)
            shown(f"read {file.name}", (number + 1) / len(files))
    return gatherer.corpus()


@contextlib.contextmanager
def _store(settings: Settings) -> Iterator[Store]:
    from playproof.store import store_of

    with contextlib.closing(store_of(settings)) as store:
        yield store


def _trained(settings: Settings, connection: Connection, title: str, work: Callable[[Trainer], Awaitable[T]]) -> T:
    """What `work` comes to with a trainer of this process."""
    import os

    from playproof.clock import SystemClock
    from playproof.ids import process_name
    from playproof.woodwide import connect
    from playproof.woodwide.company import LiveCompany
    from playproof.woodwide.trainer import Trainer

    clock, holder = SystemClock(), process_name(os.urandom)

    async def run(store: Store, told: Callable[[str], None]) -> T:
        async with connect(connection, clock=clock) as client:
            company = LiveCompany(store, settings.woodwide_persistent_dataset, settings.dataset_company_rows, clock)
            return await work(Trainer(client, store, company, holder=holder, clock=clock, told=told))

    with _store(settings) as store, progress(title) as shown:
        store.holders.announce(holder)
        store.holders.relieve()
        return asyncio.run(run(store, lambda what: shown(what, 0.0)))
