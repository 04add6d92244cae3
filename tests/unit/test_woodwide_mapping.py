"""Rows out to Woodwide and scores back: values exact, rows by their number, and no answer where anything is off."""

from __future__ import annotations

import csv
import io
import random
from typing import Any

import numpy as np
import pytest
from arro3.io import read_parquet
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from playproof.errors import HostedError, HostedReason
from playproof.features import CATALOGUE, NAMES
from playproof.woodwide.mapping import MODEL_COLUMNS, Columns, Publication, RawScore, csv_file, parquet_file
from playproof.woodwide.scores import Scores, from_columns, from_csv, from_rows

R = HostedReason
NUMBERS = st.floats(allow_nan=True, allow_infinity=True, width=64)
TWO = Columns(("speed_high", "jerk_tail"))


def full(values: np.ndarray, columns: Columns = TWO) -> np.ndarray:
    """Catalogue rows that have `values` (n, 2) in these columns."""
    rows = np.full((len(values), len(NAMES)), 7.0)
    rows[:, [NAMES.index(name) for name in columns.names]] = values
    return rows


def test_a_model_is_given_what_the_catalogue_calls_its_features() -> None:
    assert tuple(feature.name for feature in CATALOGUE if feature.role == "model") == MODEL_COLUMNS
    assert len(MODEL_COLUMNS) > 30
    assert "id" not in MODEL_COLUMNS


@given(hnp.arrays(np.float64, st.tuples(st.integers(0, 8), st.just(2)), elements=NUMBERS))
def test_every_number_reads_back_as_itself(values: np.ndarray) -> None:
    expected = np.where(np.isfinite(values), values, np.nan)
    file = csv_file(full(values), TWO)
    head, *lines = csv.reader(io.StringIO(file.content.decode()))
    assert tuple(head) == TWO.names
    found = np.array([[float(cell) if cell else np.nan for cell in line] for line in lines]).reshape(-1, 2)
    assert np.array_equal(found, expected, equal_nan=True)
    table = read_parquet(io.BytesIO(parquet_file(full(values), TWO).content)).read_all()
    assert tuple(table.column_names) == TWO.names
    for at, name in enumerate(TWO.names):
        column = [np.nan if value is None else value for value in list(table.column(name).to_pylist())]
        assert np.array_equal(np.array(column), expected[:, at], equal_nan=True)
    assert file.rows == table.num_rows == len(values)


def test_a_row_without_any_value_is_still_a_row() -> None:
    file = csv_file(np.full((3, len(NAMES)), np.nan), TWO)
    assert file.content == b"speed_high,jerk_tail\n,\n,\n,\n"


@pytest.mark.parametrize("names", [("speed_high", "spede_high"), ("speed_high", "speed_high"), ("speed_high",), (), ("id", "speed_high")])
def test_columns_that_are_no_features_are_refused_here(names: tuple[str, ...]) -> None:
    with pytest.raises(HostedError) as caught:
        Columns(names)
    assert caught.value.reason is R.COLUMN_MISMATCH


def columns(raw: list[Any], ids: list[Any] | None = None, flags: list[Any] | None = None) -> dict[str, list[Any]]:
    return {
        "id": list(range(len(raw))) if ids is None else ids,
        "is_anomaly": [value > 1 for value in raw] if flags is None else flags,
        "anomaly_score": raw,
    }


def in_rows(given: dict[str, list[Any]]) -> list[dict[str, Any]]:
    return [dict(zip(given, values, strict=True)) for values in zip(*given.values(), strict=True)]


def in_csv(given: dict[str, list[Any]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(given)
    writer.writerows(zip(*given.values(), strict=True))
    return text.getvalue().encode()


def every_form(given: dict[str, list[Any]], rows: int) -> list[Scores]:
    return [from_columns(given, rows), from_rows(in_rows(given), rows), from_csv(in_csv(given), rows)]


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=30), st.randoms(use_true_random=False))
def test_scores_are_found_by_their_numbers_in_every_form(raw: list[float], order: random.Random) -> None:
    given_rows = list(enumerate(raw))
    order.shuffle(given_rows)
    given_columns = columns([value for _, value in given_rows], [number for number, _ in given_rows])
    for scores in every_form(given_columns, len(raw)):
        assert scores.raw.tolist() == raw
        assert scores.flagged == tuple(value > 1 for value in raw)


@given(st.lists(st.integers(-2, 12), max_size=12))
def test_numbers_that_are_not_those_that_were_sent_are_no_answer(ids: list[int]) -> None:
    given_columns = columns([0.5] * len(ids), ids)
    sent = 5
    if sorted(ids) == list(range(sent)):
        assert all(len(scores.raw) == sent for scores in every_form(given_columns, sent))
        return
    with pytest.raises(HostedError) as caught:
        from_columns(given_columns, sent)
    assert caught.value.reason is R.ROW_MISMATCH
    with pytest.raises(HostedError) as caught:
        from_csv(in_csv(given_columns), sent)
    assert caught.value.reason is R.ROW_MISMATCH
    with pytest.raises(HostedError) as caught:
        from_rows(in_rows(given_columns), sent)
    assert caught.value.reason is (R.ROW_MISMATCH if ids else R.EMPTY_RESPONSE)


