"""How long starting takes: `import playproof`, a loaded scorer, and `playproof serve` from its start to its first verdict.

python -m bench.start [--runs 5]
"""

from __future__ import annotations

import argparse
import http.client
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.http import service
from bench.machine import machine
from bench.sessions import bodies

IMPORT = "import playproof"
SCORER = "import playproof; playproof.load_scorer()"
SERVE = "import playproof.web.server"


def _seconds(program: str) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", program], check=True)
    return time.perf_counter() - started


def _to_first_verdict(body: bytes) -> float:
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="playproof-bench-") as folder, service(Path(folder) / "data") as (host, port, _):
        connection = http.client.HTTPConnection(host, port, timeout=60)
        connection.request("POST", "/api/v1/score", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        took = time.perf_counter() - started
        assert answer.status == 200, answer.status
        connection.close()
    return took


def main() -> None:
    """Measure and print medians."""
    parser = argparse.ArgumentParser(prog="python -m bench.start")
    parser.add_argument("--runs", type=int, default=5)
    runs = range(parser.parse_args().runs)
    body = bodies("rows", sessions=1)[0]
    empty = statistics.median(_seconds("pass") for _ in runs)
    figures = {
        "python itself": empty,
        "import playproof, beyond that": statistics.median(_seconds(IMPORT) for _ in runs) - empty,
        "import and load the model, beyond that": statistics.median(_seconds(SCORER) for _ in runs) - empty,
        "import of the service, beyond that": statistics.median(_seconds(SERVE) for _ in runs) - empty,
        "playproof serve, start to first verdict": statistics.median(_to_first_verdict(body) for _ in runs),
    }
    print(machine())
    print(json.dumps({name: f"{seconds:.3f} s" for name, seconds in figures.items()}, indent=2))


if __name__ == "__main__":
    main()
