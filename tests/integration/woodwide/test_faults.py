"""Whatever goes wrong at Woodwide ends as one error with its reason, and nothing dangerous is done twice."""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable, Iterator

import numpy as np
import pytest

from playproof.errors import HostedReason
from playproof.woodwide import Woodwide
from playproof.woodwide.answers import Training, Upload
from playproof.woodwide.mapping import csv_file
from playproof.woodwide.scores import Scores
from playproof.woodwide.uploads import Target
from tests.emulating import Running, running_emulator
from tests.hosting import COLUMNS, PEOPLE, Site, batch, rows, scored, trained, uploaded

Work = Callable[[Woodwide], Awaitable[object]]
KEYS = ("sk_first_of_the_keys", "sk_second_of_the_keys", "sk_third_of_the_keys")


@pytest.fixture(scope="module")
def shared() -> Iterator[tuple[Running, Upload, Training]]:
    with running_emulator() as running:
        yield (running, *Site(running).run(trained))


@pytest.fixture
def emulator(shared: tuple[Running, Upload, Training]) -> Iterator[Running]:
    yield shared[0]
    shared[0].heal()


@pytest.fixture
def site(emulator: Running) -> Site:
    return Site(emulator)


@pytest.fixture
def upload(shared: tuple[Running, Upload, Training]) -> Upload:
    return shared[1]


@pytest.fixture
def infer(shared: tuple[Running, Upload, Training]) -> Callable[[Woodwide], Awaitable[Scores]]:
    return lambda woodwide: scored(woodwide, shared[2], rows(5))


@pytest.fixture
def begun(shared: tuple[Running, Upload, Training]) -> Callable[[Woodwide], Awaitable[Scores]]:
    async def work(woodwide: Woodwide) -> Scores:
        begun = await woodwide.inference.begin(shared[2].model_id, shared[2].version_id, shared[1].version_id, again=True)
        return await woodwide.inference.collect(begun.job_id, shared[1].version_id, PEOPLE)

    return work


@pytest.mark.parametrize(("kind", "uncertain"), [("server_error", True), ("reset", True)])
def test_inference_that_may_have_been_done_is_not_sent_again(site: Site, infer: Work, kind: str, uncertain: bool) -> None:
    site.emulator.fault(kind, "models.infer")
    error = site.fails(infer)
    assert error.uncertain is uncertain
    assert [report.tries for report in site.reports] == [1]
    assert site.slept == []


@pytest.mark.parametrize("kind", ["server_error", "reset", "rate_limited"])
def test_what_is_only_read_is_read_again(site: Site, upload: Upload, kind: str) -> None:
    site.emulator.fault(kind, "jobs.retrieve", times=2)
    assert site.run(lambda woodwide: woodwide.jobs.get(upload.job_id)).status == "succeeded"
    (report,) = site.reports
    assert (report.tries, report.outcome, len(site.slept)) == (3, "ok", 2)


def test_what_does_not_pass_is_given_up(site: Site, upload: Upload) -> None:
    site.emulator.fault("server_error", "jobs.retrieve")
    error = site.fails(lambda woodwide: woodwide.jobs.get(upload.job_id))
    assert (error.reason, error.answered) == (HostedReason.SERVER_ERROR, 503)
    assert site.reports[-1].tries == 3
    assert site.slept == [0.25, 0.5]


def test_inference_that_was_turned_away_is_sent_again_when_it_is_asked_to(site: Site, infer: Work) -> None:
    site.emulator.fault("rate_limited", "models.infer", times=1, seconds=4.0)
    site.run(infer)
    assert site.slept == [4.25]


def test_a_longer_stay_away_is_handed_on(site: Site, infer: Work) -> None:
    site.emulator.fault("rate_limited", "models.infer", seconds=90.0)
    error = site.fails(infer)
    assert (error.reason, error.retry_after, error.uncertain) == (HostedReason.RATE_LIMITED, 90.0, False)
    assert site.slept == []


