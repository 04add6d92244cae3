"""Every game in a real Chromium, under a strict policy, played against the real core."""

from __future__ import annotations

import gzip

import msgspec
import numpy as np
import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from playproof.challenges import GAMES
from playproof.challenges.events import Event, Key, Kind
from playproof.challenges.games.archery import Archery, Moving
from playproof.challenges.games.base import Mark, Sight, Target
from playproof.challenges.games.snake import Snake
from playproof.challenges.generator import Generator
from playproof.challenges.seeds import step_seed
from tests.browser.playing import BY_KEYS, BY_MOUSE, Player, await_ring, await_station, click, keep_time, play, pop, shoot
from tests.browser.table import ORIGIN, WIDGET, laid

LARGEST_GAME = 4_096
"""Bytes of one game compressed, apart from what all share."""
LARGEST_ALL = 20_480


@pytest.mark.parametrize(("game", "still"), [*((game, False) for game in GAMES), ("osu", True), ("archery", True)])
def test_it_is_played_with_the_mouse(window: BrowserContext, game: str, still: bool) -> None:
    said: list[str] = []
    window.on("console", lambda message: said.append(message.text))
    table = laid(window, game, reducedMotion=still)
    play(table, BY_MOUSE[game])
    outcome = table.outcome()
    assert outcome.completed
    assert (outcome.device, outcome.violations, outcome.untrusted) == ("mouse", {}, 0)
    assert {event.value for batch in table.batches for event in batch.events if event.kind is Kind.SHOWN} == set(range(outcome.targets))
    expect(table.page.locator(".pip.full")).to_have_count(outcome.targets)
    assert said == [], "games say nothing on the console"


@pytest.mark.parametrize(("game", "still"), [*((game, False) for game in GAMES), ("osu", True), ("archery", True)])
def test_it_is_played_with_keys_alone(window: BrowserContext, game: str, still: bool) -> None:
    table = laid(window, game, reducedMotion=still)
    table.page.keyboard.press("Tab")
    expect(table.surface).to_be_focused()
    play(table, BY_KEYS[game])
    outcome = table.outcome()
    assert (outcome.completed, outcome.device, outcome.violations) == (True, "keyboard", {})
    expect(table.page.get_by_role("status")).to_have_text("All done.")


@pytest.mark.parametrize("game", GAMES)
def test_it_is_played_by_tapping(browser: Browser, game: str) -> None:
    window = browser.new_context(viewport={"width": 360, "height": 640}, has_touch=True, is_mobile=True, device_scale_factor=2)
    table = laid(window, game)

    def tap(x: float, y: float) -> None:
        table.page.touchscreen.tap(*table.place(x, y))

    def act(_: Player) -> None:
        if game == "osu":
            await_ring(table)
        if isinstance(table.target, Moving):
            await_station(table, table.target.to_x, table.target.to_y)
            tap(table.target.to_x, table.target.to_y)
        else:
            tap(table.target.x, table.target.y)

    play(table, act)
    outcome = table.outcome()
    assert (outcome.completed, outcome.device, outcome.violations) == (True, "touch", {})
    window.close()


@pytest.mark.parametrize("game", GAMES)
def test_the_same_seed_gives_the_same_layout_in_python_and_in_javascript(window: BrowserContext, game: str) -> None:
    rules, random = GAMES[game], np.random.default_rng(11)
    chains = []
    for number in range(100):
        secret = random.bytes(32)
        seeds = [step_seed(secret, f"ch_{number}", game, step) for step in range(rules.parameters.steps)]
        targets, before = [], None
        for seed in seeds:
            before = rules.layout(seed, before)
            targets.append(msgspec.to_builtins(before))
        chains.append(([seed.hex() for seed in seeds], targets))
    table = laid(window, game)
    drawn = table.page.evaluate(
        """async ([game, parameters, chains]) => {
            const { layout } = await import(`/games/${game}.js`);
            return chains.map((seeds) => { let before = null; return seeds.map((seed) => (before = layout(seed, parameters, before))); });
        }""",
        [game, msgspec.to_builtins(rules.parameters), [seeds for seeds, _ in chains]],
    )
    assert drawn == [targets for _, targets in chains]


def test_the_generators_are_twins(window: BrowserContext) -> None:
    seed = bytes(range(200, 216))
    ours = Generator(seed)
    counts = [1, 2, 7, 4096, 2**31 + 1, 2**32]
    table = laid(window, "osu")
    theirs = table.page.evaluate(
        """async ([seed, counts]) => {
            const { Generator } = await import("/games/generator.js");
            const generator = new Generator(seed);
            return Array.from({ length: 300 }, (_, i) => [generator.word(), generator.below(counts[i % counts.length])]);
        }""",
        [seed.hex(), counts],
    )
    assert theirs == [[ours.word(), ours.below(counts[i % len(counts)])] for i in range(300)]


