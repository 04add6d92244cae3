"""What the dependencies weigh: MiB of installed files, for running and for training.

python -m bench.packages
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, distribution, requires
from pathlib import Path

from bench.machine import machine

SHOWN = 6
"""The heaviest packages that are named."""


def main() -> None:
    """Print what running needs, and what training needs besides."""
    wanted = requires("playproof") or []
    running = _closure(line for line in wanted if "extra ==" not in line)
    training = _closure(line for line in wanted if "extra ==" in line) - running
    print(machine())
    for what, names in (("to run", running), ("to train, besides", training)):
        sizes = sorted(((_mebibytes(name), name) for name in names), reverse=True)
        print(f"  {what:<18} {len(sizes):>3} packages {sum(size for size, _ in sizes):>6.0f} MiB")
        for size, name in sizes[:SHOWN]:
            print(f"    {name:<24} {size:>8.1f} MiB")


def _closure(requirements: Iterable[str]) -> set[str]:
    """The installed packages that `requirements` bring, by name."""
    found: set[str] = set()
    waiting = list(requirements)
    seen: set[tuple[str, str]] = set()
    while waiting:
        asked = re.match(r"([\w.-]+)\s*(?:\[([^\]]*)\])?", waiting.pop())
        assert asked is not None
        name, extras = asked[1].lower().replace("_", "-"), asked[2] or ""
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        try:
            needed = requires(name) or []
        except PackageNotFoundError:  # for another platform
            continue
        found.add(name)
        waiting += [
            line for line in needed if "extra ==" not in line or any(f'extra == "{extra.strip()}"' in line for extra in extras.split(","))
        ]
    return found


def _mebibytes(name: str) -> float:
    paths = (Path(str(file.locate())) for file in distribution(name).files or ())
    return sum(path.stat().st_size for path in paths if path.is_file()) / 2**20


if __name__ == "__main__":
    main()
