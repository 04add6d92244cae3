"""Parts that operations in the OpenAPI document are made of."""

from __future__ import annotations

from typing import Any

from playproof.web.problems import MEDIA_TYPE, problem_types, title_of

Json = dict[str, Any]

REF = "#/components/schemas/{name}"


def ref(name: str) -> Json:
    """The schema of that name."""
    return {"$ref": REF.format(name=name)}


def answer(description: str, schema: str) -> Json:
    """An answer in JSON."""
    return {"description": description, "content": {"application/json": {"schema": ref(schema)}}}


def problems(*statuses: int) -> Json:
    """Every problem document that goes with one of `statuses`."""
    told: dict[int, list[str]] = {status: [] for status in statuses}
    for kind in problem_types():
        if kind.status in told:
            told[kind.status].append(f"`{kind.code}`: {title_of(kind)}.")
    return {
        str(status): {"description": "  \n".join(lines), "content": {MEDIA_TYPE: {"schema": ref("Problem")}}}
        for status, lines in told.items()
    }
