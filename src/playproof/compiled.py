"""Loops compiled to machine code on the computer they run on, and kept for the next start.

What is compiled is plain Python over numpy arrays and runs uncompiled too, only slowly (`NUMBA_DISABLE_JIT=1`, for a debugger).
`compiled` marks a function that other compiled functions call; `Kernel` is one that Python calls. A kernel is compiled, with all
that it calls, at its first call or by `prepare`: some seconds, once for each processor and version of the code. The machine code
is kept beside the sources, or where those cannot be written in the user's cache folder; where neither can be, it is compiled at
every start.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Generic, ParamSpec, TypeVar, cast

import numba

P = ParamSpec("P")
R = TypeVar("R")

_config: Any = numba.config
_PACKAGE = Path(__file__).parent
_SOURCES = ("compiled.py", "telemetry", "features", "scoring")
"""Where kernels stand, and all that they call and read."""
_FOLDER = "kernels-"
_kernels: list[Kernel[..., Any]] = []


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Let compiled functions call `function`, of whatever types they hand over."""
    # Other threads run meanwhile, and what divides by nothing is infinite or NaN, as in numpy.
    return cast(Callable[P, R], numba.njit(function, nogil=True, error_model="numpy"))


class Kernel(Generic[P, R]):
    """A compiled function that Python calls; made by `kernel`."""

    def __init__(self, function: Callable[P, R], signature: str) -> None:
        self._function = function
        self._signature = signature
        self._machine: Callable[P, R] | None = None
        _kernels.append(self)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Raises `TypeError` for arguments of other types than the signature's, instead of compiling anew."""
        machine = self._machine or self.prepare()
        return machine(*args, **kwargs)

    def prepare(self) -> Callable[P, R]:
        """Load what was compiled before, or compile."""
        folder = _kept_in()
        try:
            machine = self._compile(folder)
        except OSError:  # a full disk, or a folder that has become unreadable, only costs the next start
            machine = self._compile(None)
        self._machine = machine
        return machine

    def _compile(self, folder: Path | None) -> Callable[P, R]:
        _config.CACHE_DIR = str(folder) if folder else ""
        try:
            machine = numba.njit(self._signature, cache=folder is not None, nogil=True, error_model="numpy")(self._function)
        finally:
            _config.CACHE_DIR = ""
        return cast(Callable[P, R], machine)


def kernel(signature: str) -> Callable[[Callable[P, R]], Kernel[P, R]]:
    """Compile a function for one `signature`, in numba's notation: `f8[::1](f8[:])` takes any float64 vector and gives a dense one."""
    return lambda function: Kernel(function, signature)


def prepare() -> None:
    """Make every kernel that has been imported ready to be called."""
    for each in _kernels:
        each.prepare()


@cache
def _kept_in() -> Path | None:
    """A folder that can be written and belongs to exactly this code; `None` where there is none."""
    # A kernel holds the code of all that it calls, wherever that stands, so that a change to any of these sources counts.
    code = hashlib.sha256()
    for name in _SOURCES:
        for source in sorted((_PACKAGE / name).rglob("*.py")) or [_PACKAGE / name]:
            code.update(source.read_bytes())
    name = _FOLDER + code.hexdigest()[:16]
    home = os.environ.get("XDG_CACHE_HOME") or str(Path("~").expanduser() / ".cache")
    for parent in (_PACKAGE / "__pycache__", Path(home) / "playproof"):
        folder = parent / name
        if folder.is_dir() and os.access(folder, os.W_OK):
            return folder
        try:
            folder.mkdir(parents=True)
        except OSError:
            continue
        for old in parent.glob(_FOLDER + "*"):
            if old != folder:
                shutil.rmtree(old, ignore_errors=True)
        return folder
    return None
