"""Tokens on whatever engine is below."""

from __future__ import annotations

from concurrent.futures import Future

from playproof.store import tokens
from playproof.store.live_tables import Run
from playproof.store.token import Spent, StoredToken
from playproof.store.tokens import Answer
from playproof.store.writer import Writer


class TokenTables:
    """What visitors got for their challenges, to be spent once. Safe to share between threads and processes.

    Every method raises `StoreUnavailable`.
    """

    def __init__(self, writer: Writer, read: Run) -> None:
        self._writer = writer
        self._read = read

    def get(self, digest: bytes) -> StoredToken | None:
        """The token whose SHA-256 is `digest`."""
        return self._read(lambda connection: tokens.get(connection, digest))

    def spend(self, digest: bytes, site: str, now: int, idempotency: bytes | None, answer: Answer) -> Future[Spent]:
        """Spend a token for the site of an id, at `now` (ms since 1970); of all who try, in all processes, one succeeds.

        `answer` makes what the site is told, of the token and the verdict that its session has at that moment; it runs in the writer's
        thread, perhaps more than once, and is kept with `idempotency` for whoever asks the same question again. The future resolves when
        that is on disk. Never blocks.
        """
        return self._writer.join(tokens.spend, tokens.Asked(digest, site, now, idempotency, answer), keys=[digest])
