"""Answers of the store's writer on their way into the event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future

import pytest

from playproof.web.ferry import Ferry


class Shore:
    """What a ferry tells the store and the metrics."""

    def __init__(self) -> None:
        self.hurried = 0
        self.waiting = 0
        self.ferry: Ferry[int] = Ferry(self._hurry, self._change)

    def _hurry(self) -> None:
        self.hurried += 1

    def _change(self, by: int) -> None:
        self.waiting += by

    def run(self, work: Callable[[], Awaitable[None]]) -> None:
        """Run `work` in a loop of its own."""

        async def whole() -> None:
            await work()
            for _ in range(10):
                await asyncio.sleep(0)

        asyncio.run(whole())


@pytest.fixture
def shore() -> Shore:
    return Shore()


def in_another_thread(work: Callable[[], None]) -> None:
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def test_what_another_thread_finishes_together_lands_with_one_call(shore: Shore, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> None:
        loop = asyncio.get_running_loop()
        calls: list[object] = []
        across = loop.call_soon_threadsafe

        def counted(call: Callable[[], None]) -> object:
            calls.append(call)
            return across(call)

        monkeypatch.setattr(loop, "call_soon_threadsafe", counted)
        outcomes: list[Future[int]] = [Future() for _ in range(5)]
        tasks = [asyncio.create_task(shore.ferry.landed(outcome)) for outcome in outcomes]
        await asyncio.sleep(0)

        def finish() -> None:
            for number, outcome in enumerate(outcomes):
                outcome.set_result(number)

        in_another_thread(finish)
        assert await asyncio.gather(*tasks) == [0, 1, 2, 3, 4]
        assert len(calls) == 1
        assert shore.waiting == 0

    shore.run(work)


def test_what_was_raised_is_raised(shore: Shore) -> None:
    async def work() -> None:
        outcome: Future[int] = Future()
        outcome.set_exception(OSError("the disk"))
        with pytest.raises(OSError, match="the disk"):
            await shore.ferry.landed(outcome)

    shore.run(work)


def test_who_gives_up_cancels(shore: Shore) -> None:
    async def work() -> None:
        outcome: Future[int] = Future()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await shore.ferry.landed(outcome)
        assert outcome.cancelled()

    shore.run(work)
    assert shore.waiting == 0


def test_who_comes_turn_by_turn_is_one_crowd(shore: Shore) -> None:
    async def work() -> None:
        outcomes: list[Future[int]] = []
        tasks = []
        for _ in range(4):
            outcomes.append(Future())
            tasks.append(asyncio.create_task(shore.ferry.landed(outcomes[-1])))
            await asyncio.sleep(0)
            assert shore.hurried == 0
        for _ in range(10):
            await asyncio.sleep(0)
        assert shore.hurried == 1
        assert shore.waiting == 4
        for outcome in outcomes:
            outcome.set_result(1)
        await asyncio.gather(*tasks)

    shore.run(work)
    assert shore.waiting == 0


def test_another_loop_is_another_shore(shore: Shore) -> None:
    async def work() -> None:
        outcome: Future[int] = Future()
        task = asyncio.create_task(shore.ferry.landed(outcome))
        await asyncio.sleep(0)
        in_another_thread(lambda: outcome.set_result(3))
        assert await task == 3

    shore.run(work)
    shore.run(work)
    assert shore.hurried == 2
