"""The wheel that people install holds all that the source tree does."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path


def test_the_wheel_holds_every_file_of_the_package_and_the_lock(repository: Path, tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)],
        cwd=repository,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("playproof-*.whl")
    held = set(zipfile.ZipFile(wheel).namelist())
    tree = repository / "src"
    wanted = {str(path.relative_to(tree)) for path in tree.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    assert "playproof/py.typed" in wanted
    assert wanted - held == set()
    assert "playproof/requirements.lock" in held
