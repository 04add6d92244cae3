"""Uploads and trainings get to their end once, whatever dies in between, and end with a yardstick."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import numpy as np
import pytest

from playproof.dataset import LiveDataset
from playproof.errors import CorpusRefused, HostedError, HostedReason, ModelNotFound, UploadNotFound
from playproof.scoring.hosted import Standing
from playproof.store import HostedModelRecord, HostedUpload, Store, open_store
from playproof.woodwide import Woodwide
from playproof.woodwide.calibration import HostedCalibration, calibration_of
from playproof.woodwide.company import LiveCompany
from playproof.woodwide.corpus import SYNTHETIC, Corpus, Play, Skipped, rows_of
from playproof.woodwide.mapping import MODEL_COLUMNS, Columns, csv_file
from playproof.woodwide.model import HostedModel
from playproof.woodwide.trainer import CHUNK, Trainer
from playproof.woodwide.turns import HOLD_SECONDS
from tests.emulating import Running, running_emulator
from tests.hosting import Site, rows

T = TypeVar("T")
LIVE = "live"
NAME = "people"
TRAINING, KEPT = 140, 240


def corpus(seed: int = 1, kept: int = KEPT, source: str = "lab") -> Corpus:
    """People with two rows each."""

    def plays(what: str, count: int, seed: int) -> tuple[Play, ...]:
        return tuple(
            Play(f"{what} {number // 2}", source, f"{what}-{seed}-{number}", "targets/mouse", row)
            for number, row in enumerate(rows(count, seed))
        )

    return Corpus(plays("trained", TRAINING, seed), plays("kept", kept, seed + 100), Skipped(), 0)


class Works:
    """One data folder and one emulator; each `run` is a process of its own."""

    def __init__(self, folder: Path, emulator: Running) -> None:
        self.folder = folder
        self.emulator = emulator
        self.site = Site(emulator)
        self.processes = 0

    def open(self) -> Store:
        return open_store(self.folder, clock=self.site.clock)

    def run(self, work: Callable[[Trainer], Awaitable[T]], wound: Callable[[Store], None] | None = None) -> T:
        self.processes += 1
        self.site.clock.advance(1.0)
        holder = f"process {self.processes}"

        async def trained(woodwide: Woodwide) -> T:
            company = LiveCompany(store, LIVE, 20, self.site.clock)
            trainer = Trainer(woodwide, store, company, holder=holder, clock=self.site.clock, sleep=self.site.sleep)
            return await work(trainer)

        with closing(self.open()) as store:
            if wound is not None:
                wound(store)
            return self.site.run(trained)

    def upload(self, given: Corpus | None = None, name: str = NAME) -> HostedUpload:
        async def work(trainer: Trainer) -> HostedUpload:
            planned = await trainer.supply.plan(given or corpus(), name, LIVE)
            return await trainer.supply.sent(planned.id)

        return self.run(work)

    def train(self, upload_id: str | None = None, **given: Any) -> HostedModelRecord:
        async def work(trainer: Trainer) -> HostedModelRecord:
            begun = await trainer.begin(upload_id, **given)
            return await trainer.finished(begun.version_id)

        return self.run(work)

    def resume(self) -> list[HostedError]:
        """Carry on what is unfinished; what it does not come to."""
        with closing(self.open()) as store:
            uploads, records = store.hosted.unfinished()

        async def work(trainer: Trainer) -> list[HostedError]:
            ends = await asyncio.gather(
                *(trainer.supply.ingested(upload.id) for upload in uploads),
                *(trainer.finished(record.version_id) for record in records),
                return_exceptions=True,
            )
            return [end for end in ends if isinstance(end, HostedError)]

        return self.run(work)

    def jobs(self, *kinds: str) -> list[int]:
        found: list[str] = [job.type for job in self.emulator.service.jobs.all().values()]
        return [found.count(kind) for kind in kinds]

    def count(self, *calls: str) -> list[int]:
        return [self.emulator.count(call).calls for call in calls]


@pytest.fixture
def works(tmp_path: Path) -> Iterator[Works]:
    with running_emulator() as emulator:
        yield Works(tmp_path / "data", emulator)


def calibration(record: HostedModelRecord) -> HostedCalibration:
    assert record.calibration is not None
    return msgspec.json.decode(record.calibration, type=HostedCalibration)


def test_a_version_is_ready_with_the_scores_of_those_who_were_kept_out(works: Works) -> None:
    upload = works.upload()
    assert (upload.state, upload.rows, upload.people, upload.kept) == ("announced", TRAINING, TRAINING // 2, (KEPT, KEPT // 2))
    record = works.train()
    assert (record.state, record.upload, record.columns, record.synthetic) == ("ready", upload.id, MODEL_COLUMNS, False)
    found = calibration(record)
    assert (found.sessions, found.people, found.standing) == (KEPT, KEPT // 2, Standing.REVIEWS)

    async def again(woodwide: Woodwide) -> HostedCalibration:
        kept = corpus().kept
        file = csv_file(rows_of(kept), Columns())
        scores = await woodwide.inference.at_once(record.model_id, record.version_id, file)
        return calibration_of(HostedModel(record.model_id, record.version_id, Columns()), scores, [play.person for play in kept])

    assert found.raw == works.site.run(again).raw
    assert works.count("models.infer") == [-(-KEPT // CHUNK) + 1]
    with closing(works.open()) as store:
        assert store.hosted.newest_ready(record.model_id) == record
        assert store.hosted.unfinished() == ([], [])
        assert LiveDataset(store).status(LIVE).counts.reference == TRAINING


def test_a_model_to_which_company_matters_is_calibrated_in_company(works: Works) -> None:
    works.upload()
    works.emulator.fault("relative_scores", "models.infer")
    kept_alone = works.train()
    with closing(works.open()) as store:
        company = LiveDataset(store).company_rows(LIVE, 20)[1]

    async def beside(woodwide: Woodwide) -> tuple[float, ...]:
        file = csv_file(np.vstack([rows_of(corpus().kept)[:CHUNK], company]), Columns())
        return tuple((await woodwide.inference.at_once(kept_alone.model_id, kept_alone.version_id, file)).raw[:CHUNK].tolist())

    assert len(company) == 20
    assert calibration(kept_alone).raw[:CHUNK] == works.site.run(beside)


def test_what_is_made_up_says_so(works: Works) -> None:
    works.upload(corpus(source=SYNTHETIC))
    assert works.train().synthetic


def test_uploads_under_one_name_are_versions_of_one_dataset(works: Works) -> None:
    first, second = works.upload(), works.upload(corpus(2))
    assert first.dataset_id == second.dataset_id
    assert first.version_id != second.version_id
    old, new = works.train(first.id), works.train()
    assert (old.upload, new.upload) == (first.id, second.id)


@pytest.mark.parametrize("name", [LIVE, f"{LIVE}_2"])
def test_the_live_dataset_is_nothing_to_train_on(works: Works, name: str) -> None:
    with pytest.raises(CorpusRefused, match="a name of its own"):
        works.upload(name=name)
    assert works.count("datasets.create", "datasets.upload") == [0, 0]


def test_a_model_that_is_trained_anew_gets_a_version(works: Works) -> None:
    works.upload()
    first = works.train(mode="fast")
    works.upload(corpus(2))
    second = works.train(model_id=first.model_id)
    assert (second.model_id, second.version_id != first.version_id) == (first.model_id, True)
    with closing(works.open()) as store:
        newest = store.hosted.newest_ready(first.model_id)
    assert newest == second


def test_trained_again_on_the_same_it_is_the_same_version(works: Works) -> None:
    works.upload()
    first = works.train()
    assert works.train() == first


def test_what_there_is_not_is_told(works: Works) -> None:
    with pytest.raises(UploadNotFound, match="nothing to train on yet"):
        works.train()
    with pytest.raises(UploadNotFound, match="no upload 'upl_x'"):
        works.train("upl_x")
    works.upload()
    with pytest.raises(ModelNotFound, match="mdl_X"):
        works.train(model_id="mdl_X")


class Died(Exception):
    """A process that is no more."""


POINTS = ("announced", "ingested", "begun", "trained", "ready")


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("point", POINTS)
def test_a_process_that_dies_is_carried_on_without_doing_anything_twice(works: Works, point: str, after: bool) -> None:
    def wound(store: Store) -> None:
        keep = getattr(store.hosted, point)

        def dies(*given: Any) -> None:
            if after:
                keep(*given)
            raise Died

        setattr(store.hosted, point, dies)

    async def all_of_it(trainer: Trainer) -> None:
        planned = await trainer.supply.plan(corpus(), NAME, LIVE)
        await trainer.supply.sent(planned.id)
        await trainer.finished((await trainer.begin(planned.id)).version_id)

    with pytest.raises(Died):
        works.run(all_of_it, wound)
    assert works.resume() == []
    if point in ("announced", "ingested") or (point, after) == ("begun", False):
        works.train()
    with closing(works.open()) as store:
        (upload,), (record,) = store.hosted.uploads(), store.hosted.models()
    assert (upload.state, record.state, calibration(record).sessions) == ("ingested", "ready", KEPT)
    assert works.count("models.train", "datasets.complete") == [1, 1]
    assert works.jobs("dataset_ingest", "train") == [1, 1]


def test_a_training_whose_answer_was_lost_is_not_begun_again(works: Works) -> None:
    works.upload()
    works.emulator.fault("reset", "models.train", when="after", times=1)
    assert works.train().state == "ready"
    assert works.count("models.train") == [1]


def test_an_upload_that_is_refused_has_failed_and_another_can_be_made(works: Works) -> None:
    works.emulator.fault("forbidden", "datasets.upload", times=1)
    with pytest.raises(HostedError) as caught:
        works.upload()
    assert caught.value.reason is HostedReason.FORBIDDEN
    with closing(works.open()) as store:
        (failed,) = store.hosted.uploads()
        content = store.hosted.content(failed.id)
    assert (failed.state, content is not None and content.file) == ("failed", b"")
    assert "(forbidden)" in (failed.reason or "")
    with pytest.raises(UploadNotFound):
        works.train()
    with pytest.raises(HostedError, match="has failed"):
        works.train(failed.id)
    works.upload()
    assert works.train().state == "ready"


@pytest.mark.parametrize(("kind", "route"), [("job_failed", "datasets.complete"), ("job_rejected", "models.train")])
def test_a_job_that_fails_ends_it_and_says_why(works: Works, kind: str, route: str) -> None:
    works.emulator.fault(kind, route, times=1)
    works.upload()
    with pytest.raises(HostedError) as caught:
        works.train()
    assert caught.value.reason == kind
    with closing(works.open()) as store:
        assert store.hosted.unfinished() == ([], [])
    works.upload(corpus(2))
    assert works.train().state == "ready"


@pytest.mark.parametrize("kind", ["no_credits", "ids_only", "server_error", "unauthorized"])
def test_scores_that_do_not_come_are_asked_for_later(works: Works, kind: str) -> None:
    works.upload()
    works.emulator.fault(kind, "models.infer")
    with pytest.raises(HostedError):
        works.train()
    with closing(works.open()) as store:
        _, (waiting,) = store.hosted.unfinished()
    assert waiting.state == "calibrating"
    assert waiting.reason
    assert [str(error.reason) for error in works.resume()] == [str(error_of(waiting))]
    works.emulator.heal()
    assert works.resume() == []
    assert works.train(mode="fast").version_id == waiting.version_id
    assert works.count("models.train") == [2]


def error_of(record: HostedModelRecord) -> HostedReason:
    """The code at the end of why it is held up."""
    return HostedReason((record.reason or "").rpartition("(")[2].rstrip(")"))


def test_a_training_that_takes_long_is_waited_for_again(works: Works) -> None:
    works.upload()
    works.emulator.fault("job_stuck", "models.train")
    with pytest.raises(HostedError) as caught:
        works.train()
    assert caught.value.reason is HostedReason.JOB_TIMEOUT
    works.emulator.heal()
    assert works.resume() == []
    assert works.count("models.train") == [1]


def test_two_processes_do_nothing_twice(works: Works) -> None:
    async def look_soon(seconds: float) -> None:
        await asyncio.sleep(0.01)

    async def both(woodwide: Woodwide) -> list[HostedModelRecord]:
        company = LiveCompany(store, LIVE, 20, works.site.clock)
        trainers = [
            Trainer(woodwide, store, company, holder=f"twin {number}", clock=works.site.clock, sleep=look_soon) for number in range(2)
        ]
        planned = await trainers[0].supply.plan(corpus(), NAME, LIVE)

        async def one(trainer: Trainer) -> HostedModelRecord:
            return await trainer.finished((await trainer.begin(planned.id)).version_id)

        return await asyncio.gather(*map(one, trainers))

    with closing(works.open()) as store:
        first, second = works.site.run(both)
    assert first == second
    assert works.count("datasets.complete", "models.infer") == [1, -(-KEPT // CHUNK)]
    assert works.jobs("dataset_ingest", "train") == [1, 1]


def test_a_turn_of_a_process_that_died_is_over_after_a_while(works: Works) -> None:
    upload = works.upload()
    with closing(works.open()) as store:
        assert store.leases.take(upload.id, "dead", HOLD_SECONDS)
    assert works.train().state == "ready"
    assert sum(works.site.slept) >= HOLD_SECONDS - 1
