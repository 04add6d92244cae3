"""Loops compiled to machine code on the computer they run on, and kept for the next start.

What is compiled is plain Python over numpy arrays and runs uncompiled too, only slowly (`NUMBA_DISABLE_JIT=1`, for a debugger).
`compiled` marks a function that other compiled functions call; `Kernel` is one that Python calls. A kernel is compiled, with all
that it calls, at its first call or by `prepare`: half a minute or so, once for each processor and version of the code. The machine code
is kept beside the sources, or where those cannot be written in the user's cache folder (`XDG_CACHE_HOME`, else ~/.cache); where
neither can be, it is compiled at every start, unless it is already there to be read, as in an image that was made by somebody else.
numba's `NUMBA_CACHE_DIR` changes nothing; what its other settings make is kept apart.
"""

from __future__ import annotations

import hashlib
import inspect
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from threading import RLock
from types import CodeType, FunctionType, ModuleType
from typing import Any, Generic, ParamSpec, TypeVar, cast

import numpy as np
from llvmlite.binding import get_host_cpu_features, get_host_cpu_name


@contextmanager
def _hidden(name: str) -> Iterator[None]:
    """Have others find that the module `name` is not installed, unless it is loaded already."""
    modules: dict[str, Any] = sys.modules
    absent = name not in modules
    if absent:
        modules[name] = None  # which makes an import fail
    try:
        yield
    finally:
        if absent:
            del modules[name]


# With it numba would take settings from a file in the working folder, of which what is compiled is not kept apart.
with _hidden("yaml"):
    import numba

P = ParamSpec("P")
R = TypeVar("R")

_config: Any = numba.config
_SUM = "sum"
"""File with the checksum of a kernel's other files: machine code that was cut short or altered would end the process."""
_ANOTHER_SECONDS = 60.0
"""How long one process waits for what another compiles, before it does so itself: the other may have been suspended."""
_POLL_SECONDS = 0.1
_kernels: list[Kernel[..., Any]] = []
_lock = RLock()


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

    @property
    def ready(self) -> bool:
        """Whether nothing is left to compile: its machine code is loaded, or kept and whole."""
        return self._machine is not None or self._kept() is not None

    def prepare(self) -> Callable[P, R]:
        """Load what was compiled before, or compile."""
        with _lock:
            if self._machine is None:
                try:
                    self._machine = self._load()
                except (OSError, RuntimeError):  # a full disk, or a folder that numba cannot use, only costs the next start
                    self._machine = self._compile(None)
            return self._machine

    def _name(self) -> str:
        return f"{self._function.__module__}.{self._function.__qualname__}-{_fingerprint(self._function, self._signature)[:16]}"

    def _kept(self) -> Path | None:
        """Where its machine code is, whole."""
        name = self._name()
        return next((folder / name for folder in folders() if _whole(folder / name)), None)

    def _load(self) -> Callable[P, R]:
        own = self._kept()
        if own is None:
            folder = kept_in()
            return self._compile(None) if folder is None else self._make(folder)
        if _writable(own):
            return self._compile(own)
        # numba reads from no folder that it could not write to.
        with tempfile.TemporaryDirectory(prefix="playproof-", ignore_cleanup_errors=True) as aside:
            return self._compile(Path(shutil.copytree(own, Path(aside) / "kernel")))

    def _make(self, parent: Path) -> Callable[P, R]:
        """Compile, and keep it in `parent`, which is made where there is none; what it holds of this kernel is of other code or damaged."""
        own = parent / self._name()
        parent.mkdir(parents=True, exist_ok=True)
        # Made aside and renamed, so that nobody reads what is half written.
        with _alone_in(parent) as alone:
            if _whole(own):  # another process was quicker
                return self._compile(own)
            for left in parent.glob("making-*") if alone else ():  # by a process that was killed
                shutil.rmtree(left, ignore_errors=True)
            with tempfile.TemporaryDirectory(dir=parent, prefix="making-", ignore_cleanup_errors=True) as aside:
                fresh = Path(aside) / "kernel"
                machine = self._compile(fresh)
                (fresh / _SUM).write_text(_sum(fresh), "ascii")
                for old in parent.glob(own.name.rpartition("-")[0] + "-*"):
                    shutil.rmtree(old, ignore_errors=True)
                with suppress(OSError):  # another process did not wait
                    fresh.rename(own)
        return machine

    def _compile(self, folder: Path | None) -> Callable[P, R]:
        _config.CACHE_DIR = str(folder) if folder else ""
        try:
            # numba asks for scipy's linear algebra once: it takes longer than all else at the start, and what runs without scipy cannot
            # use it.
            with _hidden("scipy.linalg.cython_blas"):
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


