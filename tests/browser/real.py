"""A page of the real service in which games are played; where a target is, its store knows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page
from playwright.sync_api import TimeoutError as NotInTime

from playproof.challenges import GAMES, State
from playproof.challenges.games.base import Target
from playproof.challenges.referee import targets
from playproof.store import Store, open_store
from playproof.verification.reception import state_of
from tests.serving import Serving, serving

ADMIN_KEY = "the-key-of-the-operator"
SETTINGS = {
    "PLAYPROOF_ADMIN_KEY": ADMIN_KEY,
    "PLAYPROOF_TOLL_INSTEAD": "2000",
    "PLAYPROOF_TOLL_BESIDE": "2000",
    "PLAYPROOF_TOLL_WAIT": "0s",
}


@dataclass
class House:
    """A service, and its store in the hands of the test."""

    serving: Serving
    store: Store

    @property
    def url(self) -> str:
        """Of the service."""
        return self.serving.url


@contextmanager
def house(folder: Path, **environment: str) -> Iterator[House]:
    """A service with its data in `folder`."""
    with serving(folder, log=None, **{**SETTINGS, **environment}) as running, closing(open_store(folder)) as store:
        yield House(running, store)


@dataclass
class Seat:
    """Somebody at a page with a widget; whatever was begun last is what they play."""

    store: Store
    page: Page

    @property
    def state(self) -> State:
        """Of the latest challenge."""
        (latest,) = self.store.challenges.recent(1)
        stored = self.store.challenges.get(latest.id)
        assert stored is not None
        return state_of(stored)

    @property
    def step(self) -> int:
        """How many targets the service has seen hit."""
        return self.state.play.step

    @property
    def target(self) -> Target:
        """What is on the screen."""
        state = self.state
        return targets(GAMES[state.game], state.secret, state.id, len(state.revealed_at))[-1]

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Where a place of the playfield is on the page."""
        box = self.page.locator(".field").bounding_box()
        assert box is not None
        return box["x"] + x * box["width"] / 1000, box["y"] + y * box["width"] / 1000

    def wait_for(self, step: int) -> None:
        """Wait until the target of `step` is on the screen, or everything is over; then as long as it takes to notice it."""
        script = "step => game.surface.dataset.shown === String(step) || document.documentElement.dataset.done"
        self.page.wait_for_function(script, arg=step)
        self.page.wait_for_timeout(150)

    def past(self, step: int) -> bool:
        """Wait a moment for the target after that of `step` to be on the screen, or everything to be over."""
        script = "step => Number(game.surface.dataset.shown) > step || document.documentElement.dataset.done"
        try:
            self.page.wait_for_function(script, arg=step, timeout=2_000)
        except NotInTime:
            return False
        return True

    def until(self, state: str) -> None:
        """Wait for a state of the widget."""
        self.page.wait_for_function("state => document.querySelector('play-proof')?.state === state", arg=state)

    def begin(self) -> None:
        """Press what begins a challenge."""
        self.page.locator("play-proof button.row").click()
        self.until("playing")
