"""A proxy that loses, breaks or holds up answers, one connection after the other."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Literal

Fault = Literal["pass", "lose", "cut", "garble", "busy", "hang", "drip"]

PATIENCE_SECONDS = 60.0
_DRIP_SECONDS = 0.02
_BODY = b'{"success": true, "decision": "pass"'


class Proxy:
    """Passes requests on to `port` of this machine; each connection meets the next of `plan`, and the last one for ever."""

    def __init__(self, port: int) -> None:
        self.plan: list[Fault] = ["pass"]
        self.met: list[Fault] = []
        self._upstream = port
        self._stopped = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads: list[threading.Thread] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def serve(self) -> None:
        """Take connections until `stop`."""
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            fault = self.plan.pop(0) if len(self.plan) > 1 else self.plan[0]
            self.met.append(fault)
            thread = threading.Thread(target=self._connection, args=(client, fault))
            self._threads.append(thread)
            thread.start()

    def stop(self) -> None:
        """Let go of everything."""
        self._stopped.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(PATIENCE_SECONDS)

    def _connection(self, client: socket.socket, fault: Fault) -> None:
        with client, contextlib.suppress(OSError):
            client.settimeout(PATIENCE_SECONDS)
            request = _whole(client)
            if fault in ("pass", "lose", "cut"):
                answer = self._answered(request)
                client.sendall({"pass": answer, "lose": b"", "cut": answer[: len(answer) - 20]}[fault])
            elif fault == "garble":
                client.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(_BODY), _BODY))
            elif fault == "busy":
                client.sendall(b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n")
            elif fault == "hang":
                self._stopped.wait()
            else:
                client.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n")
                while not self._stopped.wait(_DRIP_SECONDS):
                    client.sendall(b" ")

    def _answered(self, request: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", self._upstream), PATIENCE_SECONDS) as upstream:
            upstream.sendall(request.replace(b"\r\n", b"\r\nConnection: close\r\n", 1).replace(b"Connection: keep-alive\r\n", b"", 1))
            parts = []
            while part := upstream.recv(65536):
                parts.append(part)
            return b"".join(parts)


def _whole(client: socket.socket) -> bytes:
    """One request with its body."""
    taken = b""
    while b"\r\n\r\n" not in taken:
        taken += _some(client)
    head, _, body = taken.partition(b"\r\n\r\n")
    lengths = [line.partition(b":")[2] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    while len(body) < int(lengths[0]):
        body += _some(client)
    return head + b"\r\n\r\n" + body


def _some(client: socket.socket) -> bytes:
    part = client.recv(65536)
    if not part:
        raise OSError("the client went away")
    return part


@contextlib.contextmanager
def proxied(port: int) -> Iterator[Proxy]:
    """A proxy in front of `port`."""
    proxy = Proxy(port)
    thread = threading.Thread(target=proxy.serve)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.stop()
        thread.join(PATIENCE_SECONDS)
