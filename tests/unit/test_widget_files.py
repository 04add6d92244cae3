"""The widget's files: their version, and what pages are told to load."""

from __future__ import annotations

import base64
import hashlib
import json
import re

from playproof.web.widget_files import ENTRY, WIDGET_FILES, WIDGET_VERSION, integrity, snippet, version_of


def test_every_module_that_is_imported_is_served() -> None:
    for name, content in WIDGET_FILES.items():
        folder = name.rpartition("/")[0]
        for asked in re.findall(r"(?:from|import\(|new URL\()\s*\"(\.[^\"]+)\"", content.decode()):
            parts = [part for part in folder.split("/") if part]
            for part in asked.split("/"):
                if part == "..":
                    parts.pop()
                elif part != ".":
                    parts.append(part)
            assert "/".join(parts) in WIDGET_FILES, (name, asked)


def test_the_version_is_that_of_what_is_served() -> None:
    assert re.fullmatch(r"[0-9a-f]{16}", WIDGET_VERSION)
    assert version_of(WIDGET_FILES) == WIDGET_VERSION
    changed = {**WIDGET_FILES, ENTRY: WIDGET_FILES[ENTRY] + b"\n"}
    moved = {**WIDGET_FILES, "other.js": WIDGET_FILES[ENTRY]}
    assert len({WIDGET_VERSION, version_of(changed), version_of(moved)}) == 3


def test_a_snippet_has_the_digest_of_every_module() -> None:
    made = snippet("https://verify.example/")
    folder = f"https://verify.example/widget/{WIDGET_VERSION}/"
    assert made.src == folder + ENTRY
    assert made.integrity == integrity(WIDGET_FILES[ENTRY])
    checked = json.loads(made.importmap)["integrity"]
    assert checked == {folder + name: integrity(content) for name, content in WIDGET_FILES.items() if name != ENTRY}
    assert base64.b64decode(made.integrity.removeprefix("sha384-")) == hashlib.sha384(WIDGET_FILES[ENTRY]).digest()


def test_a_snippet_is_markup_whatever_the_address_is() -> None:
    made = snippet('https://verify.example/"></script><script>')
    assert made.html.count("<script") == 2
    assert made.html.count("</script>") == 2
    assert '"><' not in made.html.replace('anonymous"></script>', "").replace('importmap">', "")
