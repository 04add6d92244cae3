"""Which strategy a flight goes by: that of whichever version of the model is the newest when it leaves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from playproof.woodwide.client import Woodwide
from playproof.woodwide.desk import Desk
from playproof.woodwide.flights import Fly, Passenger
from playproof.woodwide.link import Link
from playproof.woodwide.mapping import Answer
from playproof.woodwide.model import HostedModel


class Tower:
    """Flies passengers by the strategy of the settings, scored by whichever version of the model is the newest now."""

    def __init__(self, link: Link, desk: Desk, strategy: Callable[[Woodwide, HostedModel], Fly[int]]) -> None:
        self._link = link
        self._desk = desk
        self._strategy = strategy
        self._by_version: dict[str, Fly[int]] = {}

    async def __call__(self, passengers: Sequence[Passenger[int]]) -> Mapping[int, Answer]:
        """The answers to `passengers`. Raises `HostedError`."""
        woodwide = await self._link.woodwide()
        model = await self._desk.current(woodwide)
        fly = self._by_version.get(model.version_id)
        if fly is None:
            fly = self._strategy(woodwide, model)
            self._by_version = {model.version_id: fly}
        return await fly(passengers)