@pytest.mark.parametrize("kind", ["latency", "drip"])
def test_no_answer_and_one_that_trickles_end_with_their_time(emulator: Running, infer: Work, kind: str) -> None:
    site = Site(emulator, infer_timeout=1.0)
    emulator.fault(kind, "models.infer", seconds=60.0)
    error = site.fails(infer)
    assert (error.reason, error.uncertain) == (HostedReason.TIMEOUT, True)
    assert site.reports[-1].tries == 1


def test_where_nobody_listens_even_inference_is_tried_again(emulator: Running, infer: Work) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    site = Site(emulator, base_url=f"http://127.0.0.1:{port}")
    error = site.fails(infer)
    assert (error.reason, error.uncertain) == (HostedReason.UNREACHABLE, False)
    assert site.reports[-1].tries == 3


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("unauthorized", HostedReason.UNAUTHORIZED),
        ("no_credits", HostedReason.CREDITS_EXHAUSTED),
        ("forbidden", HostedReason.FORBIDDEN),
    ],
)
def test_a_refused_key_makes_room_for_the_next(emulator: Running, infer: Work, kind: str, reason: HostedReason) -> None:
    site = Site(emulator, *KEYS)
    emulator.fault(kind, "models.infer", key=KEYS[0])
    site.run(infer)
    assert [report.tries for report in site.reports] == [2]

    emulator.fault(kind, "models.infer")
    error = site.fails(infer)
    assert error.reason is reason
    assert site.reports[-1].tries == 3
    assert site.slept == []


def test_a_refused_key_is_remembered_for_a_while(emulator: Running, infer: Work) -> None:
    site = Site(emulator, *KEYS[:2], key_rest=60.0)

    async def work(woodwide: Woodwide) -> list[int]:
        emulator.fault("no_credits", "models.infer", key=KEYS[0])
        for _ in range(3):
            await infer(woodwide)
        emulator.heal()
        site.clock.advance(61.0)
        emulator.fault("unauthorized", "models.infer", key=KEYS[1])
        await infer(woodwide)
        return [report.tries for report in site.reports]

    assert site.run(work) == [2, 1, 1, 1]


def test_where_every_key_rests_nobody_is_asked(emulator: Running, infer: Work, upload: Upload) -> None:
    site = Site(emulator, *KEYS[:2], key_rest=60.0)

    async def work(woodwide: Woodwide) -> None:
        emulator.fault("no_credits", "models.infer")
        with pytest.raises(Exception, match="402"):
            await infer(woodwide)
        # What is there already can be read without credits.
        assert (await woodwide.jobs.get(upload.job_id)).status == "succeeded"
        await infer(woodwide)

    error = site.fails(work)
    assert error.reason is HostedReason.CREDITS_EXHAUSTED
    assert error.retry_after == pytest.approx(60.0)
    assert site.reports[-1].tries == 0


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("fewer_rows", HostedReason.ROW_MISMATCH),
        ("more_rows", HostedReason.ROW_MISMATCH),
        ("ids_only", HostedReason.IDS_ONLY),
        ("empty_body", HostedReason.EMPTY_RESPONSE),
    ],
)
def test_rows_that_do_not_add_up_are_no_answer(site: Site, infer: Work, begun: Work, kind: str, reason: HostedReason) -> None:
    site.emulator.fault(kind, "models.infer")
    assert site.fails(infer).reason is reason
    site.emulator.fault(kind, "results.download")
    assert site.fails(begun).reason is reason
    assert [(report.call, report.outcome) for report in site.reports if report.failure] == [
        ("models.infer", reason),
        ("results.download", reason),
    ]


@pytest.mark.parametrize(("kind", "seconds"), [("empty_small", 3600.0)])
def test_the_older_api_answers_a_new_or_small_file_with_nothing(site: Site, infer: Work, begun: Work, kind: str, seconds: float) -> None:
    site.emulator.fault(kind, rows=10, seconds=seconds)
    assert site.fails(infer).reason is HostedReason.EMPTY_RESPONSE
    assert site.fails(begun).reason is HostedReason.EMPTY_RESPONSE