def test_a_moving_target_is_in_the_same_place_in_both(window: BrowserContext) -> None:
    game, target = Archery(), Moving(400, 300, 60, Key.ACT, 400, 100)
    times = np.random.default_rng(3).uniform(0.0, 9000.0, 200).round(2).tolist()
    table = laid(window, "archery")
    places = table.page.evaluate(
        "async ([target, times, parameters]) => { const { centre } = await import('/games/archery.js');"
        "return times.map((t) => centre(target, t, parameters)); }",
        [msgspec.to_builtins(target), times, msgspec.to_builtins(game.parameters)],
    )
    assert np.abs(np.array(places) - np.array([game.centre(target, t) for t in times])).max() < 1e-9


def test_a_snake_goes_the_same_way_in_both(window: BrowserContext) -> None:
    game, random = Snake(), np.random.default_rng(5)
    places = random.integers(70, 530, (6, 2)).tolist()
    sights = [Sight(Target(x, y, 44, Key.ACT), 2_000.0 * number) for number, (x, y) in enumerate(places)]
    inputs, memory, ways = [], game.begin(), []
    for t in np.cumsum(random.exponential(40.0, 300)).round(2).tolist():
        kind, value = (Kind.MOVE, 0) if random.random() < 0.8 else (Kind.KEY, int(random.integers(0, 5)))
        x, y = random.uniform(0.0, [1000.0, 600.0]).round(2).tolist() if kind is Kind.MOVE else (0.0, 0.0)
        sight = sights[int(t // 2_000) % len(sights)]
        ruling = game.judge(Event(t, x, y, kind, value), sight, memory)
        memory = ruling.memory
        ways.append([ruling.t if ruling.mark is Mark.HIT else None, *memory])
        inputs.append([{"t": t, "x": x, "y": y, "kind": kind, "value": value}, msgspec.to_builtins(sight.target), sight.shown])
    table = laid(window, "snake")
    theirs = table.page.evaluate(
        """async ([inputs, parameters]) => {
            const { Crawler } = await import("/games/snake.js");
            const crawler = new Crawler(parameters);
            return inputs.map(([input, target, shown]) => {
                const eaten = crawler.advance(input.t, { target, shown });
                crawler.steer(input);
                return [eaten, crawler.clock, ...crawler.head, ...crawler.goal];
            });
        }""",
        [inputs, msgspec.to_builtins(game.parameters)],
    )
    assert theirs == ways, "bit for bit"
    assert any(way[0] is not None for way in ways)


def test_a_miss_is_shown_and_said_and_counts(window: BrowserContext) -> None:
    table = laid(window, "bubble-pop")
    table.wait_for(0)
    x = 40.0 if table.target.x > 500 else 960.0
    table.page.mouse.move(*table.place(x, 300))
    click(table)
    expect(table.page.get_by_role("status")).to_contain_text("Missed")
    expect(table.page.locator(".pip.full")).to_have_count(0)
    play(table, pop)
    assert table.outcome().misses == 1


def test_the_server_has_the_last_word_on_a_hit(window: BrowserContext) -> None:
    table = laid(window, "bubble-pop", parameters={"slack": 200})
    table.wait_for(0)
    x = table.target.x + (150 if table.target.x < 500 else -150)
    table.page.mouse.move(*table.place(x, table.target.y))
    click(table)
    expect(table.page.get_by_role("status")).to_have_text("Hit.")
    expect(table.page.locator(".disc")).to_have_count(1)
    expect(table.page.locator(".pip.full")).to_have_count(0)
    play(table, pop)
    outcome = table.outcome()
    assert (outcome.completed, outcome.misses) == (True, 1)


def test_a_press_at_the_wrong_time_is_told_apart_from_one_beside(window: BrowserContext) -> None:
    table = laid(window, "osu")
    said = ""
    while not said.startswith("Too") and table.step < 6:  # a busy machine may press in time by mistake
        table.wait_for(table.step)
        table.page.mouse.move(*table.place(table.target.x, table.target.y))
        await_ring(table)
        table.page.wait_for_selector(".ring:not(.now)", state="attached")
        click(table)
        table.page.wait_for_function("() => !/^[0-9]/.test(game.surface.getRootNode().querySelector('.live').textContent)")
        said = table.page.get_by_role("status").inner_text()
    assert said.startswith("Too")
    play(table, keep_time)
    assert table.outcome().misses >= 1


def test_events_of_a_script_are_told_as_such(window: BrowserContext) -> None:
    table = laid(window, "bubble-pop")
    table.wait_for(0)
    x, y = table.place(table.target.x, table.target.y)
    table.page.evaluate(
        "([x, y]) => ['pointermove', 'pointerdown', 'pointerup'].forEach((name) => game.surface.dispatchEvent(new PointerEvent(name,"
        "{ clientX: x, clientY: y, pointerType: 'mouse', isPrimary: true, bubbles: true, composed: true })))",
        [x, y],
    )
    table.wait_for(1)
    play(table, pop)
    assert table.outcome().untrusted == 3


def test_what_went_down_elsewhere_and_comes_up_here_is_nobodys(window: BrowserContext) -> None:
    table = laid(window, "bubble-pop")
    table.wait_for(0)
    page = table.page
    page.evaluate("document.querySelector('h1').tabIndex = 0; document.querySelector('h1').focus()")
    page.keyboard.down("Enter")
    table.surface.focus()
    page.keyboard.up("Enter")
    page.mouse.move(30, 30)
    page.mouse.down()
    page.mouse.move(*table.place(20, 20))
    page.mouse.up()
    play(table, pop)
    outcome = table.outcome()
    assert (outcome.violations, outcome.misses) == ({}, 0)


def test_a_press_that_ends_outside_is_taken_away(window: BrowserContext) -> None:
    table = laid(window, "archery")
    table.wait_for(0)
    page = table.page
    page.mouse.move(*table.place(20, 20))
    page.mouse.down()
    page.mouse.move(10, 10)
    page.mouse.up()
    play(table, shoot)
    events = [event for batch in table.batches for event in batch.events]
    assert [event.kind for event in events if event.kind in (Kind.DOWN, Kind.UP, Kind.CANCEL)][:2] == [Kind.DOWN, Kind.CANCEL]
    outcome = table.outcome()
    assert (outcome.violations, outcome.misses) == ({}, 0)


def test_no_animation_runs_where_motion_is_unwelcome(window: BrowserContext) -> None:
    table = laid(window, "bubble-pop", reducedMotion=True)
    running = "game.surface.getRootNode().getAnimations().length"
    for step in range(3):
        table.wait_for(step)
        pop(table)
        assert table.page.evaluate(running) == 0
    moving = laid(window, "bubble-pop")
    moving.wait_for(0)
    pop(moving)
    assert moving.page.evaluate(running) > 0


def test_other_words_are_said(window: BrowserContext) -> None:
    table = laid(window, "bubble-pop", words={"step": "{step} von {steps}", "arrows": ["hoch", "rechts", "runter", "links"]}, dir="rtl")
    expect(table.page.get_by_role("status")).to_have_text(f"1 von 7: {('hoch', 'rechts', 'runter', 'links')[table.target.key]}")
    play(table, pop)
    assert table.outcome().completed


@pytest.mark.parametrize("game", GAMES)
def test_targets_are_large_enough_at_every_width(window: BrowserContext, game: str) -> None:
    table = laid(window, game)
    table.wait_for(0)
    for width in (300, 360, 1280):
        table.page.set_viewport_size({"width": width + 32, "height": 700})
        box = table.surface.bounding_box()
        assert box is not None
        assert box["width"] == width
        assert 2 * table.target.radius * box["width"] / 1000 >= 24
        assert table.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_playfield_that_moves_and_shrinks_is_still_hit(window: BrowserContext) -> None:
    table = laid(window, "bubble-pop")
    table.wait_for(0)
    pop(table)
    table.wait_for(1)
    table.page.set_viewport_size({"width": 500, "height": 500})
    table.page.evaluate("document.querySelector('h1').style.setProperty('height', '120px')")
    play(table, pop)
    outcome = table.outcome()
    assert (outcome.completed, outcome.misses, outcome.violations) == (True, 0, {})


def test_a_server_that_is_out_stops_the_play_and_says_so(window: BrowserContext) -> None:
    table = laid(window, "bubble-pop")
    table.wait_for(0)
    table.page.evaluate("() => { window.fetch = () => Promise.reject(new TypeError('offline')); }")
    pop(table)
    expect(table.page.get_by_role("status")).to_have_text("The connection was lost.")


def test_a_destroyed_game_leaves_nothing_behind(window: BrowserContext) -> None:
    table = laid(window, "snake")
    table.wait_for(0)
    table.page.evaluate("game.destroy()")
    assert table.page.locator("#box > *").count() == 0
    table.page.mouse.move(300, 300)
    table.page.keyboard.press("ArrowUp")
    table.page.wait_for_timeout(400)
    assert not {Kind.MOVE, Kind.KEY} & {event.kind for batch in table.batches for event in batch.events}


def test_there_is_no_game_of_an_unknown_name(window: BrowserContext) -> None:
    table = laid(window, "osu")
    failed = table.page.evaluate(
        "async () => { const { mount } = await import('/games/index.js');"
        "try { await mount(document.body, { game: 'chess' }, {}); } catch (error) { return error.name; } }"
    )
    assert failed == "RangeError"


def test_games_are_small() -> None:
    sizes = {file.name: len(gzip.compress(file.read_bytes(), 9)) for file in sorted((WIDGET / "games").glob("*.js"))}
    assert all(sizes[f"{name}.js"] <= LARGEST_GAME for name in GAMES)
    assert sum(sizes.values()) <= LARGEST_ALL


def test_nothing_comes_from_elsewhere(window: BrowserContext) -> None:
    asked: list[str] = []
    window.on("request", lambda request: asked.append(request.url))
    table = laid(window, "osu")
    table.wait_for(0)
    assert all(url.startswith(ORIGIN) for url in asked)
    assert not any(f"/games/{other}.js" in url for url in asked for other in GAMES if other != "osu"), (
        "games are fetched when they are played"
    )
