"""What the figures were measured on."""

from __future__ import annotations

import contextlib
import os
import platform
from collections.abc import Iterator
from pathlib import Path


def machine() -> str:
    """One line: processor, cores, system, Python."""
    info = Path("/proc/cpuinfo")
    names = (
        [line.partition(":")[2].strip() for line in info.read_text().splitlines() if line.startswith("model name")] if info.exists() else []
    )
    processor = names[0] if names else platform.processor() or platform.machine()
    return f"{processor}, {os.cpu_count()} cores, {platform.system()} {platform.release()}, Python {platform.python_version()}"


@contextlib.contextmanager
def niceness(level: int) -> Iterator[None]:
    """Have this process, and all that it started, run at a niceness: below 0 what others do is less in the way, which takes root."""
    before = os.getpriority(os.PRIO_PROCESS, 0)
    _renice(level)
    try:
        yield
    finally:
        _renice(before)


def _renice(level: int) -> None:
    parents = {}
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    ours = {os.getpid()}
    while more := {child for child, parent in parents.items() if parent in ours} - ours:
        ours |= more
    for one in ours:
        with contextlib.suppress(ProcessLookupError):
            os.setpriority(os.PRIO_PROCESS, one, level)
            for thread in Path(f"/proc/{one}/task").iterdir():
                os.setpriority(os.PRIO_PROCESS, int(thread.name), level)
