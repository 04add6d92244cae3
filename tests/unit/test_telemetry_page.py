"""docs/wire.md says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from playproof import errors
from playproof.decision import ReasonCode
from playproof.telemetry import LIMITS, canonical, decode, findings, stream
from playproof.telemetry.wire import FIELDS


@pytest.fixture
def page(repository: Path) -> str:
    return (repository / "docs" / "wire.md").read_text()


def section(page: str, title: str) -> str:
    return page.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def test_the_examples_are_one_session(page: str) -> None:
    columns, rows = (decode(example.encode()) for example in re.findall(r"```json\n(.*?)```", page, re.DOTALL))
    assert columns.id == rows.id
    assert canonical(columns) == canonical(rows)
    assert columns.ignored_fields == rows.ignored_fields == 0


def test_every_field_is_there(page: str) -> None:
    table = section(page, "Fields").partition("Of a movement")[0]
    named = {name for line in table.splitlines() if line.startswith("| `") for name in re.findall(r"`(\w+)`", line.split("|")[1])}
    assert named == FIELDS


def test_the_limits_are_the_limits(page: str) -> None:
    said = section(page, "Limits")
    assert {f"{int(number.replace(',', '')):,}" for number in re.findall(r"\| ([\d,]+)", said)} == {
        f"{limit:,}" for limit in (LIMITS.body_bytes, LIMITS.movements, LIMITS.clicks, LIMITS.id_characters, LIMITS.name_characters)
    }
    assert f"{stream.WHOLE_BYTES // 1024**2} MiB" in section(page, "Files")


def test_every_finding_is_there_with_its_bound(page: str) -> None:
    said = section(page, "What is found")
    codes = set(re.findall(r"^\| `(\w+)` \|", said, re.MULTILINE))
    source = Path(findings.__file__).read_text()
    assert codes == set(re.findall(r'Finding\("(\w+)"', source))
    assert codes <= set(ReasonCode)
    assert f"{findings.LONGEST_MS / 3.6e6:.0f} hours" in said
    assert f"{findings.FARTHEST_PX:,.0f} px" in said
    assert f"{findings.TELEPORT_PX:.0f} px" in said
    assert findings.TELLING_SHARE == findings.DURATION_TOLERANCE == 0.1
    assert "a tenth" in said


def test_the_errors_are_there(page: str) -> None:
    said = section(page, "What is refused")
    for error in (errors.MalformedJson, errors.TooLarge, errors.InvalidSession):
        assert f"| `{error.code}` | {error.status} |" in said
