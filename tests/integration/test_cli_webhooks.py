"""`playproof webhooks`, as a person calls it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from playproof.cli import run
from playproof.clock import SystemClock
from playproof.store import Notice, Posts, Store, open_store
from playproof.testing import FakeClock, session_record
from tests.receiving import SECRET, Answer, receiving

SECONDS = 60


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A store with one letter of each kind, which a service has open."""
    monkeypatch.chdir(tmp_path)
    with closing(open_store(tmp_path / "data", clock=FakeClock())) as store:
        number = store.put(session_record("s1", scope="shop")).result(SECONDS).number
        for name in ("msg_delivered", "msg_given_up", "msg_waiting"):
            store.outbox.add(number, Notice(name, b"{}"))
        store.outbox.claim("me", 60.0, 2)
        store.outbox.delivered("msg_delivered", "me")
        store.outbox.failed("msg_given_up", "me", None, "status 410")
        yield store


def said(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert run(["webhooks", *arguments]) == code
    return capsys.readouterr().out


def test_where_each_webhook_stands_is_listed(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    listed = [json.loads(line) for line in said(capsys, "list", "--data-dir", "data").splitlines()]
    assert [one["state"] for one in listed] == ["delivered", "given_up", "waiting"]
    assert listed[1] == {
        "id": "msg_given_up", "scope": "shop", "sessionId": "s1", "state": "given_up", "createdAt": "2026-01-01T00:00:00.000Z",
        "nextAt": None, "failed": 1, "reason": "status 410",
    }  # fmt: skip
    assert listed[2]["nextAt"] == "2026-01-01T00:00:00.000Z"
    (line,) = said(capsys, "list", "--given-up", "--data-dir", "data").splitlines()
    assert json.loads(line) == listed[1]
    shown = said(capsys, "list", "--format", "table", "--data-dir", "data").splitlines()
    assert shown[0].split() == ["webhook", "scope", "session", "state", "put", "in", "next", "failed", "reason"]
    assert shown[3].split() == ["msg_given_up", "shop", "s1", "given_up", "2026-01-01T00:00:00.000Z", "1", "status", "410"]


def test_what_was_given_up_is_put_back(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "retry", "msg_waiting", "--data-dir", "data", code=1) == "0 webhooks put back\n"
    assert said(capsys, "retry", "msg_given_up", "--data-dir", "data") == "1 webhook put back\n"
    assert store.outbox.counts() == Posts(waiting=2, delivered=1, given_up=0)
    assert said(capsys, "list", "--given-up", "--format", "table", "--data-dir", "data") == "no webhook was given up\n"
    assert said(capsys, "retry", "--all", "--data-dir", "data", code=1) == "0 webhooks put back\n"


@pytest.mark.parametrize("arguments", [[], ["msg_1", "--all"]])
def test_what_to_put_back_has_to_be_said(store: Store, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["webhooks", "retry", *arguments, "--data-dir", "data"]) == 2
    assert "either an ID or --all" in capsys.readouterr().err


def test_the_address_can_be_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    with receiving(Answer(204), Answer(404), Answer(200)) as receiver:
        monkeypatch.setenv("PLAYPROOF_WEBHOOK_URL", receiver.url())
        monkeypatch.setenv("PLAYPROOF_WEBHOOK_SECRET", SECRET)
        monkeypatch.setenv("PLAYPROOF_WEBHOOK_PRIVATE", "true")
        told = json.loads(said(capsys, "test"))
        arrival = receiver.next()
        assert told == {"id": arrival.verified(SystemClock().now()), "delivered": True, "status": 204, "reason": None}
        assert json.loads(arrival.body)["type"] == "webhook.test"
        assert json.loads(said(capsys, "test", code=1))["reason"] == "status 404"
        assert said(capsys, "test", "--format", "table") == "delivered: status 200\n"
        monkeypatch.setenv("PLAYPROOF_WEBHOOK_PRIVATE", "false")
        monkeypatch.setenv("PLAYPROOF_WEBHOOK_URL", receiver.url(scheme="https"))
        assert said(capsys, "test", "--format", "table", code=1) == "not delivered: refused: loopback address\n"


def test_an_address_that_will_not_do_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("PLAYPROOF_WEBHOOK_URL", "https://256.1.1.1/")
    monkeypatch.setenv("PLAYPROOF_WEBHOOK_SECRET", SECRET)
    assert run(["webhooks", "test"]) == 2
    assert "PLAYPROOF_WEBHOOK_URL is no address to send to" in capsys.readouterr().err


def test_certificates_that_cannot_be_read_are_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("PLAYPROOF_WEBHOOK_URL", "https://hooks.example/")
    monkeypatch.setenv("PLAYPROOF_WEBHOOK_SECRET", SECRET)
    monkeypatch.setenv("SSL_CERT_FILE", "nowhere.pem")
    assert run(["webhooks", "test"]) == 2
    assert "SSL_CERT_FILE" in capsys.readouterr().err


def test_without_an_address_there_is_nothing_to_try(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["webhooks", "test"]) == 2
    assert "PLAYPROOF_WEBHOOK_URL" in capsys.readouterr().err
