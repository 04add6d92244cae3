"""A site's backend for tests: it takes webhooks in on a port of this machine, and answers as it is told."""

from __future__ import annotations

import contextlib
import queue
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from playproof.webhooks import verify

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
CERTIFICATE = Path(__file__).parent / "integration" / "webhooks" / "hooks_example.pem"
"""That of hooks.example, and its key."""
PATIENCE_SECONDS = 180


@dataclass(frozen=True)
class Answer:
    """What the site says."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    hold: threading.Event | None = None
    """The answer comes when this is set."""
    drip: threading.Event | None = None
    """The body never ends before this is set."""


@dataclass(frozen=True)
class Arrival:
    """A webhook as it came in."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    def verified(self, now: datetime, secret: str = SECRET) -> str:
        """The id, if the webhook is who it says it is from."""
        return verify(self.body, self.headers, secret, now)


class Receiver:
    """What arrived, and what is answered: each of `answers` once, then the last of them for ever."""

    def __init__(self, port: int, answers: list[Answer]) -> None:
        self.port = port
        self.arrivals: queue.Queue[Arrival] = queue.Queue()
        self._answers = answers

    def url(self, host: str = "127.0.0.1", scheme: str = "http", path: str = "/hooks") -> str:
        return f"{scheme}://{host}:{self.port}{path}"

    def next(self) -> Arrival:
        """The next webhook that comes in."""
        return self.arrivals.get(timeout=PATIENCE_SECONDS)

    def answer(self) -> Answer:
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


@contextlib.contextmanager
def receiving(*answers: Answer, tls: bool = False) -> Iterator[Receiver]:
    """A receiver on a free port of the loopback address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATE)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    receiver = Receiver(server.server_address[1], list(answers) or [Answer()])
    server.receiver = receiver  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        receiver: Receiver = self.server.receiver  # type: ignore[attr-defined]
        body = self.rfile.read(int(self.headers["Content-Length"]))
        answer = receiver.answer()
        receiver.arrivals.put(Arrival(self.path, {name.lower(): value for name, value in self.headers.items()}, body))
        if answer.hold is not None:
            answer.hold.wait(PATIENCE_SECONDS)
        with contextlib.suppress(OSError):
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if answer.drip is None:
                self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)
            if answer.drip is not None:
                answer.drip.wait(PATIENCE_SECONDS)

    def do_GET(self) -> None:
        raise AssertionError("webhooks are posted, wherever they are redirected to")

    def handle(self) -> None:
        with contextlib.suppress(OSError):  # the sender went away
            super().handle()

    def log_message(self, *_: object) -> None:
        pass
