"""Kernels: compiled once and kept; compiled anew where what is kept is damaged, of other code or cannot be kept at all."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from playproof import compiled
from playproof.compiled import Kernel, kernel

Floats = NDArray[np.float64]

SIGNATURE = "f8(Array(f8, 1, 'A', True))"
FACTOR = 2.0


@compiled.compiled
def scaled(value: float) -> float:
    return value * FACTOR


@compiled.compiled
def otherwise_scaled(value: float) -> float:
    return value / FACTOR


def total(values: Floats) -> float:
    result = 0.0
    for value in values:
        result += scaled(value)
    return result


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where kernels are kept in a test."""
    monkeypatch.setattr(compiled, "_kernels", [])
    monkeypatch.setattr(compiled, "folders", lambda: (tmp_path / "kernels",))
    return tmp_path / "kernels"


def new(signature: str = SIGNATURE) -> Kernel[[Floats], float]:
    """As a process makes it that has just started."""
    return kernel(signature)(total)


def was_loaded(kernel: Kernel[[Floats], float]) -> bool:
    """Whether it was kept, as opposed to compiled; and it counts either way."""
    assert kernel(np.array([1.0, 2.0])) == 6.0
    machine: Any = kernel.prepare()
    return bool(machine.stats.cache_hits)


def test_a_kernel_is_compiled_once_and_kept(folder: Path) -> None:
    assert not new().ready
    assert not was_loaded(new())
    assert new().ready
    assert was_loaded(new())
    assert len(list(folder.iterdir())) == 1


def test_all_kernels_are_made_ready_at_once() -> None:
    first, second = new(), new("f4(Array(f4, 1, 'C', True))")
    assert not compiled.ready()
    first.prepare()
    assert not compiled.ready()
    compiled.prepare()
    assert compiled.ready()
    assert second(np.ones(3, np.float32)) == 6.0


