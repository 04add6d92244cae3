"""The page about games, written from their parameters and rules."""

from __future__ import annotations

from playproof.challenges import contract
from playproof.challenges.challenge import LIFETIME_MS, MOST_BATCHES
from playproof.challenges.contract import VIOLATIONS, Violation
from playproof.challenges.events import HEIGHT, MOST_EVENTS, WIDTH, Key, Kind
from playproof.challenges.games import GAMES
from playproof.challenges.games.archery import Archery
from playproof.challenges.games.base import Parameters
from playproof.challenges.games.osu import Osu
from playproof.challenges.games.snake import Snake
from playproof.challenges.refusal import REFUSALS, Refusal

_NARROW_PX = 300

_HEAD = """# Games

This page is written from the code by `make docs`.

A game is there so that a visitor moves. It is easy on purpose: nobody is kept out by a riddle, and what is judged is the way there. Each has a
few targets, one after the other, each where only the server knew it would be until the one before was hit.

## What each asks

| game | by pointer | by keyboard | where motion is unwelcome |
| --- | --- | --- | --- |
"""

_ASKED = {
    "bubble-pop": (
        "press on the bubble; the next appears elsewhere",
        "press the arrow key that stands on the bubble; it is also said to screen readers",
        "bubbles neither grow nor burst",
    ),
    "osu": (
        f"press on the circle when the ring meets it, every {Osu.parameters.beat_ms} ms, at most {Osu.parameters.window_ms} ms early or late",
        "press Space or Enter at such a time",
        "no ring closes in: four parts around the circle light up one after the other, and darken when it is time",
    ),
    "snake": (
        f"lead the head to the apple, which it eats by touching: it goes to the pointer, {Snake.parameters.speed} units a second",
        f"arrow keys send it on by {Snake.parameters.stride} units, on a lattice from which any apple is within reach",
        "it moves, because that is the game; nothing else does",
    ),
    "archery": (
        f"let go on the target, which goes to and fro: {Archery.parameters.travel_ms} ms on its way, {Archery.parameters.rest_ms} ms at rest",
        "press Space or Enter while it is in the cross-hairs, which stand at the far place and are shown to who uses keys",
        "it is not seen travelling: it appears pale where it goes to, and solid once it is there",
    ),
}

_ACCESS = f"""
What holds for all of them:

* **No dragging.** A press needs no way between down and up; a snake goes to where it is tapped.
* **No clock to beat.** Targets stay until they are hit, and a miss costs nothing but another try. A challenge lives {LIFETIME_MS // 1000} s; a new one may
  be had at any time.
* **Targets of at least 24 px** across where the playfield is {_NARROW_PX} px wide, the narrowest it is made for; a slack around them counts as
  well, a larger one for fingers.
* **No cue by colour alone**: progress is a tick in a ring, a hit a tick, a miss a cross and a word; "now" is a thicker ring; all of it
  keeps an outline, and Windows' contrast themes are obeyed.
* **Focus** is shown; Tab leaves the playfield, and no other key than arrows, Space and Enter is taken.
* **Reduced motion** is the host's to say (`reducedMotion`), light or dark too (`theme`); colours are `--playproof-*` properties.

Osu and archery ask for good timing, all but bubble-pop for sight. [The widget](widget.md) has a way beside every game that asks for neither.
Play by keys leaves no movement: it is told apart (`device` is `keyboard` as soon as one target was hit by a key) and never judged by
the model of pointers. Taps leave little: fingers that only tap give the evidence floor of a verdict nothing to stand on.

## Layout

The playfield is {WIDTH} units wide and {HEIGHT} high, x to the right and y downwards, whatever its size on the screen. The server draws 32 random bytes for each
challenge and keeps them. The seed of a step is the first 16 bytes of an HMAC-SHA256 under that secret, over a framed message of a label, the
challenge's id, the game and the step's number: whoever knows the seeds of some steps knows nothing of the others. From its seed, and the target
before it, each step is laid out by the same rules in Python and in JavaScript: xoshiro128** 1.1, whole numbers, the first of at most
twelve draws that is far enough from the target before.
A test draws a hundred challenges of each game in both and finds them equal.

"""

_EVENTS = f"""
## What a browser sends

Batches of 1 to {MOST_EVENTS} events, at each press and otherwise every 200 ms, one on its way at a time and at most {MOST_BATCHES} a challenge:

```json
{{"sequence": 3, "receipt": "k1.9Xc…", "events": [[1204.5, 512.5, 301.04, 0, 0], [1212.4, 518.75, 300, 1, 0]]}}
```

An event is `[t, x, y, kind, flags]`: milliseconds since the game came up, units, and

| kind | | value in the low eight bits of `flags` |
| --- | --- | --- |
"""

