"""`playproof serve` as people run it: a process, a socket, signals, a data folder."""

from __future__ import annotations

import os
import re
import resource
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from playproof.store import open_store
from tests.serving import PATIENCE_SECONDS, Serving, body, log_lines, serving

MIB = 1024**2


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """One service for the tests that leave it as it was."""
    with serving(tmp_path_factory.mktemp("served") / "data") as running:
        yield running


def refused(*arguments: str, **environment: str) -> str:
    """What `playproof serve` says where it does not start."""
    command = [sys.executable, "-m", "playproof", "serve", *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_SECONDS, env={**os.environ, **environment})
    assert ended.returncode in (1, 2)
    assert "Traceback" not in ended.stderr
    return ended.stderr


def test_it_says_where_it_is_and_answers(served: Serving) -> None:
    for word in ("try it", "operator", "score", "API", "data folder", "model", served.url):
        assert word in served.banner
    verdict = served.post(body()).json()
    assert verdict["anomaly"]["source"] == "local"
    assert verdict["anomaly"]["modelVersion"] in served.banner
    assert httpx.get(f"{served.url}/ready", timeout=PATIENCE_SECONDS).json()["ready"] is True


def test_the_admin_key_is_kept_for_its_owner_alone(served: Serving, tmp_path: Path) -> None:
    folder = Path(re.search(r"data folder +(\S+)", served.banner)[1])  # type: ignore[index]
    file = folder / "admin.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    key = file.read_text().strip()
    assert key not in served.banner, "output that is not a terminal may be kept"
    served.post(body(sessionId="to-erase"))
    gone = httpx.delete(f"{served.url}/api/v1/sessions/to-erase", headers={"Authorization": f"Bearer {key}"}, timeout=PATIENCE_SECONDS)
    assert gone.json()["erased"] == 1
    assert httpx.get(f"{served.url}/api/v1/sessions/to-erase", timeout=PATIENCE_SECONDS).status_code == 404
    assert key not in served.log.read_text()


def test_the_admin_key_is_shown_once_and_on_a_terminal_alone(tmp_path: Path) -> None:
    shown = []
    for _ in range(2):
        terminal, stdout = os.openpty()
        command = [sys.executable, "-m", "playproof", "serve", "--port", "0", "--data-dir", str(tmp_path / "data")]
        with subprocess.Popen(command, stdout=stdout, stderr=subprocess.DEVNULL) as process:
            os.close(stdout)
            said = b""
            while b"Stop it" not in said:
                said += os.read(terminal, 65536)
            process.kill()
        os.close(terminal)
        shown.append((tmp_path / "data" / "admin.key").read_text().strip() in said.decode())
    assert shown == [True, False]


def test_fifty_clients_with_one_id_get_one_verdict(served: Serving) -> None:
    content = body(sessionId="fifty")
    at_once = threading.Barrier(50)

    def ask() -> httpx.Response:
        with httpx.Client(timeout=PATIENCE_SECONDS) as client:
            at_once.wait(PATIENCE_SECONDS)
            return client.post(f"{served.url}/api/v1/score", content=content, headers={"Content-Type": "application/json"})

    with ThreadPoolExecutor(50) as pool:
        answers = [waiting.result() for waiting in [pool.submit(ask) for _ in range(50)]]
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert sum("Playproof-Replayed" not in answer.headers for answer in answers) == 1


def test_a_body_over_the_limit_is_refused_and_the_connection_stays_in_order(served: Serving) -> None:
    with httpx.Client(base_url=served.url, timeout=PATIENCE_SECONDS) as client:
        for content in (b" " * (3 * MIB), iter([b" " * MIB] * 3)):
            answer = client.post("/api/v1/score", content=content, headers={"Content-Type": "application/json"})
            assert answer.status_code == 413
            assert answer.json()["type"] == "urn:playproof:problem:too-large"
        assert client.post("/api/v1/score", content=body(), headers={"Content-Type": "application/json"}).status_code == 200