def ready() -> bool:
    """Whether `prepare` has nothing to compile."""
    return all(each.ready for each in _kernels)


@contextmanager
def _alone_in(folder: Path) -> Iterator[bool]:
    """Keep other processes from compiling for `folder` meanwhile, for they would all do the same work; false where that cannot be."""
    if sys.platform == "win32":
        yield False
        return
    import fcntl

    handle = os.open(folder, os.O_RDONLY)
    alone = False
    try:
        with suppress(OSError):  # not every file system has locks
            for _ in range(int(_ANOTHER_SECONDS / _POLL_SECONDS)):
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    time.sleep(_POLL_SECONDS)
                else:
                    alone = True
                    break
        yield alone
    finally:
        os.close(handle)


def kept_in() -> Path | None:
    """The first of `folders` that can be written, made when it is needed; `None` where none can."""
    return next((folder for folder in folders() if _writable(folder)), None)


@cache
def folders() -> tuple[Path, ...]:
    """The folders that may hold what was compiled for exactly this computer, Python and numba, the preferred one first."""
    settings = sorted((name, value) for name, value in os.environ.items() if name.startswith("NUMBA_") and name != "NUMBA_CACHE_DIR")
    computer = repr((sys.version, numba.__version__, get_host_cpu_name(), get_host_cpu_features().flatten(), settings))
    name = f"kernels-{hashlib.sha256(computer.encode()).hexdigest()[:16]}"
    return tuple(parent / name for parent in _parents())


def _writable(folder: Path) -> bool:
    """Whether `folder` can be written, or made."""
    try:
        standing = next(path for path in (folder, *folder.parents) if path.exists())
        return standing.is_dir() and os.access(standing, os.W_OK | os.X_OK)
    except OSError:  # a folder on the way belongs to somebody else, or its name is too long
        return False


def _parents() -> Iterator[Path]:
    yield Path(__file__).parent / "__pycache__"
    home = os.environ.get("XDG_CACHE_HOME")
    with suppress(RuntimeError):  # this user has no home
        yield (Path(home) if home else Path.home() / ".cache") / "playproof"


def _fingerprint(function: Callable[..., Any], signature: str) -> str:
    """Of a function's signature and code, of all compiled functions that it calls, of the constants that they read, and of its file."""
    # Machine code holds all of these, wherever they stand, while numba looks at the function's own file alone: at where it is, and
    # at all that is in it.
    file = Path(inspect.getfile(function)).absolute()
    total = hashlib.sha256(repr((str(file), _content(file))).encode())
    waiting: list[object] = [signature, function]
    seen = set()
    while waiting:
        each = waiting.pop()
        each = getattr(each, "py_func", each)
        if isinstance(each, FunctionType):
            if each not in seen:
                seen.add(each)
                names = each.__code__.co_names
                waiting.extend((each.__code__, *(each.__globals__[name] for name in names if name in each.__globals__)))
                waiting.extend(cell.cell_contents for cell in each.__closure__ or ())
        elif isinstance(each, CodeType):
            total.update(repr((each.co_name, each.co_names, each.co_varnames)).encode() + each.co_code)
            waiting.extend(each.co_consts)
        elif isinstance(each, type):
            total.update(repr((each.__qualname__, getattr(each, "_fields", ()))).encode())
        elif isinstance(each, np.ndarray):
            total.update(repr((each.dtype, each.shape)).encode() + each.tobytes())
        elif not isinstance(each, ModuleType):
            total.update(repr(each).encode())
    return total.hexdigest()


@cache
def _content(file: Path) -> str:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:  # in an archive; numba then keeps nothing
        return ""


def _whole(folder: Path) -> bool:
    try:
        return (folder / _SUM).read_text("ascii") == _sum(folder)
    except (OSError, UnicodeDecodeError):
        return False


def _sum(folder: Path) -> str:
    """Of the names and contents of a kernel's files."""
    total = hashlib.sha256()
    for file in sorted(folder.rglob("*")):
        if file.is_file() and file.name != _SUM:
            content = file.read_bytes()
            total.update(f"{file.relative_to(folder)} {len(content)}\n".encode())
            total.update(content)
    return total.hexdigest()