_KINDS = {
    Kind.MOVE: ("the pointer is there; at most 125 a second", "device: 0 mouse, 1 touch, 2 pen"),
    Kind.DOWN: ("it was pressed", "device"),
    Kind.UP: ("it was let go", "device"),
    Kind.CANCEL: ("the press was taken away by the browser, or ended outside", "device"),
    Kind.KEY: (
        "a key went down",
        "key: " + ", ".join(f"{key.value} {'Space or Enter' if key is Key.ACT else key.name.lower()}" for key in Key),
    ),
    Kind.RELEASE: ("it came up", "key"),
    Kind.SHOWN: ("the target of a step was drawn", "step, from 0"),
    Kind.TICK: ("time went on, and a snake with it", ""),
}

_RECEIPTS = """
256 in the flags says that the browser holds a script for the author of the event. There is no event that says *hit*.

The answer has the next receipt and the step that is to be played now, the same until it is hit. A receipt is an HMAC-SHA256, with the id of its
key, over challenge, number and content of the batch, the receipt before and the time of arrival. So batches come one after the other, each
made after the answer to the one before, or they are refused, which changes nothing of the challenge:

| refused as | because |
| --- | --- |
"""

_REFEREE = """
## What the referee works out

Hits, misses and their times follow from the secret and the events alone. A press counts against the target that is shown then; before a target is
shown, and after it is hit, presses are nobody's. A hit earlier than {soonest} ms after the target was shown is none. The head of a
snake is moved at the server tick by tick, as in the browser, towards the pointer as it was reported.

What cannot be is counted by rule, and told to nobody but the site's own server later:

| violation | |
| --- | --- |
"""

_TAIL = f"""
Clocks may part by {contract.DRIFT_MS:.0f} ms. The browser's clock is placed by the promptest batch. A batch {contract.LATE_MS / 1000:g} s later than that, or a target that is
shown so long after it was revealed, is no violation; it makes the whole play less trusted (`prompt` is false).

The outcome says whether every target was hit, by which kind of input, hits and misses, how long each hit took, and the violations. It is no
score. The events become a session, and the targets a context, for the [features](features.md). Units count as pixels there, so that the size of a screen does
not decide ([why](adr/0011-games.md)).

## Mounting one

```js
import {{ mount }} from "./games/index.js";

const game = await mount(element, view, {{
  onEvents: (batch) => send(batch), // a promise of the server's answer; the next batch waits for it
  onDone: () => finish(),
  reducedMotion: matchMedia("(prefers-reduced-motion: reduce)").matches,
  theme: "auto",
}});
game.destroy();
```

`view` is what the server gave with the challenge. The modules need no build, write nothing to the console, and run under a policy that allows
scripts and styles from their own origin and nothing else, Trusted Types included.

`python -m bench.games` prints what each game takes of made-up people and of the server.
"""


def render() -> str:
    """The text of docs/games.md."""
    asked = [f"| `{name}` | {' | '.join(_ASKED[name])} |\n" for name in GAMES]
    kinds = [f"| {kind.value} | {_KINDS[kind][0]} | {_KINDS[kind][1]} |\n" for kind in Kind]
    refusals = [f"| `{refusal}` | {REFUSALS[refusal]} |\n" for refusal in Refusal]
    violations = [f"| `{violation}` | {VIOLATIONS[violation]} |\n" for violation in Violation]
    soonest = next(iter(GAMES.values())).parameters.soonest_ms
    parts = [_HEAD, *asked, _ACCESS, *_parameters(), _EVENTS, *kinds, _RECEIPTS, *refusals]
    return "".join([*parts, _REFEREE.format(soonest=soonest), *violations, _TAIL])


def _parameters() -> list[str]:
    yards = "| game | targets | across, units | where the field is 300 px wide | apart, at least | from the edge, at least | slack: mouse, finger |\n"
    return [yards, "| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n", *(_yard(name, game.parameters) for name, game in GAMES.items())]


def _yard(name: str, parameters: Parameters) -> str:
    across = 2 * parameters.radius
    slack = "none" if name == Snake.name else f"{parameters.slack}, {parameters.touch_slack}"
    pixels = across * _NARROW_PX / WIDTH
    return f"| `{name}` | {parameters.steps} | {across} | {pixels:.1f} px | {parameters.far} | {parameters.margin} | {slack} |\n"