def test_shuffled_rows_are_put_in_order(
    site: Site, infer: Callable[[Woodwide], Awaitable[Scores]], begun: Callable[[Woodwide], Awaitable[Scores]]
) -> None:
    straight = site.run(infer).raw, site.run(begun).raw
    site.emulator.fault("shuffled_rows", "models.infer")
    site.emulator.fault("shuffled_rows", "results.download")
    shuffled = site.run(infer).raw, site.run(begun).raw
    assert all(np.array_equal(before, after) for before, after in zip(straight, shuffled, strict=True))


def test_scores_that_are_no_numbers_are_missing(
    site: Site, infer: Callable[[Woodwide], Awaitable[Scores]], begun: Callable[[Woodwide], Awaitable[Scores]]
) -> None:
    site.emulator.fault("nan_scores", "models.infer")
    site.emulator.fault("nan_scores", "results.download")
    assert np.isnan(site.run(infer).raw).all()
    assert np.isnan(site.run(begun).raw).all()


@pytest.mark.parametrize(
    "route",
    [
        "datasets.create", "datasets.list", "datasets.retrieve", "datasets.versions.list", "datasets.upload", "datasets.complete",
        "models.train", "models.retrieve", "models.infer_batch", "jobs.retrieve", "jobs.list", "jobs.retrieve_results",
    ],
)  # fmt: skip
def test_an_empty_answer_is_known_for_what_it_is(site: Site, route: str) -> None:
    async def keep(upload: Upload) -> None:
        return None

    async def everything(woodwide: Woodwide) -> None:
        named = f"people of {route}"
        assert await woodwide.datasets.find(named) is None
        upload, training = await trained(woodwide, Target(name=named))
        await woodwide.datasets.get(upload.dataset_id)
        await woodwide.datasets.versions(upload.dataset_id)
        await woodwide.uploads.signed(csv_file(rows(), COLUMNS), Target(dataset_id=upload.dataset_id), key=route, keep=keep)
        await woodwide.training.begun(upload.version_id)
        await woodwide.training.model(training.model_id)
        await batch(woodwide, training, upload)

    site.emulator.fault("empty_body", route)
    error = site.fails(everything)
    assert error.reason is HostedReason.EMPTY_RESPONSE
    assert str(error).startswith(route)


def test_another_version_than_the_one_asked_for_is_no_answer(site: Site) -> None:
    async def prepare(woodwide: Woodwide) -> tuple[Upload, Training]:
        first, training = await trained(woodwide, Target(name="stale"))
        second = await uploaded(woodwide, Target(dataset_id=first.dataset_id))
        again = await woodwide.training.start(second.version_id, COLUMNS.names, model_id=training.model_id)
        await woodwide.jobs.wait(again.job_id, "train")
        return second, again

    second, again = site.run(prepare)
    site.emulator.fault("stale_version")
    assert site.fails(lambda woodwide: scored(woodwide, again, rows(3))).reason is HostedReason.VERSION_MISMATCH
    assert site.fails(lambda woodwide: batch(woodwide, again, second)).reason is HostedReason.VERSION_MISMATCH


def test_what_is_not_there_and_what_is_not_ready(site: Site) -> None:
    assert site.fails(lambda woodwide: woodwide.datasets.get("ds_NOBODY00")).reason is HostedReason.NOT_FOUND
    assert site.fails(lambda woodwide: uploaded(woodwide, Target(name="people"))).reason is HostedReason.CONFLICT
    site.emulator.fault("job_stuck", "datasets.create")

    async def early(woodwide: Woodwide) -> None:
        upload = await woodwide.uploads.direct(csv_file(rows(), COLUMNS), Target(name="slow"))
        await woodwide.training.start(upload.version_id, COLUMNS.names)

    assert site.fails(early).reason is HostedReason.NOT_READY
