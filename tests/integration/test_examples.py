"""The examples, as somebody runs them who tries PlayProof out."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.serving import serving

EXAMPLE = Path(__file__).parents[2] / "examples" / "batch.py"


def ran(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(EXAMPLE), *arguments], capture_output=True, text=True, env={**os.environ, **environment})


def test_the_batch_example_shows_the_whole_way(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as server:
        done = ran("--url", server.url, "--data-dir", str(tmp_path / "data"))
        assert (done.returncode, done.stderr) == (0, "")
        told = [line.split(maxsplit=1) for line in done.stdout.splitlines()]
        words = ["scheduler", "queued", "waiting", "stats", "processed", *["result"] * 4, "results", "unknown", "scheduler"]
        assert [word for word, _ in told] == words
        assert told[3][1] == "12 queued, 0 claimed, 0 settled, 0 buried"
        assert told[4][1] == "12 sessions in 1 batches: 12 final, 0 put off"
        assert told[9][1] == "12 final: 12 fail"
        again = ran("--url", server.url, "--data-dir", str(tmp_path / "data"), "--sessions", "60")
        assert again.returncode == 0, again.stderr
        assert "60 sessions in 2 batches" in again.stdout


def test_the_batch_example_shows_its_keys(tmp_path: Path) -> None:
    keys = {"PLAYPROOF_API_KEYS": "shop:a-key-of-the-shop", "PLAYPROOF_ADMIN_KEY": "a-key-of-the-operator"}
    with serving(tmp_path / "data", log=None, **keys) as server:
        shown = {"PLAYPROOF_API_KEY": "a-key-of-the-shop", "PLAYPROOF_ADMIN_KEY": "a-key-of-the-operator"}
        assert ran("--url", server.url, **shown).returncode == 0
        refused = ran("--url", server.url, **{**shown, "PLAYPROOF_API_KEY": "another"})
        assert refused.returncode == 1
        assert "Error: POST /api/v1/score answered 401, not 202" in refused.stderr
        assert refused.stdout.endswith("scheduler  runs again\n")


def test_the_batch_example_says_what_is_wrong() -> None:
    done = ran("--url", "http://127.0.0.1:1")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: http://127.0.0.1:1 cannot be reached")
    assert done.stderr.count("\n") == 1
    none = ran("--sessions", "0")
    assert none.returncode == 2
    assert "--sessions: there has to be one" in none.stderr


class Stranger(BaseHTTPRequestHandler):
    """A server that is something else."""

    def do_POST(self) -> None:
        """Say so."""
        self.send_error(502)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_the_batch_example_knows_a_stranger() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Stranger) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            done = ran("--url", f"http://127.0.0.1:{server.server_port}")
        finally:
            server.shutdown()
            thread.join()
    assert done.returncode == 1
    assert done.stderr.endswith("answers something else than JSON; is that PlayProof?\n")
    assert done.stderr.count("\n") == 1
