"""What the README shows is what one gets."""

from __future__ import annotations

import json
import re
from pathlib import Path

from playproof import load_scorer
from playproof.service import encode_verdict

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
VOLATILE = ("scoredAt", "latencyMs")


def test_the_answer_shown_is_the_answer_given() -> None:
    sent = re.search(r"--data @(\S+)", README)
    shown = re.search(r"```json\n(.*?)\n```", README, re.DOTALL)
    assert sent
    assert shown
    given = json.loads(encode_verdict(load_scorer().score((ROOT / sent[1]).read_bytes())))
    expected = json.loads(shown[1])
    assert given.keys() == expected.keys()
    for name in VOLATILE:
        given[name] = expected[name]
    assert given == expected


def test_every_page_it_points_to_is_there() -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_every_command_it_names_exists() -> None:
    from playproof.cli.group import COMMANDS

    named = set(re.findall(r"^    playproof ([a-z]+)", README, re.MULTILINE))
    assert named
    assert named <= set(COMMANDS)
