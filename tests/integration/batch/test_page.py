"""What the page on batches shows is what one gets."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import httpx

from tests.serving import PATIENCE_SECONDS, serving

ROOT = Path(__file__).parents[3]
ADMIN = "the-admin-key"
STATUSES = {"score": 202, "result": 202}
"""Where it is not 200."""


def shown() -> list[tuple[str, str | None]]:
    """The commands of the page in order, each with the answer below it."""
    page = (ROOT / "docs" / "batch.md").read_text("utf-8")
    (section,) = re.findall(r"^## Over HTTP$(.*?)^## ", page, re.MULTILINE | re.DOTALL)
    found = re.findall(r"^    (curl .*)\n(?:    (\{.*)\n)?", section, re.MULTILINE)
    assert len(found) == section.count("curl ")
    return [(command, answer or None) for command, answer in found]


def curled(command: str, url: str) -> httpx.Response:
    """What `curl` would be answered."""
    words = iter(shlex.split(command.replace("$URL", url).replace("$ADMIN_KEY", ADMIN)))
    asked: dict[str, Any] = {"headers": {}, "content": None}
    for word in words:
        if word == "-H":
            name, _, value = next(words).partition(": ")
            asked["headers"][name] = value
        elif word == "-X":
            asked["method"] = next(words)
        elif word in ("-d", "--data"):
            content = next(words)
            asked["content"] = (ROOT / content[1:]).read_bytes() if content.startswith("@") else content.encode()
        elif word not in ("curl", "-s"):
            asked["url"] = word
    asked.setdefault("method", "GET" if asked["content"] is None else "POST")
    return httpx.request(**asked, timeout=PATIENCE_SECONDS)


def test_the_answers_shown_are_the_answers_given(tmp_path: Path) -> None:
    # Not formed into a batch by itself: one session would have to wait for five minutes.
    with serving(tmp_path / "data", PLAYPROOF_ADMIN_KEY=ADMIN) as service:
        answered = []
        for command, answer in shown():
            response = curled(command, service.url)
            (kind,) = re.findall(r"api/v1/(?:batch/)?(\w+)", command)
            assert response.status_code == STATUSES.get(kind, 200), (command, response.text)
            if answer is not None:
                assert response.json() == json.loads(answer), command
                answered.append(kind)
        assert set(answered) == {"scheduler", "process", "buried", "exhume", "clear"}
