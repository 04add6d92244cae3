"""What visitors do in each game, by mouse and by keys, wherever the game is mounted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from playwright.sync_api import Page, expect

from playproof.challenges import GAMES, State
from playproof.challenges.events import Key
from playproof.challenges.games.archery import Moving
from playproof.challenges.games.base import Target
from playproof.challenges.games.snake import Snake
from playproof.testing import people
from playproof.testing.events import Track

ATTEMPTS = 8
STEP_MS = 16.0
ARROWS = ("ArrowUp", "ArrowRight", "ArrowDown", "ArrowLeft")
NAMES = ("up arrow", "right arrow", "down arrow", "left arrow")


class Player(Protocol):
    """A page on which a game is played; `game.surface` is its playfield there, and `html[data-done]` says that it is over."""

    @property
    def page(self) -> Page: ...
    @property
    def state(self) -> State: ...
    @property
    def step(self) -> int: ...
    @property
    def target(self) -> Target: ...
    def place(self, x: float, y: float) -> tuple[float, float]: ...
    def wait_for(self, step: int) -> None: ...
    def past(self, step: int) -> bool: ...


def reach(table: Player, x: float, y: float) -> None:
    """Move the mouse to a place of the playfield as a made-up person does, in whole pixels."""
    rng, track = np.random.default_rng([table.step, round(x), round(y)]), Track()  # the same movements twice would be a replay
    people.reach(track, rng, np.array([500.0, 300.0]), np.array([x, y], np.float64), slope=95.0)
    _, way = track.sampled(STEP_MS)
    corner, opposite = np.array(table.place(0, 0)), np.array(table.place(1000, 600))
    for place in [*way, (x, y)]:
        at = corner + (opposite - corner) * np.clip(place, 1.0, [999.0, 599.0]) / [1000.0, 600.0]
        table.page.mouse.move(*at.round().tolist())


def click(table: Player) -> None:
    table.page.mouse.down()
    table.page.mouse.up()


def pop(table: Player) -> None:
    reach(table, table.target.x, table.target.y)
    click(table)


def keep_time(table: Player) -> None:
    reach(table, table.target.x, table.target.y)
    await_ring(table)
    click(table)


def await_ring(table: Player) -> None:
    table.page.wait_for_selector(".ring.now, .part.now:nth-of-type(1)", state="attached")


def await_station(table: Player, x: float, y: float) -> None:
    table.page.wait_for_function(
        "([x, y]) => { const butt = game.surface.querySelector('.butt').parentNode;"
        "return butt.getAttribute('transform') === `translate(${x} ${y})` && butt.getAttribute('class') !== 'coming'; }",
        arg=[x, y],
    )


def shoot(table: Player) -> None:
    assert isinstance(table.target, Moving)
    reach(table, table.target.to_x, table.target.to_y)
    await_station(table, table.target.to_x, table.target.to_y)
    click(table)


def lead(table: Player) -> None:
    reach(table, table.target.x, table.target.y)


def press_arrow(table: Player) -> None:
    expect(table.page.get_by_role("status").last).to_contain_text(NAMES[table.target.key])
    table.page.keyboard.press(ARROWS[table.target.key])


def press_in_time(table: Player) -> None:
    await_ring(table)
    table.page.keyboard.press("Space")


def press_when_there(table: Player) -> None:
    assert isinstance(table.target, Moving)
    await_station(table, table.target.to_x, table.target.to_y)
    table.page.keyboard.press("Enter")


def steer(table: Player) -> None:
    _, _, _, x, y = table.state.play.memory
    stride = Snake.parameters.stride
    across, down = round((table.target.x - x) / stride), round((table.target.y - y) / stride)
    for count, more, less in ((across, Key.RIGHT, Key.LEFT), (down, Key.DOWN, Key.UP)):
        for _ in range(abs(count)):
            table.page.keyboard.press(ARROWS[more if count > 0 else less])


BY_MOUSE: dict[str, Callable[[Player], None]] = {"bubble-pop": pop, "osu": keep_time, "snake": lead, "archery": shoot}
BY_KEYS: dict[str, Callable[[Player], None]] = {
    "bubble-pop": press_arrow,
    "osu": press_in_time,
    "snake": steer,
    "archery": press_when_there,
}


def play(table: Player, act: Callable[[Player], None]) -> None:
    """Do what the game asks, target by target, from the present one on; again, where a busy machine made it too late."""
    for step in range(table.step, GAMES[table.state.game].parameters.steps):
        table.wait_for(step)
        for _ in range(ATTEMPTS):
            act(table)
            if table.past(step):
                break
    table.page.wait_for_selector("html[data-done]")
