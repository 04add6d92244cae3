"""What holds for the source as a whole."""

from __future__ import annotations

import importlib
import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

LONGEST = 300
"""Lines of a module past which it is more than one noun."""

ROOT = Path(__file__).resolve().parents[2]


def load_script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PAGES = load_script("pages")


def sources() -> list[Path]:
    return sorted((ROOT / "src").rglob("*.py"))


def test_modules_stay_short() -> None:
    long = {str(path.relative_to(ROOT)): count for path in sources() if (count := len(path.read_text("utf-8").splitlines())) > LONGEST}
    assert long == {}


@pytest.mark.parametrize("page", PAGES.PAGES)
def test_a_generated_page_is_what_the_code_says(page: str) -> None:
    assert (ROOT / page).read_text("utf-8") == PAGES.render(page), "run `make docs`"


def test_every_package_has_a_docstring() -> None:
    bare = [str(path.relative_to(ROOT)) for path in sources() if not path.read_text("utf-8").startswith('"""')]
    assert bare == []


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_the_lock_has_a_hash_for_everything_and_names_no_place(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    entries = re.split(r"\n(?=\S)", text.strip())
    assert len(entries) > 20
    assert all("==" in entry and "--hash=sha256:" in entry for entry in entries)
    assert "://" not in text
    assert "index" not in text


def test_the_development_lock_holds_the_versions_that_are_shipped() -> None:
    shipped, developed = ((ROOT / name).read_text("utf-8") for name in ("requirements.lock", "requirements-dev.lock"))
    pins = re.findall(r"^([\w.-]+==\S+)", shipped, re.MULTILINE)
    assert len(pins) > 20
    assert set(pins) <= set(re.findall(r"^([\w.-]+==\S+)", developed, re.MULTILINE))


def test_make_help_lists_every_target() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    (phony,) = re.findall(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    assert re.findall(r"^([\w-]+):.*## \S", makefile, re.MULTILINE) == phony.split()


def test_what_a_package_says_is_public_is_there() -> None:
    lists = {}
    for path in sources():
        name = ".".join(path.relative_to(ROOT / "src").with_suffix("").parts).removesuffix(".__init__")
        if "__all__" in path.read_text("utf-8") and "migrations" not in name:
            lists[name] = importlib.import_module(name)
    assert "playproof" in lists
    assert [f"{name}.{one}" for name, module in lists.items() for one in module.__all__ if not hasattr(module, one)] == []
