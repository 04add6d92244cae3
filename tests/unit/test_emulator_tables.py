"""Uploaded files as the emulator reads them."""

from __future__ import annotations

import io

import pytest
from arro3.core import Array, DataType
from arro3.core import Table as Arrow
from arro3.io import write_parquet as write_arrow
from hypothesis import given
from hypothesis import strategies as st

from playproof.emulator.ingestion import Unreadable, read_table
from playproof.emulator.parquet import read_parquet, write_parquet
from playproof.emulator.results import write_csv


def kinds(content: bytes) -> list[str]:
    return [column.kind for column in read_table(content).columns.values()]


def test_columns_of_a_text_file_have_the_kind_of_their_values() -> None:
    content = (
        "number,word,truth,moment,empty,mixed\n"
        "1,a,true,2026-01-01T00:00:00Z,,1\n"
        "2.5e3,b,False,2026-01-02,,x\n"
        ",NaN,,,null,3\n"
        "inf,'c',TRUE,2026-01-02T00:00:00+02:00,,\n"
    )
    table = read_table(content.encode())
    assert [column.kind for column in table.columns.values()] == ["numeric", "categorical", "binary", "datetime", "numeric", "categorical"]
    assert table.row(0) == {
        "id": 0,
        "number": 1.0,
        "word": "a",
        "truth": True,
        "moment": "2026-01-01T00:00:00+00:00",
        "empty": None,
        "mixed": "1",
    }
    assert list(table.row(2).values()) == [2, None, None, None, None, None, "3"]
    assert (table.row(3)["number"], table.row(3)["moment"]) == (None, "2026-01-01T22:00:00+00:00")


def test_underscores_make_words() -> None:
    assert kinds(b"a,b\n1_0,2\n20,3\n") == ["categorical", "numeric"]


def test_quotes_marks_and_line_ends_of_other_programs() -> None:
    table = read_table(b'\xef\xbb\xbf"a","b"\r\n1,"x, ""y"""\r\n\r\n2,"z\n"\r\n')
    assert (list(table.columns), table.rows) == (["a", "b"], 2)
    assert table.row(0)["b"] == 'x, "y"'


def test_a_header_alone_is_a_table_without_rows() -> None:
    assert (read_table(b"a,b\n").rows, kinds(b"a,b\n")) == (0, ["numeric", "numeric"])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "the file is empty"),
        (b"\n\n", "the file is empty"),
        (b"a,b\n1\n", "line 2 has 1 values, the header 2"),
        (b"a,\n1,2\n", "a column has no name"),
        (b"a,b,a\n1,2,3\n", "column names occur twice: a"),
        (b'a\n"open', "not a readable CSV file"),
        (b"a\n\xff\n", "neither Parquet nor CSV in UTF-8"),
        (b"PAR1 and nothing more", "its end is missing"),
        (b"PAR1" + bytes(16) + b"PAR1", "not a readable Parquet file"),
    ],
)
def test_what_is_no_table_is_said(content: bytes, words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        read_table(content)


def test_columns_of_a_parquet_file() -> None:
    arrow = Arrow.from_pydict(
        {
            "small": Array([1, None, 3], DataType.int8()),
            "single": Array([1.5, None, float("inf")], DataType.float32()),
            "truth": Array([True, None, False], DataType.bool()),
            "words": Array(["a", None, "b"], DataType.string()),
            "bytes": Array([b"a", None, b"b"], DataType.binary()),
            "day": Array([0, None, 1], DataType.int32()).cast(DataType.date32()),
            "moment": Array([0, None, 1_500_000], DataType.int64()).cast(DataType.timestamp("us")),
        }
    )
    file = io.BytesIO()
    write_arrow(arrow, file, compression="snappy")
    table = read_table(file.getvalue())
    assert {name: column.kind for name, column in table.columns.items()} == {
        "small": "numeric",
        "single": "numeric",
        "truth": "binary",
        "words": "categorical",
        "bytes": "categorical",
        "day": "datetime",
        "moment": "datetime",
    }
    assert list(table.row(1).values())[1:] == [None] * 7
    assert table.row(2) == {
        "id": 2,
        "small": 3.0,
        "single": None,
        "truth": False,
        "words": "b",
        "bytes": "b'b'",
        "day": "1970-01-02T00:00:00+00:00",
        "moment": "1970-01-01T00:00:01.500000+00:00",
    }


NUMBERS = st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False))
WORDS = st.one_of(st.none(), st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1))


@given(st.lists(st.tuples(NUMBERS, WORDS), min_size=1))
def test_what_is_written_as_parquet_is_read_back(rows: list[tuple[float | None, str | None]]) -> None:
    numbers, words = [row[0] for row in rows], [row[1] for row in rows]
    table = read_parquet(write_parquet({"n": numbers, "w": words}, {}))
    assert [table.row(at)["n"] for at in range(table.rows)] == numbers
    if any(word is not None for word in words):
        assert [table.row(at)["w"] for at in range(table.rows)] == words


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_numbers_keep_every_digit_in_csv(numbers: list[float]) -> None:
    table = read_table(write_csv({"n": numbers}))
    assert [table.row(at)["n"] for at in range(table.rows)] == numbers


@given(st.binary(), st.integers(0, 400))
def test_any_bytes_are_a_table_or_refused(content: bytes, cut: int) -> None:
    whole = write_parquet({"n": [1.0, None, 3.0], "w": ["a", "b", None]}, {"about": "test"})
    for given_bytes in (content, b"PAR1" + content + b"PAR1", whole[: len(whole) - 1 - cut]):
        try:
            table = read_table(given_bytes)
        except Unreadable:
            continue
        assert all(len(column.values) == table.rows for column in table.columns.values())