def exchange(port: int, sent: bytes) -> bytes:
    """Send raw bytes; all that comes back until the server closes."""
    with socket.create_connection(("127.0.0.1", port), PATIENCE_SECONDS) as connection:
        connection.sendall(sent)
        received = b""
        while part := connection.recv(65536):
            received += part
    return received


@pytest.mark.parametrize(
    "sent", [b"nonsense\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 70_000 + b"\r\n\r\n"], ids=["no HTTP", "head too long"]
)
def test_what_is_not_http_is_a_problem_too(served: Serving, sent: bytes) -> None:
    answer = exchange(served.port, sent)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"application/problem+json" in answer
    assert b"urn:playproof:problem:bad-request" in answer


def test_requests_sent_without_waiting_are_answered_in_order(served: Serving) -> None:
    heads = [
        f"{line} HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\n\r\n"
        for line in ("OPTIONS /health", "HEAD /ready", "GET /nowhere", "GET /health")
    ]
    last = f"GET /health HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\nConnection: close\r\n\r\n"
    answers = exchange(served.port, "".join([*heads, last]).encode()).split(b"HTTP/1.1 ")[1:]
    assert [answer[:3] for answer in answers] == [b"204", b"200", b"404", b"200", b"200"]
    assert answers[1].endswith(b"\r\n\r\n"), "HEAD has no body"
    assert answers[4].endswith(b"}")


def test_answers_before_the_body_where_it_is_declared_too_long(served: Serving) -> None:
    head = f"POST /api/v1/score HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\nContent-Type: application/json\r\n"
    with socket.create_connection(("127.0.0.1", served.port), PATIENCE_SECONDS) as connection:
        connection.sendall(f"{head}Content-Length: {3 * MIB}\r\nExpect: 100-continue\r\n\r\n".encode())
        assert connection.recv(65536).startswith(b"HTTP/1.1 413 ")


def test_a_body_that_dawdles_is_given_up(tmp_path: Path) -> None:
    with serving(tmp_path / "data", PLAYPROOF_REQUEST_TIMEOUT="300ms") as served:
        head = (
            f"POST /api/v1/score HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n"
        )
        with socket.create_connection(("127.0.0.1", served.port), PATIENCE_SECONDS) as connection:
            connection.sendall(head.encode() + b"{")
            assert connection.recv(65536).startswith(b"HTTP/1.1 408 ")


class Flood:
    """Clients that keep sending sessions, and note what was acknowledged."""

    def __init__(self, url: str, clients: int) -> None:
        self.acknowledged: dict[str, bytes] = {}
        self.refusals: list[str] = []
        self.flowing = threading.Event()
        self._url = url
        self._threads = [threading.Thread(target=self._run, args=(number,)) for number in range(clients)]
        for thread in self._threads:
            thread.start()

    def _run(self, number: int) -> None:
        content = body(number)
        with httpx.Client(timeout=PATIENCE_SECONDS) as client:
            try:
                while True:
                    answer = client.post(f"{self._url}/api/v1/score", content=content, headers={"Content-Type": "application/json"})
                    if answer.status_code != 200:
                        self.refusals.append(answer.text)
                        return
                    self.acknowledged[answer.json()["sessionId"]] = answer.content
                    if len(self.acknowledged) >= 30:
                        self.flowing.set()
            except httpx.TransportError:
                return

    def join(self) -> None:
        for thread in self._threads:
            thread.join(PATIENCE_SECONDS)
            assert not thread.is_alive()


def stored(folder: Path, names: dict[str, bytes]) -> int:
    """How many of the acknowledged verdicts are in the data folder, byte for byte."""
    store = open_store(folder)
    try:
        return sum(1 for name, verdict in names.items() if (found := store.get("open", name)) and found.verdict == verdict)
    finally:
        store.close()


@pytest.mark.parametrize("sig", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "stopped"])
def test_no_acknowledged_verdict_is_lost(tmp_path: Path, sig: signal.Signals) -> None:
    folder = tmp_path / "data"
    with serving(folder, PLAYPROOF_STOP_TIMEOUT=f"{PATIENCE_SECONDS}s") as served:
        flood = Flood(served.url, 6)
        assert flood.flowing.wait(PATIENCE_SECONDS)
        code = served.stop(sig)
        flood.join()
    assert code == (0 if sig is signal.SIGTERM else -signal.SIGKILL)
    assert stored(folder, flood.acknowledged) == len(flood.acknowledged) >= 30
    assert not [text for text in flood.refusals if "urn:playproof:problem:stopping" not in text]


