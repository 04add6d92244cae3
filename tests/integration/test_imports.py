"""What a new process has loaded that imports a part of the package."""

from __future__ import annotations

import subprocess
import sys


def test_the_package_imports_without_its_heavy_parts() -> None:
    program = "import sys, playproof; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()).isdisjoint({"numpy", "litestar", "sqlalchemy", "sklearn", "rich_click", "prometheus_client"})


def test_what_scores_does_not_import_what_fits() -> None:
    program = "import sys, pkgutil, importlib, playproof.scoring as s\n"
    program += "for m in pkgutil.walk_packages(s.__path__, 'playproof.scoring.'): importlib.import_module(m.name)\n"
    program += "print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "playproof.scoring.chain" in loaded
    assert loaded.isdisjoint({"sklearn", "scipy.linalg", "litestar", "sqlalchemy"})


def test_what_speaks_with_woodwide_imports_without_the_sdk() -> None:
    program = "import sys, pkgutil, importlib, playproof.woodwide as w\n"
    program += "for m in pkgutil.walk_packages(w.__path__, 'playproof.woodwide.'): importlib.import_module(m.name)\n"
    program += "print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "playproof.woodwide.client" in loaded
    assert loaded.isdisjoint({"woodwide", "httpx", "pydantic", "anyio", "arro3"})
