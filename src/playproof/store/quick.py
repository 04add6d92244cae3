"""Statements that run for every step of every visitor, past what SQLAlchemy adds to each."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import Connection, Dialect
from sqlalchemy.sql import ClauseElement

from playproof.store.groups import execute


def run(connection: Connection, statement: ClauseElement, **given: Any) -> Any:
    """The driver's cursor after `statement`, whose parameters are `given` as the driver takes them."""
    text, names, constants = _compiled(statement, connection.dialect)
    values = {**constants, **given}
    return execute(connection, text, [values[name] for name in names])


@cache
def _compiled(statement: ClauseElement, dialect: Dialect) -> tuple[str, tuple[str, ...], dict[str, Any]]:
    """The text of a statement, the names of its parameters in order, and the values that stand in it."""
    compiled: Any = statement.compile(dialect=dialect)
    return str(compiled), tuple(compiled.positiontup or ()), dict(compiled.params)
