"""Every measurement, one after the other: what `make bench` runs.

python -m bench [NAME...]
"""

from __future__ import annotations

import subprocess
import sys

MEASUREMENTS = (
    "decode",
    "features",
    "model",
    "verdict",
    "store",
    "challenges_store",
    "dataset",
    "games",
    "start",
    "score_cli",
    "web",
    "http",
    "realtime",
    "packages",
)
"""Modules of this package; the comparison of detectors and the fault matrix take many minutes, and are run by name."""


def main() -> int:
    """Run the named measurements, or all; 1 where one failed."""
    failed = [name for name in sys.argv[1:] or MEASUREMENTS if not _run(name)]
    for name in failed:
        print(f"bench.{name} failed", file=sys.stderr)
    return 1 if failed else 0


def _run(name: str) -> bool:
    print(f"\n== bench.{name}", flush=True)
    return subprocess.run([sys.executable, "-m", f"bench.{name}"], check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
