"""`playproof dataset`, as a person calls it."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from arro3.io import read_parquet

from playproof.cli import run
from tests.serving import body


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    file = tmp_path / "corpus.jsonl"
    file.write_bytes(b"\n".join([body(seed, sessionId=f"s{seed}", labels={"label": "human", "source": "ours"}) for seed in range(1, 16)]))
    return file


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATASET_MAX_ROWS", "10")
    return ["--data-dir", str(tmp_path / "data")]


def said(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert run(["dataset", *arguments]) == code
    return capsys.readouterr().out


def test_a_dataset_is_made_filled_cut_and_written(
    corpus: Path, data: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said(capsys, "ensure", *data) == "movement_live_inference: made\n"
    assert said(capsys, "append", str(corpus), *data) == "15 rows appended\n"
    assert said(capsys, "append", str(corpus), *data) == "0 rows appended\n"
    status = json.loads(said(capsys, "status", *data))
    assert (status["rows"], status["window"], status["eligible"], status["remote_id"]) == (15, 10, 0, None)
    assert "window       10" in said(capsys, "status", "--format", "table", *data)
    assert said(capsys, "cleanup", "--max-rows", "4", *data) == "6 rows left the window\n"
    rows = list(csv.DictReader(io.StringIO(said(capsys, "export", "-", "--window", *data))))
    assert [row["session_id"] for row in rows] == ["s12", "s13", "s14", "s15"]
    assert said(capsys, "export", "all.parquet", *data) == ""
    assert read_parquet(tmp_path / "all.parquet").read_all().num_rows == 15
    said(capsys, "export", "all.csv", *data)
    assert len((tmp_path / "all.csv").read_text("utf-8").splitlines()) == 16


def test_a_dataset_begins_with_a_corpus_once(corpus: Path, data: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "ensure", "--initial", str(corpus), *data) == "movement_live_inference: made, begins with 15 rows\n"
    assert said(capsys, "ensure", "--initial", str(corpus), *data) == "movement_live_inference: was there\n"
    assert json.loads(said(capsys, "status", *data))["reference"] == 15


def test_what_cannot_be_read_is_told_and_the_rest_appended(data: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "mixed.jsonl"
    file.write_bytes(body(1) + b"\n{}\n" + body(2) + b"\n")
    said(capsys, "ensure", *data)
    assert run(["dataset", "append", str(file), *data]) == 1
    out, err = capsys.readouterr()
    assert out == "2 rows appended\n"
    assert "mixed.jsonl, line 2: " in err


def test_a_dataset_that_is_not_there_is_told(data: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys, "ensure", *data)
    for command in ("status", "cleanup"):
        assert run(["dataset", command, "--name", "other", *data]) == 1
        assert "there is no dataset 'other'; `playproof dataset ensure` makes it" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["rows.csv", "rows.parquet"])
def test_a_place_that_cannot_be_written_to_is_told(data: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    said(capsys, "ensure", *data)
    assert run(["dataset", "export", str(tmp_path / "nowhere" / name), *data]) == 1
    assert f"nowhere/{name}': No such file or directory" in capsys.readouterr().err
