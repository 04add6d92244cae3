"""Lines in, answers out, in order and in bounded memory, with as many processes as are worth it."""

from __future__ import annotations

import io
import os
import select
from collections.abc import Callable
from typing import TYPE_CHECKING, BinaryIO

from playproof.cli.lines import Answers, Line, LineScorer, answer_batch
from playproof.cli.pool import OrderedPool
from playproof.errors import InputError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

BATCH_LINES = 32
BATCH_BYTES = 512 * 1024
"""A batch ends at either, so that a window of batches stays small whatever a session weighs."""


class Conveyor:
    """Collects lines into batches, has them answered and writes the answers in order.

    The first lines are answered in this process: few sessions are not worth starting others for.
    """

    def __init__(self, scorer: LineScorer, sink: BinaryIO, *, workers: int, prepare: Callable[[], None]) -> None:
        self.count = 0
        """Lines answered so far."""
        self.bad = 0
        """How many of them with an error."""
        self._scorer = scorer
        self._sink = sink
        self._workers = workers
        self._prepare = prepare
        self._pool: OrderedPool[list[Line], Answers] | None = None
        self._batch: list[Line] = []
        self._bytes = 0
        self._prompt = False

    def add(self, number: int, body: bytes) -> None:
        """Take one line."""
        self._batch.append((number, body))
        self._bytes += len(body)
        if len(self._batch) >= BATCH_LINES or self._bytes >= BATCH_BYTES:
            self._hand_over()

    def refuse(self, number: int, error: InputError) -> None:
        """Answer a line that cannot even be read, in its place."""
        self.finish()
        self._write(self._scorer.refuse(number, error))

    def before_waiting(self, descriptor: int) -> None:
        """Answer what is there while `descriptor` has no more, and return when it has."""
        self._hand_over()
        self._sink.flush()
        if self._pool is not None:
            self._prompt = True
            self._pool.wait_for_input(descriptor)
            self._prompt = False

    def finish(self) -> None:
        """Answer everything taken so far."""
        self._hand_over()
        if self._pool is not None:
            self._pool.finish()
        self._sink.flush()

    def close(self) -> None:
        """End the other processes."""
        if self._pool is not None:
            self._pool.close()

    def _hand_over(self) -> None:
        if not self._batch:
            return
        batch, self._batch, self._bytes = self._batch, [], 0
        if self._pool is None and self.count >= BATCH_LINES and self._workers > 1:
            self._pool = OrderedPool(answer_batch, self._prepare, self._write, self._workers)
        if self._pool is None:
            self._write(self._scorer.answer(batch))
        else:
            self._pool.submit(batch)

    def _write(self, answers: Answers) -> None:
        self.count += answers.lines
        self.bad += answers.bad
        self._sink.write(answers.body)
        if self._prompt:
            self._sink.flush()


class PromptInput(io.RawIOBase):
    """A pipe or terminal that says so before it waits, so that what has arrived is answered first."""

    def __init__(self, descriptor: int, before_waiting: Callable[[int], None]) -> None:
        self._descriptor = descriptor
        self._before_waiting = before_waiting

    def readable(self) -> bool:
        """True."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Read what is there, at least one byte unless the input has ended."""
        if not select.select([self._descriptor], [], [], 0)[0]:
            self._before_waiting(self._descriptor)
        return os.readv(self._descriptor, [buffer])