@pytest.mark.parametrize("ids", [["0", "1"], [0.0, 1.0], ["0.0", "1.0"], [" 1", "0"]])
def test_numbers_of_rows_are_understood_however_they_are_written(ids: list[Any]) -> None:
    assert len(from_columns(columns([0.1, 0.2], ids), 2).raw) == 2


@pytest.mark.parametrize("ids", [[True, False], [0, None], [0, 0.5], ["0", "x"], [0, "²"], [0, -1], [0, float("nan")], [[0], 1]])
def test_what_is_no_number_of_a_row_is_no_answer(ids: list[Any]) -> None:
    with pytest.raises(HostedError) as caught:
        from_columns(columns([0.1, 0.2], ids), 2)
    assert caught.value.reason is R.ROW_MISMATCH


@pytest.mark.parametrize("value", [None, "", "nan", "inf", float("nan"), float("inf"), -float("inf"), True, "high", [1], 10**400])
def test_a_score_that_is_no_number_is_missing_and_its_neighbours_are_not(value: Any) -> None:
    scores = from_columns(columns([0.1, value, 0.3], flags=[False, False, False]), 3)
    assert np.isnan(scores.raw).tolist() == [False, True, False]
    settled = Publication(("a", "b", "c")).settle(scores, "v1")
    assert settled["b"] is R.INVALID_SCORE
    assert settled["c"] == RawScore(0.3, False, "v1")


@pytest.mark.parametrize(
    ("flag", "meant"),
    [
        (True, True),
        ("True", True),
        ("true", True),
        (1, True),
        ("1", True),
        (False, False),
        ("FALSE", False),
        (0, False),
        (None, None),
        ("yes", None),
    ],
)
def test_flags_are_understood_in_every_spelling(flag: Any, meant: bool | None) -> None:
    assert from_columns(columns([0.1], flags=[flag]), 1).flagged == (meant,)


@pytest.mark.parametrize(
    ("given_columns", "reason"),
    [
        ({}, R.INVALID_RESPONSE),
        ({"anomalous_ids": [0]}, R.IDS_ONLY),
        ({"anomalous_ids": []}, R.IDS_ONLY),
        ({"anomaly_score": [0.1, 0.2]}, R.INVALID_RESPONSE),
        ({"id": [0, 1], "anomaly_score": [0.1]}, R.INVALID_RESPONSE),
        ({"id": 0, "anomaly_score": 0.1}, R.INVALID_RESPONSE),
        ({"id": [], "anomaly_score": []}, R.ROW_MISMATCH),
    ],
)
def test_columns_that_say_less_than_a_score_a_row_are_no_answer(given_columns: dict[str, Any], reason: HostedReason) -> None:
    with pytest.raises(HostedError) as caught:
        from_columns(given_columns, 2)
    assert caught.value.reason is reason


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", R.EMPTY_RESPONSE),
        (b" \n", R.EMPTY_RESPONSE),
        (b"\xff\xfe", R.INVALID_RESPONSE),
        (b"PAR1", R.INVALID_RESPONSE),
        (b'id,anomaly_score\n0,"0.1', R.INVALID_RESPONSE),
        (b"id,anomaly_score\n0\n", R.INVALID_RESPONSE),
        (b"id,anomaly_score\n", R.ROW_MISMATCH),
        (b"anomalous_ids\n1\n", R.IDS_ONLY),
        (b"<html></html>", R.INVALID_RESPONSE),
    ],
)
def test_a_file_that_is_not_the_result_is_no_answer(content: bytes, reason: HostedReason) -> None:
    with pytest.raises(HostedError) as caught:
        from_csv(content, 2)
    assert caught.value.reason is reason
    assert caught.value.__context__ is None


@given(st.binary(max_size=200))
def test_no_file_does_anything_but_answer_or_refuse(content: bytes) -> None:
    try:
        scores = from_csv(content, 1)
    except HostedError:
        return
    assert scores.raw.shape == (1,)


@pytest.mark.parametrize("found", [[{"anomalous_ids": 0}], [{"id": 0}, {"id": 1}], []])
def test_rows_that_say_less_than_a_score_are_no_answer(found: list[dict[str, Any]]) -> None:
    with pytest.raises(HostedError) as caught:
        from_rows(found, 2)
    assert caught.value.reason in (R.IDS_ONLY, R.INVALID_RESPONSE, R.EMPTY_RESPONSE)


def test_answers_go_to_the_sessions_of_their_rows_and_to_nobody_for_company() -> None:
    publication = Publication((None, ("site", "b"), None, ("site", "a")))
    scores = Scores(np.array([0.0, 1.0, 2.0, 3.0]), (None, True, None, False))
    assert publication.settle(scores, "v1") == {("site", "b"): RawScore(1.0, True, "v1"), ("site", "a"): RawScore(3.0, False, "v1")}


def test_a_publication_has_a_session_once_and_as_many_rows_as_scores() -> None:
    with pytest.raises(ValueError, match="once"):
        Publication(("a", None, None, "a"))
    with pytest.raises(HostedError) as caught:
        Publication(("a", None)).settle(Scores(np.zeros(3), (None,) * 3), "v1")
    assert caught.value.reason is R.ROW_MISMATCH