def cut_short(content: bytes) -> bytes:
    return content[: len(content) // 2]


def altered(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def emptied(content: bytes) -> bytes:
    return b""


@pytest.mark.parametrize(
    ("suffix", "damage"), [(".nbc", cut_short), (".nbc", altered), (".nbc", emptied), (".nbi", cut_short), ("sum", altered)]
)
def test_what_is_damaged_is_compiled_anew(folder: Path, suffix: str, damage: Callable[[bytes], bytes]) -> None:
    new().prepare()
    (file,) = [path for path in folder.rglob("*") if path.name.endswith(suffix)]
    file.write_bytes(damage(file.read_bytes()))
    assert not new().ready
    assert not was_loaded(new())
    assert was_loaded(new())


def test_what_a_killed_process_left_is_not_in_the_way(folder: Path) -> None:
    new().prepare()
    (own,) = folder.iterdir()
    (own / "sum").unlink()
    assert not was_loaded(new())
    assert was_loaded(new())


def test_other_code_is_kept_apart_and_takes_the_place_of_the_old(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = {new()._name(), new("f8(f8[::1])")._name()}
    with monkeypatch.context() as patch:
        patch.setitem(globals(), "FACTOR", 3.0)
        names.add(new()._name())
    with monkeypatch.context() as patch:
        patch.setitem(globals(), "scaled", otherwise_scaled)
        names.add(new()._name())
    assert len(names) == 4
    assert new()._name() in names
    new().prepare()
    (before,) = folder.iterdir()
    new("f8(f8[::1])").prepare()
    (after,) = folder.iterdir()
    assert before != after


def test_what_cannot_be_kept_is_compiled_all_the_same(folder: Path) -> None:
    folder.write_text("in the way")
    assert not new().ready
    assert not was_loaded(new())
    assert folder.read_text() == "in the way"


def test_without_a_folder_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "folders", lambda: ())
    assert not new().ready
    assert not was_loaded(new())


def test_the_first_folder_that_can_be_written_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    (tmp_path / "file").write_text("")
    (tmp_path / "sealed").mkdir(mode=0o500)
    places = [tmp_path / "file" / "in it", tmp_path / "sealed", tmp_path / "free"]
    monkeypatch.setattr(compiled, "folders", lambda: tuple(places))
    # Whoever runs as root may write anywhere.
    assert compiled.kept_in() == (places[1] if os.access(places[1], os.W_OK) else places[2])
    assert not any(place.is_dir() for place in (places[0], places[2]))
    monkeypatch.setattr(compiled, "folders", lambda: tuple(places[:1]))
    assert compiled.kept_in() is None


def test_what_cannot_even_be_looked_at_cannot_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "folders", lambda: (Path("/" + 300 * "n"),))

    def denied(path: Path) -> bool:
        raise PermissionError

    assert compiled.kept_in() is None
    monkeypatch.setattr(Path, "exists", denied)
    assert compiled.kept_in() is None


def test_what_can_only_be_read_is_used(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    new().prepare()
    before = sorted(folder.rglob("*"))
    monkeypatch.setattr(compiled, "_writable", lambda place: False)
    assert new().ready
    assert was_loaded(new())
    assert sorted(folder.rglob("*")) == before


def test_a_file_that_changed_or_moved_is_another(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    new().prepare()
    for name in ("_content", "inspect.getfile"):
        with monkeypatch.context() as patch:
            patch.setattr(f"playproof.compiled.{name}", lambda of: "/elsewhere.py")
            assert not new().ready
    assert new().ready


def test_processes_that_start_at_once_compile_once(folder: Path) -> None:
    program = f"""
import sys
from pathlib import Path
from playproof import compiled
compiled.folders = lambda: (Path({str(folder)!r}),)
from playproof.scoring.evidence import _spread
print("started", flush=True)
sys.stdin.read()
print(len(_spread.prepare().stats.cache_hits))
"""
    several = [
        subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    for one in several:
        assert one.stdout
        assert one.stdout.readline() == "started\n"
    for one in several:
        assert one.stdin
        one.stdin.close()
    answers = []
    for one in several:
        assert one.stdout
        answers.append(one.stdout.read())
        one.stdout.close()
        assert one.wait() == 0
    assert sorted(answers) == ["0\n", "1\n", "1\n"]
    assert [path.name.rpartition("-")[0] for path in folder.iterdir()] == ["playproof.scoring.evidence._spread"]


def test_what_a_killed_process_was_making_is_removed(folder: Path) -> None:
    (folder / "making-it").mkdir(parents=True)
    new().prepare()
    assert [path.name.partition("-")[0] for path in folder.iterdir()] == [f"{__name__}.total"]


def test_it_is_beside_the_sources_or_in_the_users_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    beside = Path(compiled.__file__).parent / "__pycache__"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert list(compiled._parents()) == [beside, tmp_path / "playproof"]
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert list(compiled._parents()) == [beside, tmp_path / ".cache" / "playproof"]

    def homeless() -> Path:
        raise RuntimeError

    monkeypatch.setattr(Path, "home", homeless)
    assert list(compiled._parents()) == [beside]


def test_settings_of_numba_are_kept_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    usual = compiled.folders.__wrapped__()
    monkeypatch.setenv("NUMBA_CACHE_DIR", "elsewhere")
    assert compiled.folders.__wrapped__() == usual
    monkeypatch.setenv("NUMBA_BOUNDSCHECK", "1")
    assert not set(compiled.folders.__wrapped__()) & set(usual)


def test_a_settings_file_of_numba_in_the_working_folder_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / ".numba_config.yaml").write_text("disable_jit: 1\n")
    asked = "import playproof.compiled, numba; print(numba.config.DISABLE_JIT)"
    command = [sys.executable, "-W", "ignore::UserWarning", "-c", asked]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout == "0\n"


def test_threads_that_come_first_at_once_compile_once(monkeypatch: pytest.MonkeyPatch) -> None:
    compilations = []
    plain = Kernel._compile

    def counted(self: Kernel[..., Any], place: Path | None) -> Callable[..., Any]:
        compilations.append(place)
        return plain(self, place)

    monkeypatch.setattr(Kernel, "_compile", counted)
    one = new()
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(one, [np.ones(3)] * 8)) == [6.0] * 8
    assert len(compilations) == 1


def test_only_what_the_signature_says_is_taken() -> None:
    one = new()
    wide = np.ones((4, 2))
    wide.flags.writeable = False
    assert one(wide[:, 0]) == 8.0
    for wrong in (np.ones(3, np.int64), np.ones(3, np.float32), np.ones((2, 2)), [1.0], None):
        with pytest.raises(TypeError):
            one(wrong)  # type: ignore[arg-type]


def python(program: str, **environ: str) -> str:
    return subprocess.run([sys.executable, "-c", program], env=os.environ | environ, check=True, capture_output=True, text=True).stdout


def test_nothing_is_compiled_for_an_import_or_for_help() -> None:
    program = "import sys, playproof; from playproof.cli import run; run(['--help']); print('numba' in sys.modules)"
    assert python(program).splitlines()[-1] == "False"


def test_scipy_is_not_loaded_for_kernels_and_can_be_afterwards() -> None:
    pytest.importorskip("scipy")
    program = """
import sys
from playproof.compiled import kernel
half = kernel("f8(f8)")(lambda value: value / 2.0)
print(half(3.0), "scipy.linalg" in sys.modules)
import scipy.linalg.cython_blas
print("scipy.linalg" in sys.modules)
"""
    assert python(program).split() == ["1.5", "False", "True"]


def test_uncompiled_code_does_the_same() -> None:
    program = """
import numpy as np
from playproof.features import extract
from playproof.testing import human_session
print(extract(human_session(np.random.default_rng(3), targets=4)).tolist())
"""
    usual, uncompiled = (eval(python(program, **environ), {"nan": np.nan}) for environ in ({}, {"NUMBA_DISABLE_JIT": "1"}))
    np.testing.assert_allclose(uncompiled, usual, rtol=1e-9)
