"""What the store promises of uploads that hosted models are trained on, of their versions, and of leases."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import msgspec
import pytest

from playproof.store import HostedModelRecord, HostedUpload, Store, UploadContent
from playproof.testing import FakeClock

Open = Callable[..., Store]

UPLOAD = HostedUpload(
    id="upl_1",
    name="people",
    created_at=1_000,
    columns=("speed_high", "jerk_tail"),
    rows=700,
    people=70,
    kept_people=(0, 0, 1, 2, 2),
    synthetic=True,
    catalogue_version="7",
)
CONTENT = UploadContent(file=b"PAR1 and more", kept_rows=bytes(5 * 16))
MODEL = HostedModelRecord(
    version_id="mdlv_1",
    model_id="mdl_1",
    upload="upl_1",
    job_id="job_t",
    created_at=2_000,
    columns=UPLOAD.columns,
    catalogue_version=UPLOAD.catalogue_version,
    synthetic=UPLOAD.synthetic,
)


def other(upload_id: str, at: int) -> HostedUpload:
    return msgspec.structs.replace(UPLOAD, id=upload_id, created_at=at)


def version(version_id: str, at: int, model_id: str = "mdl_1") -> HostedModelRecord:
    return msgspec.structs.replace(MODEL, version_id=version_id, model_id=model_id, created_at=at)


@pytest.mark.parametrize("name", ["a\0b", "a\ud800b"], ids=["zero", "half a surrogate pair"])
def test_nothing_is_found_under_a_text_that_cannot_be_stored(store: Store, name: str) -> None:
    assert store.hosted.upload(name) is None
    assert store.hosted.models(name) == []


def test_an_upload_is_kept_with_its_rows_until_it_is_ingested(store: Store, reopen: Open) -> None:
    store.hosted.plan(UPLOAD, CONTENT)
    with closing(reopen()) as elsewhere:
        assert elsewhere.hosted.upload("upl_1") == UPLOAD
        assert elsewhere.hosted.content("upl_1") == CONTENT
    assert UPLOAD.kept == (5, 3)
    assert store.hosted.announced("upl_1", "ds_1", "dsv_1", "job_i")
    sent = msgspec.structs.replace(UPLOAD, state="announced", dataset_id="ds_1", version_id="dsv_1", job_id="job_i")
    assert store.hosted.upload("upl_1") == sent
    assert store.hosted.content("upl_1") == CONTENT
    assert store.hosted.ingested("upl_1")
    assert store.hosted.upload("upl_1") == msgspec.structs.replace(sent, state="ingested")
    assert store.hosted.content("upl_1") == msgspec.structs.replace(CONTENT, file=b"")


def test_what_is_over_does_not_change(store: Store) -> None:
    store.hosted.plan(UPLOAD, CONTENT)
    store.hosted.plan(other("upl_2", 5), CONTENT)
    assert store.hosted.upload_failed("upl_1", "forbidden")
    assert store.hosted.ingested("upl_2")
    for name in ("upl_1", "upl_2", "nobody"):
        before = store.hosted.upload(name)
        assert not store.hosted.announced(name, "ds", "dsv", "job")
        assert not store.hosted.ingested(name)
        assert not store.hosted.upload_failed(name, "timeout")
        store.hosted.held_up(name, "timeout")
        assert store.hosted.upload(name) == before
    failed = store.hosted.upload("upl_1")
    assert failed is not None
    assert (failed.state, failed.reason) == ("failed", "forbidden")
    assert store.hosted.content("upl_1") == msgspec.structs.replace(CONTENT, file=b"")
    assert store.hosted.content("nobody") is None


def test_a_version_goes_from_training_to_ready_once(store: Store) -> None:
    store.hosted.plan(UPLOAD, CONTENT)
    assert store.hosted.begun(MODEL)
    assert not store.hosted.begun(version("mdlv_1", 9_000))
    assert store.hosted.by_version("mdlv_1") == MODEL
    assert store.hosted.newest_ready("mdl_1") is None
    assert store.hosted.trained("mdlv_1")
    store.hosted.held_up("mdlv_1", "timeout")
    waiting = store.hosted.by_version("mdlv_1")
    assert waiting is not None
    assert (waiting.state, waiting.reason) == ("calibrating", "timeout")
    assert store.hosted.ready("mdlv_1", b"{}")
    ready = msgspec.structs.replace(MODEL, state="ready", calibration=b"{}")
    assert store.hosted.newest_ready("mdl_1") == ready
    assert not store.hosted.ready("mdlv_1", b"[]")
    assert not store.hosted.trained("mdlv_1")
    assert not store.hosted.model_failed("mdlv_1", "job_failed")
    assert store.hosted.by_version("mdlv_1") == ready
    assert store.hosted.by_version("nobody") is None


def test_the_newest_ready_version_is_the_one_begun_last(store: Store) -> None:
    store.hosted.plan(UPLOAD, CONTENT)
    for name, at in (("mdlv_a", 1), ("mdlv_b", 3), ("mdlv_c", 2), ("mdlv_d", 4)):
        store.hosted.begun(version(name, at))
    store.hosted.begun(version("mdlv_x", 9, "mdl_2"))
    for name in ("mdlv_b", "mdlv_c", "mdlv_a", "mdlv_x"):
        store.hosted.ready(name, b"{}")
    store.hosted.model_failed("mdlv_d", "job_failed")
    found = store.hosted.newest_ready("mdl_1")
    assert found is not None
    assert found.version_id == "mdlv_b"
    assert [record.version_id for record in store.hosted.models("mdl_1")] == ["mdlv_d", "mdlv_b", "mdlv_c", "mdlv_a"]
    assert next(record.version_id for record in store.hosted.models()) == "mdlv_x"


def test_what_is_unfinished_is_found_again(store: Store, reopen: Open) -> None:
    for number, end in enumerate((None, "announced", "ingested", "failed")):
        store.hosted.plan(other(f"upl_{number}", number), CONTENT)
        if end == "announced":
            store.hosted.announced(f"upl_{number}", "ds", "dsv", "job")
        elif end == "ingested":
            store.hosted.ingested(f"upl_{number}")
        elif end == "failed":
            store.hosted.upload_failed(f"upl_{number}", "forbidden")
    for name, end in (("mdlv_a", None), ("mdlv_b", "trained"), ("mdlv_c", "ready"), ("mdlv_d", "failed")):
        store.hosted.begun(msgspec.structs.replace(version(name, len(name)), upload="upl_2"))
        if end == "trained":
            store.hosted.trained(name)
        elif end == "ready":
            store.hosted.ready(name, b"{}")
        elif end == "failed":
            store.hosted.model_failed(name, "job_failed")
    with closing(reopen()) as elsewhere:
        uploads, models = elsewhere.hosted.unfinished()
        assert [upload.id for upload in uploads] == ["upl_1", "upl_0"]
        assert sorted(record.version_id for record in models) == ["mdlv_a", "mdlv_b"]
        assert len(elsewhere.hosted.uploads()) == 4


def test_a_lease_has_one_holder_until_its_time_is_over(store: Store, clock: FakeClock) -> None:
    assert store.leases.take("work", "one", 30.0)
    assert store.leases.take("work", "one", 30.0)
    assert not store.leases.take("work", "two", 30.0)
    assert store.leases.take("other work", "two", 30.0)
    clock.advance(29.0)
    assert not store.leases.take("work", "two", 30.0)
    clock.advance(1.0)
    assert store.leases.take("work", "two", 30.0)
    store.leases.give_up("work", "one")
    assert not store.leases.take("work", "one", 30.0)
    store.leases.give_up("work", "two")
    assert store.leases.take("work", "one", 30.0)


def test_of_many_who_want_a_lease_one_gets_it(reopen: Open) -> None:
    with closing(reopen()) as one, closing(reopen()) as other, ThreadPoolExecutor(8) as pool:
        for turn in range(10):
            stores = [one, other] * 8
            got = pool.map(lambda at, turn=turn, stores=stores: stores[at].leases.take(f"turn {turn}", f"holder {at}", 60.0), range(16))
            assert sum(got) == 1
