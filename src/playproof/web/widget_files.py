"""The widget's files as they are served: modules in plain JavaScript, under a version that is the digest of them all."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from importlib.resources.abc import Traversable

ENTRY = "playproof.js"
"""The module that a page loads; it imports the others."""
_VERSION_CHARACTERS = 16


def _walk(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, bytes]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            yield from _walk(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith(".js"):
            yield prefix + entry.name, entry.read_bytes()


def version_of(contents: Mapping[str, bytes]) -> str:
    """Hexadecimal digits that change whenever any file does."""
    whole = hashlib.sha256()
    for name, content in sorted(contents.items()):
        whole.update(b"%s\0%d\0" % (name.encode(), len(content)))
        whole.update(content)
    return whole.hexdigest()[:_VERSION_CHARACTERS]


def integrity(content: bytes) -> str:
    """What a page says of a file that it loads (W3C Subresource Integrity)."""
    return "sha384-" + base64.b64encode(hashlib.sha384(content).digest()).decode()


WIDGET_FILES: Mapping[str, bytes] = dict(_walk(files("playproof.web").joinpath("widget")))
"""Every module of the widget by its path, such as `games/osu.js`."""
WIDGET_VERSION = version_of(WIDGET_FILES)
"""The part of their addresses that changes when any of them does."""


@dataclass(frozen=True, slots=True)
class Snippet:
    """What a page needs to load the widget of this version."""

    src: str
    """Address of the entry."""
    integrity: str
    """Of the entry alone."""
    importmap: str
    """JSON of an import map with the integrity of every module: browsers that know it check the imported ones too."""

    @property
    def html(self) -> str:
        """The two elements; the first belongs before any other module of the page."""
        entry = f'<script type="module" src="{escape(self.src)}" integrity="{self.integrity}" crossorigin="anonymous"></script>'
        return f'<script type="importmap">{self.importmap}</script>\n{entry}'


def snippet(url: str) -> Snippet:
    """The snippet for pages that reach the service under `url`, such as ``https://playproof.example.com``."""
    folder = f"{url.rstrip('/')}/widget/{WIDGET_VERSION}/"
    checked = {folder + name: integrity(content) for name, content in WIDGET_FILES.items() if name != ENTRY}
    # `<` cannot end the script element that the map stands in.
    importmap = json.dumps({"integrity": checked}, separators=(",", ":")).replace("<", "\\u003c")
    return Snippet(folder + ENTRY, integrity(WIDGET_FILES[ENTRY]), importmap)