def until_refused(port: int) -> None:
    """Return when nobody listens on `port` any more."""
    for _ in range(100_000):
        try:
            socket.create_connection(("127.0.0.1", port), PATIENCE_SECONDS).close()
        except ConnectionRefusedError:
            return
        except ConnectionResetError:  # it was in the queue of the socket that was just closed
            continue
    raise AssertionError("the service still takes connections")


def test_a_request_that_was_begun_is_answered_before_the_stop(tmp_path: Path) -> None:
    with serving(tmp_path / "data", PLAYPROOF_STOP_TIMEOUT=f"{PATIENCE_SECONDS}s") as served:
        content = body(sessionId="begun")
        head = (
            f"POST /api/v1/score HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\nExpect: 100-continue\r\n\r\n"
        )
        with socket.create_connection(("127.0.0.1", served.port), PATIENCE_SECONDS) as connection:
            connection.sendall(head.encode())
            assert connection.recv(65536).startswith(b"HTTP/1.1 100 "), "the service has taken the request"
            served.process.send_signal(signal.SIGTERM)
            until_refused(served.port)
            connection.sendall(content)
            answer = b""
            while part := connection.recv(65536):
                answer += part
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert b"connection: close" in answer, "nothing more is taken on this connection"
        assert served.process.wait(PATIENCE_SECONDS) == 0


def test_a_second_signal_does_not_wait(tmp_path: Path) -> None:
    with serving(tmp_path / "data", PLAYPROOF_STOP_TIMEOUT="500s", PLAYPROOF_REQUEST_TIMEOUT="500s") as served:
        head = f"POST /api/v1/score HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\nContent-Type: application/json\r\n"
        with socket.create_connection(("127.0.0.1", served.port), PATIENCE_SECONDS) as connection:
            connection.sendall(f"{head}Content-Length: 100\r\nExpect: 100-continue\r\n\r\n".encode())
            assert connection.recv(65536).startswith(b"HTTP/1.1 100 ")
            served.process.send_signal(signal.SIGTERM)
            with pytest.raises(subprocess.TimeoutExpired):
                served.process.wait(0.5)
            assert served.stop(signal.SIGTERM) == 0


