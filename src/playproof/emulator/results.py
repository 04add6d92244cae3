"""What inference gives: scores by row, their explanations, and the files that hold them."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from playproof.emulator.detector import Detector, Floats
from playproof.emulator.faults import Fault
from playproof.emulator.parquet import write_parquet
from playproof.emulator.records import AnomalyFormat, OutputType
from playproof.emulator.tables import Table

EXPLAINED = 50
"""Of the most anomalous rows, how many are explained."""
_CONTRIBUTIONS = 3

MEDIA_TYPES: Mapping[OutputType, str] = {"json": "application/json", "csv": "text/csv", "parquet": "application/octet-stream"}


class Result(msgspec.Struct, kw_only=True):
    """One entry a row; `ids` are row indices."""

    ids: list[int]
    flags: list[bool]
    scores: list[float | None]
    descriptions: dict[str, Any] = {}
    anomaly_format: AnomalyFormat = "per_row"

    def columns(self) -> dict[str, list[Any]]:
        """The columns that are answered."""
        if self.anomaly_format == "ids_only":
            return {"anomalous_ids": [row for row, flag in zip(self.ids, self.flags, strict=True) if flag]}
        return {"id": self.ids, "is_anomaly": self.flags, "anomaly_score": self.scores}


def judge(detector: Detector, table: Table, anomaly_format: AnomalyFormat) -> Result:
    """The result for the rows of `table`."""
    normal, scores = detector.measure(table)
    flags = scores > detector.threshold
    ranked = [int(row) for row in np.argsort(-scores, kind="stable")[:EXPLAINED] if flags[row]]
    return Result(
        ids=list(range(table.rows)),
        flags=flags.tolist(),
        scores=scores.tolist(),
        descriptions={str(row): _describe(detector, normal[row]) for row in ranked},
        anomaly_format=anomaly_format,
    )


def _describe(detector: Detector, normal: Floats) -> dict[str, Any]:
    parts = detector.contributions(normal)[:_CONTRIBUTIONS]
    contributions = [
        {
            "name": name,
            "phrase": f"{name} is unusually {'high' if score > 0 else 'low'}",
            "direction": "high" if score > 0 else "low",
            "normalized_weight": round(share, 6),
        }
        for name, share, score in parts
    ]
    summary = "; ".join(str(each["phrase"]) for each in contributions)
    return {"description": f"This row stands out: {summary}.", "summary": summary, "feature_contributions": contributions}


def bend(result: Result, faults: Sequence[Fault]) -> Result:
    """`result` with what the row faults do to it."""
    ids, flags, scores = list(result.ids), list(result.flags), list(result.scores)
    answered = result.anomaly_format
    for fault in faults:
        if fault.kind == "fewer_rows":
            kept = max(0, len(ids) - fault.rows)
            ids, flags, scores = ids[:kept], flags[:kept], scores[:kept]
        elif fault.kind == "more_rows":
            ids += range(len(ids), len(ids) + fault.rows)
            flags += [False] * fault.rows
            scores += [0.5] * fault.rows
        elif fault.kind == "shuffled_rows":
            # Turned by one, so that no row of several is where it was.
            ids, flags, scores = ids[-1:] + ids[:-1], flags[-1:] + flags[:-1], scores[-1:] + scores[:-1]
        elif fault.kind == "nan_scores":
            scores = [math.nan] * len(scores)
        elif fault.kind == "relative_scores":
            scores = _ranked(scores)
        elif fault.kind == "ids_only":
            answered = "ids_only"
    return msgspec.structs.replace(result, ids=ids, flags=flags, scores=scores, anomaly_format=answered)


def _ranked(scores: Sequence[float | None]) -> list[float | None]:
    present = np.array([score for score in scores if score is not None])
    return [None if score is None else float((present <= score).mean()) for score in scores]


def write_file(result: Result, output_type: OutputType, envelope: Mapping[str, Any]) -> bytes:
    """The result as a file; `envelope` is what JSON and Parquet say about it besides."""
    columns = result.columns()
    if output_type == "csv":
        return write_csv(columns)
    if output_type == "parquet":
        explained = {"anomaly_descriptions": msgspec.json.encode(result.descriptions).decode()}
        about = {name: str(envelope[name]) for name in ("model_id", "model_version_id", "model_type")}
        return write_parquet(columns, {**about, **explained})
    return msgspec.json.encode({**envelope, "data": columns, "anomaly_descriptions": result.descriptions})


def write_csv(columns: Mapping[str, Sequence[Any]]) -> bytes:
    """A CSV file of `columns`."""
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_text(value) for value in row] for row in zip(*columns.values(), strict=True))
    return file.getvalue().encode()


def _text(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


def summary(result: Result) -> dict[str, Any]:
    """Figures about a result as a whole."""
    scores = [score for score in result.scores if score is not None and math.isfinite(score)]
    return {
        "total_row_count": len(result.ids),
        "anomaly": {
            "anomaly_count": sum(result.flags),
            "anomaly_rate": sum(result.flags) / len(result.flags) if result.flags else 0.0,
            "min_score": min(scores, default=None),
            "max_score": max(scores, default=None),
        },
    }
