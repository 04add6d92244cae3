"""A few processes that work on batches, with the results back in order and never more than a window of them in memory."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections import deque
from collections.abc import Callable
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Generic, TypeVar

from playproof.errors import PlayproofError

Task = TypeVar("Task")
Result = TypeVar("Result")

WINDOW = 4
"""Batches per process that may be waiting for one before them."""


class WorkerLost(PlayproofError):
    """A worker process ended before it answered; the system may have run out of memory."""

    code = "worker-lost"


def available_cores() -> int:
    """The cores this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class OrderedPool(Generic[Task, Result]):
    """Hands each batch to an idle process and every result to `sink`, in the order of the batches.

    `work` is called in the workers, after `prepare`; both must be importable by name where processes cannot be forked. A
    process has one batch at a time, so neither side ever waits for the other to read. Workers end with the process that
    made them, whatever ends it: their connection closes.
    """

    def __init__(self, work: Callable[[Task], Result], prepare: Callable[[], None], sink: Callable[[Result], None], workers: int) -> None:
        # A fork shares the loaded model; elsewhere forking is not safe, and each worker loads its own.
        forks = sys.platform == "linux"
        context = multiprocessing.get_context("fork") if forks else multiprocessing.get_context("spawn")
        self._sink = sink
        self._window = WINDOW * workers
        # One list a batch, in order; the result is put into it when it is there.
        self._order: deque[list[Result]] = deque()
        self._busy: dict[Connection, list[Result]] = {}
        self._idle: list[Connection] = []
        self._processes: list[BaseProcess] = []
        for _ in range(workers):
            ours, theirs = context.Pipe()
            inherited = [*self._idle, ours] if forks else []
            process = context.Process(target=_serve, args=(theirs, inherited, work, prepare), daemon=True)
            process.start()
            theirs.close()
            self._idle.append(ours)
            self._processes.append(process)

    def submit(self, task: Task) -> None:
        """Hand out one batch; waits while every process is busy or the window is full. Raises `WorkerLost`."""
        while not self._idle or len(self._order) >= self._window:
            self._collect()
        slot: list[Result] = []
        connection = self._idle.pop()
        self._order.append(slot)
        self._busy[connection] = slot
        try:
            connection.send(task)
        except OSError as error:
            raise WorkerLost(str(WorkerLost.__doc__)) from error

    def wait_for_input(self, descriptor: int) -> None:
        """Return when `descriptor` can be read, and deliver what is finished meanwhile."""
        while True:
            ready = wait([descriptor, *self._busy])
            self._receive([connection for connection in self._busy if connection in ready])
            if descriptor in ready:
                return

    def finish(self) -> None:
        """Deliver what is still being worked on."""
        while self._busy:
            self._collect()

    def close(self) -> None:
        """End the processes; those at work are stopped."""
        for connection in [*self._idle, *self._busy]:
            connection.close()
        for process in self._processes:
            if self._busy:
                process.terminate()
            process.join()

    def _collect(self) -> None:
        ready = wait(list(self._busy))
        self._receive([connection for connection in self._busy if connection in ready])

    def _receive(self, connections: list[Connection]) -> None:
        for connection in connections:
            slot = self._busy[connection]
            try:
                slot.append(connection.recv())
            except (EOFError, OSError) as error:
                raise WorkerLost(str(WorkerLost.__doc__)) from error
            del self._busy[connection]
            self._idle.append(connection)
        while self._order and self._order[0]:
            self._sink(self._order.popleft()[0])


def _serve(connection: Connection, inherited: list[Connection], work: Callable[[Task], Result], prepare: Callable[[], None]) -> None:
    """A worker's life: answer batches until the other end closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent alone decides what it means
    for other in inherited:
        other.close()  # else this copy would keep a sibling's connection open after the parent is gone
    prepare()
    while True:
        try:
            task = connection.recv()
        except (EOFError, OSError):
            return
        result = work(task)
        try:
            connection.send(result)
        except OSError:
            return
