"""Write the pages that are generated from the code, or with --check say which are stale."""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

PAGES = {
    "docs/settings.md": "playproof.settings.page:render",
    "docs/cli.md": "playproof.cli.page:render",
    "docs/verdict.md": "playproof.decision.page:render",
    "docs/features.md": "playproof.features.page:render",
    "docs/errors.md": "playproof.web.page:render",
    "docs/metrics.md": "playproof.observe.page:render",
    "docs/woodwide.md": "playproof.woodwide.page:render",
    "docs/webhooks.md": "playproof.webhooks.page:render",
    "docs/evaluation.md": "playproof.evaluation.page:render",
    "docs/verify.md": "playproof.tokens.page:render",
    "docs/games.md": "playproof.challenges.page:render",
    "docs/emulator.md": "playproof.emulator.page:render",
    "deploy/grafana/playproof.json": "playproof.observe.dashboard:render",
}
"""Page to the function that gives its text."""


def render(page: str) -> str:
    """The text that `page` should have."""
    module, function = PAGES[page].split(":")
    text: str = getattr(importlib.import_module(module), function)()
    return text


def main() -> None:
    """Write every page, or check them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a page is stale")
    check = parser.parse_args().check
    stale = [page for page in PAGES if not (ROOT / page).exists() or (ROOT / page).read_text("utf-8") != render(page)]
    for page in stale:
        print(f"stale: {page}" if check else f"written: {page}")
        if not check:
            (ROOT / page).parent.mkdir(parents=True, exist_ok=True)
            (ROOT / page).write_text(render(page), "utf-8")
    sys.exit(bool(check and stale))


if __name__ == "__main__":
    main()
