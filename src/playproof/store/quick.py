"""Statements that run for every step of every visitor, past what SQLAlchemy adds to each."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Dialect
from sqlalchemy.sql.expression import Executable

from playproof.store.groups import execute


def run(connection: Connection, statement: Executable, **given: Any) -> Any:
    """The driver's cursor after `statement`, whose parameters are `given` as the driver takes them."""
    text, names, constants = _compiled(statement, connection.dialect)
    values = {**constants, **given}
    return execute(connection, text, [values[name] for name in names])


def run_each(connection: Connection, statement: Executable, given: Sequence[dict[str, Any]]) -> int:
    """How many rows `statement` changed with each of `given` in turn, which are sent to the database at once."""
    text, names, constants = _compiled(statement, connection.dialect)
    rows = [[({**constants, **one})[name] for name in names] for one in given]
    driver = connection.connection.driver_connection
    assert driver is not None
    cursor = driver.cursor()
    cursor.executemany(text, rows)
    count: int = cursor.rowcount
    return count


def run_in(connection: Connection, statement: Executable, values: Sequence[Any]) -> Any:
    """The driver's cursor after `statement`, whose one parameter is the list `values`."""
    return execute(connection, _listed(statement, len(values), connection.dialect), values)


@cache
def _compiled(statement: Executable, dialect: Dialect) -> tuple[str, tuple[str, ...], dict[str, Any]]:
    """The text of a statement, the names of its parameters in order, and the values that stand in it."""
    compiled: Any = statement.compile(dialect=dialect)  # type: ignore[attr-defined]
    return str(compiled), tuple(compiled.positiontup or ()), dict(compiled.params)


@cache
def _listed(statement: Executable, count: int, dialect: Dialect) -> str:
    """The text of a statement with a list of so many values."""
    (name,) = statement.compile(dialect=dialect).params  # type: ignore[attr-defined]
    filled = statement.params({name: [""] * count})  # type: ignore[attr-defined]
    return str(filled.compile(dialect=dialect, compile_kwargs={"render_postcompile": True}))
