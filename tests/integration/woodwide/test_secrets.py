"""Neither a key nor the signature of an address gets into an error, a log line or a metric, whatever goes wrong."""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Iterator

import pytest

from playproof.errors import HostedError
from playproof.observe.metrics import Metrics
from playproof.woodwide import Woodwide
from playproof.woodwide.answers import Upload
from playproof.woodwide.mapping import csv_file
from playproof.woodwide.report import call_observer
from playproof.woodwide.uploads import Target
from tests.emulating import Running, running_emulator
from tests.hosting import COLUMNS, Site, batch, rows, scored, trained
from tests.parrot import parrot

KEYS = ('sk_live_"quoted\\slashed"_0123456789', "sk_live_another_key_9876543210")
SIGNATURES = ("signature=", "expires=")


@pytest.fixture(scope="module")
def idle() -> Iterator[Running]:
    """An emulator that nobody gets to."""
    with running_emulator() as running:
        yield running


@pytest.fixture
def everything_logged(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG)
    for name in ("woodwide", "httpx", "httpcore"):
        caplog.set_level(logging.DEBUG, name)
    return caplog


def told(error: BaseException) -> str:
    """Everything that can be got out of an error without taking its frames apart."""
    chain: list[BaseException] = []
    pending: list[BaseException | None] = [error]
    while pending:
        one = pending.pop()
        if one is not None and one not in chain:
            chain.append(one)
            pending += [one.__cause__, one.__context__]
    parts = [f"{one!r} {one} {one.args!r} {vars(one)!r} {getattr(one, '__notes__', '')}" for one in chain]
    return "\n".join([*parts, *traceback.format_exception(error)])


def assert_clean(text: str) -> None:
    for key in KEYS:
        assert key not in text
        assert json.dumps(key)[1:-1] not in text
        assert repr(key)[1:-1] not in text


@pytest.mark.parametrize("status", [200, 401, 422, 500])
@pytest.mark.parametrize(
    "body", ["", "not JSON, and KEY", '{"detail": [{"loc": ["KEY"], "msg": "KEY"}]}', '{"id": ["KEY"], "data": "KEY"}']
)
def test_what_a_provider_repeats_is_blotted_out(idle: Running, everything_logged: pytest.LogCaptureFixture, status: int, body: str) -> None:
    metrics = Metrics()
    with parrot(status, body) as url:
        site = Site(idle, *KEYS, base_url=url, attempts=2)
        site.listener = call_observer(metrics)
        errors = [
            site.fails(lambda woodwide: woodwide.jobs.get("job_NOBODY00")),
            site.fails(lambda woodwide: woodwide.inference.begin("mdl_A", "mdlv_A", "dsv_A")),
            site.fails(lambda woodwide: woodwide.uploads.direct(csv_file(rows(3), COLUMNS), Target(name="x"))),
        ]
    for error in errors:
        assert_clean(told(error))
        assert "signature=abc" not in told(error)
    assert everything_logged.records
    assert_clean(everything_logged.text)
    assert_clean(metrics.render()[0].decode())


def test_signed_addresses_and_keys_stay_out_of_the_log(everything_logged: pytest.LogCaptureFixture) -> None:
    kept: list[Upload] = []

    async def keep(upload: Upload) -> None:
        kept.append(upload)

    async def work(woodwide: Woodwide) -> None:
        upload, training = await trained(woodwide)
        await woodwide.uploads.signed(csv_file(rows(), COLUMNS), Target(name="signed"), key="one", keep=keep)
        await batch(woodwide, training, upload)
        await scored(woodwide, training, rows(3))

    with running_emulator(api_keys=[KEYS[1]]) as emulator:
        site = Site(emulator, *KEYS)
        site.run(work)
        emulator.fault("expired_url", "jobs.retrieve_results")
        error = site.fails(work_again)
    text = everything_logged.text
    assert "_storage/results" in text
    for part in (text, told(error), repr(kept), repr(site.connection), repr(site.reports)):
        assert_clean(part)
        assert not any(signature in part for signature in SIGNATURES)


async def work_again(woodwide: Woodwide) -> None:
    found = await woodwide.datasets.find("people")
    assert found is not None
    assert found.current_version is not None
    training = await woodwide.training.begun(found.current_version.id)
    assert training is not None
    begun = await woodwide.inference.begin(training.model_id, training.version_id, found.current_version.id)
    await woodwide.inference.collect(begun.job_id, found.current_version.id, 120)


def test_the_error_is_a_new_one(idle: Running) -> None:
    with parrot(500, "") as url:
        error = Site(idle, *KEYS, base_url=url).fails(lambda woodwide: woodwide.jobs.get("job_NOBODY00"))
    assert type(error) is HostedError
    assert error.answered == 500
    assert "[redacted]" in str(error)
