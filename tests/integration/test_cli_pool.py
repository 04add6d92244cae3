"""The ordered pool: order, bounded windows, lost workers, no orphans."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap

import pytest

from playproof.cli.pool import WINDOW, OrderedPool, WorkerLost, available_cores

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the work below is handed over by fork")


def nothing() -> None:
    """Workers here need no preparation."""


def test_results_come_back_in_order_whatever_finishes_first() -> None:
    got: list[int] = []
    pool: OrderedPool[int, int] = OrderedPool(lambda task: sum(range(task)) * 0 + task, nothing, got.append, 3)
    # Big and small tasks in turn, so that later ones overtake.
    tasks = [400_000 if index % 3 == 0 else index for index in range(60)]
    for task in tasks:
        pool.submit(task)
    pool.finish()
    pool.close()
    assert got == tasks


def test_what_waits_is_bounded_by_the_window() -> None:
    hold, release = os.pipe()
    got: list[int] = []

    def work(task: int) -> int:
        if task == 0:
            os.read(hold, 1)  # the first batch finishes only when told to
        return task

    def sink(result: int) -> None:
        got.append(result)

    pool: OrderedPool[int, int] = OrderedPool(work, nothing, sink, 2)
    for task in range(2 * WINDOW):
        pool.submit(task)
    assert got == []
    os.write(release, b"x")
    pool.submit(2 * WINDOW)
    assert got[0] == 0
    pool.finish()
    pool.close()
    assert got == list(range(2 * WINDOW + 1))
    os.close(hold)
    os.close(release)


def test_a_worker_that_dies_is_an_error_and_not_a_hang() -> None:
    def work(task: int) -> int:
        os.kill(os.getpid(), signal.SIGKILL)
        return task

    pool: OrderedPool[int, int] = OrderedPool(work, nothing, print, 1)
    pool.submit(1)
    with pytest.raises(WorkerLost, match="worker process ended"):
        pool.finish()
    pool.close()


def test_input_is_waited_for_while_results_are_delivered() -> None:
    readable, writable = os.pipe()
    got: list[int] = []

    def sink(result: int) -> None:
        got.append(result)
        os.write(writable, b"x")  # the input comes only after the result was delivered

    pool: OrderedPool[int, int] = OrderedPool(lambda task: task, nothing, sink, 1)
    pool.submit(7)
    pool.wait_for_input(readable)
    assert got == [7]
    pool.close()
    os.close(readable)
    os.close(writable)


def test_workers_end_when_their_parent_is_killed() -> None:
    program = textwrap.dedent(
        """
        import os, signal, sys
        from playproof.cli.pool import OrderedPool
        pool = OrderedPool(lambda task: task, lambda: None, print, 3)
        print(*(process.pid for process in pool._processes), flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
        """
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    # The workers hold the pipe too, so its end is the end of the last of them.
    assert len(parent.stdout.read().split()) == 3
    parent.stdout.close()
    assert parent.wait() == -signal.SIGKILL


def test_available_cores_counts_at_least_one() -> None:
    assert available_cores() >= 1
