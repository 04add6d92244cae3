"""Bad input over HTTP: a clear problem document or a verdict, never a 500."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from playproof.web.services import Limits
from tests.serving import Site, body, is_problem

MIB = 1024**2


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One site for all of it: what one request breaks, the next would notice."""
    made = Site(tmp_path_factory.mktemp("input") / "data")
    yield made
    made.close()


def columns(points: int, **changes: object) -> dict[str, Any]:
    axis = [float(i) for i in range(points)]
    return {"movements": {"t": axis, "x": axis, "y": axis}, **changes}


def sent(content: object) -> bytes:
    return json.dumps(content).encode()


@pytest.mark.parametrize(
    ("content", "status", "code", "path"),
    [
        pytest.param(b"", 400, "malformed-json", "$", id="nothing"),
        pytest.param(b'{"movements": {"t": [1, 2', 400, "malformed-json", "$", id="truncated"),
        pytest.param(b"\xff\xfe", 400, "malformed-json", "$", id="not UTF-8"),
        pytest.param(b'{"x":' * 100_000, 400, "malformed-json", "$", id="nested without end"),
        pytest.param(b'{"movements": {"t": [NaN], "x": [1], "y": [1]}}', 400, "malformed-json", "$", id="NaN"),
        pytest.param(b'{"movements": {"t": [1e999], "x": [1], "y": [1]}}', 422, "invalid-session", "$.movements.t[0]", id="beyond doubles"),
        pytest.param(b'{"movements": {"t": [null], "x": [1], "y": [1]}}', 422, "invalid-session", "$.movements.t[0]", id="null"),
        pytest.param(b"[]", 422, "invalid-session", "$", id="no object"),
        pytest.param(b"{}", 422, "invalid-session", "$.movements", id="no movements"),
        pytest.param(
            sent({"movements": {"t": [1, 2], "x": [1, 2], "y": [1]}}), 422, "invalid-session", "$.movements.y", id="unequal columns"
        ),
        pytest.param(sent({"movements": [{"x": 1, "timestamp": 3}]}), 422, "invalid-session", "$.movements[0].y", id="row without y"),
        pytest.param(sent(columns(20_001)), 413, "too-large", "$.movements", id="20,001 points"),
        pytest.param(sent(columns(1, sessionId="x" * 129)), 422, "invalid-session", "$.sessionId", id="long id"),
        pytest.param(sent(columns(1, sessionId="a\nb")), 422, "invalid-session", "$.sessionId", id="line break in the id"),
        pytest.param(sent(columns(1, options={"useBatches": True})), 422, "invalid-session", "$.options.useBatches", id="unknown option"),
    ],
)
def test_refused_with_the_path_and_what_was_expected(site: Site, content: bytes, status: int, code: str, path: str) -> None:
    problem = is_problem(site.score(content), status, code)
    assert problem["path"] == path
    assert problem["expected"]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(columns(0), id="0 points"),
        pytest.param(columns(1), id="1 point"),
        pytest.param({"movements": {"t": [5, 3, 1], "x": [1, 2, 3], "y": [1, 2, 3]}}, id="time running backwards"),
        pytest.param({"movements": {"t": [0, 1, 2], "x": [1e308, -1e308, 1e308], "y": [1e308, 1e308, -1e308]}}, id="1e308"),
        pytest.param({"movements": {"t": [-1e308, 0, 1e308], "x": [1, 2, 3], "y": [1, 2, 3]}}, id="1e308 ms"),
        pytest.param({"movements": [], "clicks": [{"x": 1, "y": 2, "timestamp": 3}]}, id="a click and no movement"),
        pytest.param(columns(3, gameType="chess" * 10, deviceType="brain"), id="game and device nobody knows"),
        pytest.param(columns(3, whatever=[1, {"a": None}]), id="unknown field"),
    ],
)
def test_odd_but_well_formed_is_scored_and_does_not_pass(site: Site, content: dict[str, Any]) -> None:
    response = site.score(sent(content))
    assert response.status_code == 200, response.text
    verdict = response.json()
    assert verdict["decision"] in ("review", "fail")
    assert verdict["reasons"]


def test_as_many_points_as_may_be_are_scored(site: Site) -> None:
    assert site.score(sent(columns(20_000))).status_code == 200


@pytest.mark.parametrize(
    "declared",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json; charset=utf-16", ""],
)
def test_another_content_type_is_refused(site: Site, declared: str) -> None:
    is_problem(site.score(body(), Content_Type=declared), 415, "unsupported-media-type")


def test_a_content_type_is_needed(site: Site) -> None:
    is_problem(site.request("POST", "/api/v1/score", content=body()), 415, "unsupported-media-type")


def test_a_compressed_body_is_refused(site: Site) -> None:
    is_problem(site.score(body(), Content_Encoding="gzip"), 415, "unsupported-media-type")


@pytest.mark.parametrize(
    "declared", ["application/json", "application/json; charset=UTF-8", "Application/JSON", 'application/vnd.play+json;charset="utf-8"']
)
def test_json_by_any_of_its_names_is_taken(site: Site, declared: str) -> None:
    assert site.score(body(), Content_Type=declared).status_code == 200


def test_three_mebibytes_are_refused_however_they_are_framed(site: Site) -> None:
    content = b" " * (3 * MIB)
    problem = is_problem(site.score(content), 413, "too-large")
    assert str(2 * MIB) in problem["expected"]

    async def parts() -> AsyncIterator[bytes]:
        for start in range(0, len(content), 65536):
            yield content[start : start + 65536]

    is_problem(site.request("POST", "/api/v1/score", content=parts(), headers={"Content-Type": "application/json"}), 413, "too-large")


def test_a_body_in_parts_is_put_together(site: Site) -> None:
    content = body(sessionId="parts")

    async def parts() -> AsyncIterator[bytes]:
        for start in range(0, len(content), 100):
            yield content[start : start + 100]

    response = site.request("POST", "/api/v1/score", content=parts(), headers={"Content-Type": "application/json"})
    assert response.json()["sessionId"] == "parts"


def test_a_body_that_does_not_come_is_given_up(tmp_path: Path) -> None:
    site = Site(tmp_path / "data", limits=Limits(MIB, 0.05))

    async def stalled() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    async def ask() -> httpx.Response:
        return await asyncio.wait_for(
            site.ask("POST", "/api/v1/score", content=stalled(), headers={"Content-Type": "application/json"}), timeout=60
        )

    is_problem(asyncio.run(ask()), 408, "request-timeout")
    site.close()


def test_a_verdict_that_does_not_reach_the_disk_is_not_given(tmp_path: Path) -> None:
    from concurrent.futures import Future

    site = Site(tmp_path / "data", limits=Limits(MIB, 0.05))
    waiting: Future[Any] = Future()
    site.store.put = lambda _: waiting  # type: ignore[method-assign,assignment]
    is_problem(site.score(body()), 504, "deadline-exceeded")
    assert waiting.cancelled(), "a record that was given up must not be stored later"
    site.close()
