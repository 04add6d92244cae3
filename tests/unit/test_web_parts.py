"""Parts of the rim by themselves: keys, hosts, problem documents, the OpenAPI document."""

from __future__ import annotations

import stat
import threading
from pathlib import Path
from typing import Any

import msgspec
import pytest

from playproof.errors import InvalidSession, SettingsError, StoreRefused, StoreUnavailable
from playproof.settings import ApiKey, Secret, Settings
from playproof.web.app import ROUTES, log_writer
from playproof.web.auth import ADMIN_KEY_FILE, Keys, Neighbourhood, admin_key, check_exposure, is_loopback
from playproof.web.openapi import openapi_document
from playproof.web.problems import (
    HostNotAllowed,
    MethodNotAllowed,
    OriginNotAllowed,
    Unauthorized,
    document,
    known,
    problem_types,
    title_of,
)


def key(name: str, secret: str) -> ApiKey:
    return ApiKey(name, Secret(secret))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "[::1]", "localhost"])
def test_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "example.org", "localhost.evil.example", ""])
def test_not_loopback(host: str) -> None:
    assert not is_loopback(host)


def test_without_keys_everybody_is_in_one_scope() -> None:
    assert Keys().caller(None) == Keys().caller("Bearer whatever") == "open"
    assert Keys().open


def test_a_key_names_its_scope() -> None:
    keys = Keys([key("shop", "one"), key("bank", "two")])
    assert keys.caller("Bearer two") == "bank"
    for shown in (None, "", "two", "Bearer", "Bearer ", "Bearer three", "Bearer one two"):
        with pytest.raises(Unauthorized):
            keys.caller(shown)


@pytest.mark.parametrize("name", ["open", "demo", "admin"])
def test_names_the_service_uses_itself_are_refused(name: str) -> None:
    with pytest.raises(SettingsError, match=name):
        Keys([key(name, "x")])


def test_a_loopback_service_answers_for_its_names_alone() -> None:
    near = Neighbourhood.of("127.0.0.1", ["play.example"])
    near.admit("play.example", "https://play.example")
    near.admit("PLAY.example:443", "https://play.example:443")
    with pytest.raises(HostNotAllowed):
        near.admit("elsewhere.example", None)
    with pytest.raises(OriginNotAllowed):
        near.admit("play.example", "https://elsewhere.example")
    far = Neighbourhood.of("0.0.0.0")
    far.admit("anything.example", "http://elsewhere.example")


def test_local_is_this_machine_without_a_proxy() -> None:
    near = Neighbourhood.of("127.0.0.1")
    assert near.is_local("127.0.0.1", "localhost:8000", forwarded=False)
    assert not near.is_local("127.0.0.1", "localhost:8000", forwarded=True)
    assert not near.is_local("10.0.0.1", "localhost:8000", forwarded=False)
    assert not near.is_local("127.0.0.1", "play.example", forwarded=False)
    assert not near.is_local(None, "localhost", forwarded=False)


def test_exposure_needs_a_key() -> None:
    check_exposure(Settings())
    check_exposure(Settings(host="0.0.0.0", api_keys=(key("a", "x"),)))
    with pytest.raises(SettingsError, match=r"0\.0\.0\.0"):
        check_exposure(Settings(host="0.0.0.0"))
    with pytest.raises(SettingsError, match=r"play\.example"):
        check_exposure(Settings(allowed_hosts=("play.example",)))


def test_one_admin_key_is_made_however_many_ask(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    at_once = threading.Barrier(8)
    found = []

    def ask() -> None:
        at_once.wait(60)
        found.append(admin_key(settings))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({one.key for one in found if one}) == 1
    assert sum(one.new for one in found if one) == 1
    file = tmp_path / "data" / "admin.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert [entry.name for entry in file.parent.iterdir()] == ["admin.key"]


def test_the_admin_key_that_is_set_is_kept_nowhere(tmp_path: Path) -> None:
    found = admin_key(Settings(data_dir=tmp_path / "data", admin_key=Secret("given")))
    assert found is not None
    assert (found.key, found.file) == ("given", None)
    assert not (tmp_path / "data").exists()
    assert admin_key(Settings(data_dir=tmp_path / "data", host="0.0.0.0")) is None


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe", b"two\nlines\n"])
def test_a_file_without_an_admin_key_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / ADMIN_KEY_FILE).write_bytes(content)
    with pytest.raises(StoreRefused, match="holds no key"):
        admin_key(Settings(data_dir=tmp_path))


def test_a_folder_that_cannot_hold_the_admin_key(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreRefused, match="data folder"):
        admin_key(Settings(data_dir=tmp_path / "file" / "data"))


def test_secrets_do_not_get_into_a_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    settings = Settings(
        api_keys=(key("shop", 'a-long"key'),),
        admin_key=Secret("the-admin-key"),
        woodwide_api_key=Secret("sk_of_the_provider"),
        data_dir=tmp_path,
        log_format="json",
    )
    log_writer(settings).write("info", "the-admin-key", {"path": '/a-long"key', "why": "sk_of_the_provider was refused"})
    shown = capsys.readouterr().err
    assert "long" not in shown
    assert "admin-key" not in shown
    assert "sk_of" not in shown
    assert shown.count("[redacted]") == 3


def test_a_problem_says_where_and_what_was_expected() -> None:
    problem, headers = document(InvalidSession("found a string", path="$.movements.x[17]", expected="a finite number"), "/api/v1/score")
    assert msgspec.to_builtins(problem) == {
        "type": "urn:playproof:problem:invalid-session",
        "title": "The body is JSON, but not a session",
        "status": 422,
        "detail": "found a string",
        "instance": "/api/v1/score",
        "path": "$.movements.x[17]",
        "expected": "a finite number",
    }
    assert headers == {}
    assert document(StoreUnavailable("full"), "/")[1] == {"Retry-After": "2"}
    assert "WWW-Authenticate" in document(Unauthorized("no"), "/")[1]


def test_what_is_ours_alone_is_not_told() -> None:
    assert known(RuntimeError("inside")) is None
    assert known(StoreRefused("inside")) is None
    assert isinstance(known(MethodNotAllowed("x")), MethodNotAllowed)


def test_problem_codes_are_one_to_one() -> None:
    kinds = list(problem_types())
    assert len({kind.code for kind in kinds}) == len(kinds) == len({title_of(kind) for kind in kinds})
    assert all(400 <= kind.status < 600 for kind in kinds)


def test_the_document_names_every_route_and_no_other() -> None:
    served = {
        (path.replace("{named:path}", "{scope}/{session_id}").replace(":path}", "}").replace(":str}", "}"), method.lower())
        for route in ROUTES
        for path in route.paths
        for method in route.http_methods
    }
    pages = {("/", "get"), ("/api/v1/docs", "get"), ("/api/v1/openapi.json", "get"), ("/assets/{name}", "get")}
    pages |= {("/free", "get"), ("/operator", "get"), ("/widget/playproof.js", "get"), ("/widget/{version}/{name}", "get")}
    told = {(path, method) for path, item in openapi_document(1, 1)["paths"].items() for method in item}
    assert told == served - pages


def test_every_reference_of_the_document_leads_somewhere() -> None:
    document: dict[str, Any] = openapi_document(1, 1)

    def references(part: object) -> set[str]:
        if isinstance(part, dict):
            return ({part["$ref"]} if "$ref" in part else set()).union(*map(references, part.values()))
        return set().union(*map(references, part)) if isinstance(part, list) else set()

    schemas = document["components"]["schemas"]
    assert {reference.rpartition("/")[2] for reference in references(document)} <= set(schemas)