def test_several_workers_share_port_key_and_counts(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with serving(folder, "--workers", "2", PLAYPROOF_LOG_FORMAT="json") as served:
        key = (folder / "admin.key").read_text().strip()
        with ThreadPoolExecutor(8) as pool:
            answers = [waiting.result() for waiting in [pool.submit(served.post, body(seed, sessionId=f"s{seed}")) for seed in range(40)]]
        assert {answer.status_code for answer in answers} == {200}
        page = httpx.get(f"{served.url}/metrics", timeout=PATIENCE_SECONDS).text
        counted = sum(float(line.rpartition(" ")[2]) for line in page.splitlines() if line.startswith("playproof_verdicts_total{"))
        assert counted == 40
        for seed in range(40):
            gone = httpx.delete(
                f"{served.url}/api/v1/sessions/s{seed}", headers={"Authorization": f"Bearer {key}"}, timeout=PATIENCE_SECONDS
            )
            assert gone.status_code == 200
        assert served.stop() == 0
    assert {line["status"] for line in log_lines(served.log) if line["event"] == "request"} == {200}


def test_workers_do_not_outlive_their_parent(tmp_path: Path) -> None:
    with serving(tmp_path / "data", "--workers", "2") as served:
        assert served.post(body()).status_code == 200
        served.stop(signal.SIGKILL)
        # The workers hold the port; when the last one is gone, it can be bound again without sharing it.
        assert served.process.stdout is not None
        assert served.process.stdout.read() == "", "the workers have closed what they inherited"
        with pytest.raises(httpx.TransportError):
            served.post(body())


def test_a_full_disk_is_refused_and_got_over(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with serving(folder) as served:
        acknowledged = {}
        for seed in range(5):
            answer = served.post(body(seed))
            acknowledged[answer.json()["sessionId"]] = answer.content
        # No file may grow beyond where the largest is now: to the database that is a full disk.
        largest = max(file.stat().st_size for file in folder.iterdir())
        before = resource.prlimit(served.process.pid, resource.RLIMIT_FSIZE, (largest, resource.RLIM_INFINITY))
        refused = next(answer for seed in range(5, 2000) if (answer := keep(served.post(body(seed)), acknowledged)).status_code != 200)
        assert refused.status_code == 503
        assert refused.json()["type"] == "urn:playproof:problem:store-unavailable"
        assert int(refused.headers["Retry-After"]) > 0
        resource.prlimit(served.process.pid, resource.RLIMIT_FSIZE, before)
        assert keep(served.post(body(1)), acknowledged).status_code == 200
        assert served.stop() == 0
    assert stored(folder, acknowledged) == len(acknowledged)


def keep(answer: httpx.Response, acknowledged: dict[str, bytes]) -> httpx.Response:
    """`answer`, noted where it acknowledges."""
    if answer.status_code == 200:
        acknowledged[answer.json()["sessionId"]] = answer.content
    return answer


def test_a_port_in_use_is_named(served: Serving) -> None:
    said = refused("--port", str(served.port), "--data-dir", "unused")
    assert f"127.0.0.1:{served.port}" in said
    assert "--port" in said


def test_other_machines_need_an_api_key(tmp_path: Path) -> None:
    said = refused("--host", "0.0.0.0", "--port", "0", "--data-dir", str(tmp_path / "data"))
    assert "PLAYPROOF_API_KEYS" in said
    said = refused("--port", "0", "--data-dir", str(tmp_path / "data"), PLAYPROOF_ALLOWED_HOSTS="play.example")
    assert "play.example" in said
    assert not (tmp_path / "data").exists()


def test_a_bad_setting_is_named(tmp_path: Path) -> None:
    assert "--port" in refused("--port", "many", "--data-dir", str(tmp_path / "data"))


def test_a_data_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    assert str(tmp_path / "file") in refused("--port", "0", "--data-dir", str(tmp_path / "file" / "data"))


def test_secrets_stay_out_of_the_log(tmp_path: Path) -> None:
    environment = {
        "PLAYPROOF_API_KEYS": "shop:key-of-the-shop",
        "PLAYPROOF_ADMIN_KEY": "the-admin-key",
        "PLAYPROOF_METRICS_TOKEN": "the-metrics-token",
        "PLAYPROOF_LOG_LEVEL": "debug",
    }
    with serving(tmp_path / "data", log=None, **environment) as served:
        assert served.post(body()).status_code == 401
        httpx.get(f"{served.url}/the-admin-key", headers={"Authorization": "Bearer the-metrics-token"}, timeout=PATIENCE_SECONDS)
        exchange(served.port, b"GET /key-of-the-shop HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")
        served.stop()
        output = served.banner + served.log.read_text()
    assert "[redacted]" in output
    for secret in ("key-of-the-shop", "the-admin-key", "the-metrics-token"):
        assert secret not in output
