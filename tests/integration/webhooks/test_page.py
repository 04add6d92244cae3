"""What the page about webhooks shows works as it is written."""

from __future__ import annotations

import asyncio
import http.server
import json
import re
import threading
from pathlib import Path
from typing import Any

import pytest

from playproof.clock import SystemClock
from playproof.webhooks.sender import Attempt, Sender
from tests.receiving import SECRET

ID = "msg_1"
EVENT = {
    "type": "session.final",
    "timestamp": "2026-01-01T12:00:00.000Z",
    "data": {"scope": "shop", "verdict": {"sessionId": "s1", "decision": "review"}},
}


def send(url: str, secret: str, event: dict[str, Any], message_id: str = ID) -> Attempt:
    async def attempt() -> Attempt:
        async with Sender(url, [secret], clock=SystemClock(), private=True) as sender:
            return await sender.send(message_id, json.dumps(event).encode())

    return asyncio.run(attempt())


def test_the_backend_on_the_page_receives_webhooks(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = (repository / "docs" / "webhooks.md").read_text("utf-8")
    (program,) = re.findall(r"```python\n(.+?)```", page, re.DOTALL)
    servers: list[http.server.HTTPServer] = []

    class Quiet(http.server.HTTPServer):
        """Takes any free port, and serves in a thread."""

        def __init__(self, address: tuple[str, int], handler: Any) -> None:
            handler.log_message = lambda *_: None
            super().__init__((address[0], 0), handler)

        def serve_forever(self, poll_interval: float = 0.01) -> None:
            servers.append(self)
            threading.Thread(target=super().serve_forever, args=(poll_interval,), daemon=True).start()

    monkeypatch.setattr(http.server, "HTTPServer", Quiet)
    monkeypatch.setenv("WEBHOOK_SECRET", SECRET)
    exec(compile(program, "docs/webhooks.md", "exec"), {"__name__": "example"})
    (server,) = servers
    try:
        url = f"http://127.0.0.1:{server.server_address[1]}/"
        assert send(url, SECRET, EVENT) == Attempt(204)
        assert send(url, SECRET, EVENT) == Attempt(204), "again, because nobody noted it"
        assert send(url, SECRET, {"type": "unknown yet"}, "msg_2") == Attempt(204)
        assert send(url, "a secret that the site has never seen", EVENT, "msg_3") == Attempt(400, "status 400")
    finally:
        server.shutdown()
        server.server_close()
    assert capsys.readouterr().out == "s1 review\n"
