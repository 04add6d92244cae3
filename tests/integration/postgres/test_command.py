"""What people run, with the database on a server."""

from __future__ import annotations

import json
import signal
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from playproof.cli import run
from playproof.store import open_store
from playproof.store.migrations import schema
from playproof.testing import session_record
from tests.postgres import Server
from tests.serving import PATIENCE_SECONDS, Serving, body, log_lines, serving

SECONDS = 60
PASSWORD = "not-needed-here-and-not-to-be-seen"


def with_password(url: str) -> str:
    """An address whose password the server does not ask for."""
    return f"{url}&password={PASSWORD}"


def ask(service: Serving, path: str) -> httpx.Response:
    """What the service answers to a GET."""
    return httpx.get(service.url + path, timeout=PATIENCE_SECONDS)


def test_a_service_that_was_killed_has_all_that_it_answered(url: str, tmp_path: Path) -> None:
    named = with_password(url)
    with serving(tmp_path / "data", PLAYPROOF_DATABASE_URL=named, PLAYPROOF_LOG_FORMAT="json", PLAYPROOF_REQUEST_TIMEOUT="60s") as first:
        assert "the PostgreSQL database" in first.banner
        verdicts = [first.post(body(seed, sessionId=f"s{seed}")).json() for seed in range(3)]
        assert ask(first, "/ready").json()["ready"] is True
        assert first.stop(signal.SIGKILL) == -signal.SIGKILL
    with serving(tmp_path / "data", "--workers", "2", PLAYPROOF_DATABASE_URL=named, PLAYPROOF_LOG_FORMAT="json") as second:
        for seed, verdict in enumerate(verdicts):
            assert ask(second, f"/api/v1/sessions/s{seed}").json() == verdict
            assert second.post(body(seed, sessionId=f"s{seed}")).json() == verdict
        assert second.stop() == 0
    log = second.log.read_text()
    assert log_lines(second.log)
    for text in (first.banner, second.banner, log):
        assert PASSWORD not in text
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == ["admin.key"]


def test_a_service_goes_on_when_its_connections_were_lost(postgres: Server, url: str, tmp_path: Path) -> None:
    with serving(tmp_path / "data", PLAYPROOF_DATABASE_URL=url, PLAYPROOF_REQUEST_TIMEOUT="60s") as service:
        service.post(body(1, sessionId="a"))
        assert ask(service, "/api/v1/sessions/a").status_code == 200
        postgres.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'playproof'")
        assert service.post(body(2, sessionId="b")).status_code == 200
        assert ask(service, "/api/v1/sessions/a").status_code == 200
        assert ask(service, "/ready").json()["ready"] is True
        assert service.stop() == 0


@pytest.fixture
def named(url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """A database with a session, named in the environment as an operator does."""
    with closing(open_store(Path(), database_url=url)) as store:
        store.put(session_record("a")).result(SECONDS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PLAYPROOF_DATABASE_URL", with_password(url))
    return url


def test_the_commands_use_it_too(named: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["erase", "a", "x"]) == 0
    said = capsys.readouterr()
    assert (said.out, said.err) == ("1 session erased\n", "not found: x\n")
    for command, tool in (("backup", "pg_dump"), ("restore", "pg_restore")):
        assert run([command, "file"]) == 1
        told = capsys.readouterr().err
        assert tool in told
        assert PASSWORD not in told
    assert list(Path().iterdir()) == []


def doctor(capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, list[dict[str, str]]]]:
    """The exit code, and the lines of the report by what they are about."""
    code = run(["doctor", "--format", "json"])
    out = capsys.readouterr().out
    assert PASSWORD not in out
    lines: dict[str, list[dict[str, str]]] = {}
    for line in json.loads(out):
        lines.setdefault(line["check"], []).append(line)
    return code, lines


def test_doctor_looks_at_the_server(named: str, postgres: Server, capsys: pytest.CaptureFixture[str]) -> None:
    code, lines = doctor(capsys)
    assert code == 0
    assert "sqlite" not in lines
    first, *more = lines["postgresql"]
    assert first["state"] == "ok"
    assert f"tables {schema.HEAD}; back it up with pg_dump" in first["found"]
    assert [line["state"] for line in more] in ([], ["warn"])
    assert all("fsync = off" in line["found"] for line in more)
    assert any("database_url = ***" in line["found"] for line in lines["settings"])


def test_doctor_says_what_is_wrong_with_the_server(
    postgres: Server, empty_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PLAYPROOF_DATABASE_URL", with_password(empty_url))
    code, lines = doctor(capsys)
    assert code == 0
    assert "made at the first start" in lines["postgresql"][0]["found"]
    monkeypatch.setenv("PLAYPROOF_DATABASE_URL", with_password(postgres.url("absent")))
    code, lines = doctor(capsys)
    assert code == 1
    assert "does not exist" in lines["postgresql"][0]["found"]


def test_a_server_that_is_not_there_keeps_the_service_from_starting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PLAYPROOF_DATABASE_URL", f"postgresql://u:{PASSWORD}@/d?host={tmp_path}")
    assert run(["serve", "--port", "0", "--data-dir", str(tmp_path / "data")]) == 1
    told = capsys.readouterr().err
    assert "cannot be reached" in told
    assert PASSWORD not in told


def test_whatever_runs_opens_the_database_that_the_settings_name(repository: Path) -> None:
    package = repository / "src" / "playproof"
    others = [path for path in package.rglob("*.py") if path.relative_to(package).parts[0] != "store"]
    assert [str(path) for path in others if "open_store" in path.read_text("utf-8")] == []
