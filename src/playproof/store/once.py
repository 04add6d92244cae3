"""Rows that only one of several processes inserts."""

from __future__ import annotations

from sqlalchemy import Connection, Insert
from sqlalchemy.exc import IntegrityError


def insert_once(connection: Connection, statement: Insert) -> bool:
    """Whether `statement` inserted its row; false where another process was first with one of the same key."""
    try:
        with connection.begin_nested():
            connection.execute(statement)
    except IntegrityError:
        return False
    return True
