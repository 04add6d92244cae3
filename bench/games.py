"""What each game takes of a visitor and of the server: made-up people play every game over the real protocol.

    python -m bench.games [--plays 100] [--json]

The people are those of `playproof.testing`, in time that is made up as well: seconds from the first target shown to the last
one hit, and moving samples of the resampled path, of which a verdict needs 31. What a batch of events costs the server is
measured, on one core; what its renderer weighs is gzip's, beside what all games share. What the figures do not show: how
people of flesh and blood play.
"""

from __future__ import annotations

import argparse
import gzip
import json
from importlib.resources import files
from time import perf_counter

import msgspec
import numpy as np

from bench.machine import machine
from playproof.challenges import GAMES, State, accept, telemetry
from playproof.features import NAMES, extract
from playproof.testing.players import keys_play, person_plays
from playproof.testing.visitor import TEST_KEYS, Played

_FOLDER = "widget/games"
_SAMPLES = NAMES.index("moving_samples")


def measure(game: str, plays: int) -> dict[str, float]:
    """Every figure of one game by name."""
    mouse = [person_plays(game, np.random.default_rng(seed)) for seed in range(plays)]
    keys = [keys_play(game, np.random.default_rng(seed)) for seed in range(plays)]
    seconds = np.array([play.outcome.play_ms for play in mouse]) / 1000.0
    samples = [extract(*telemetry(play.state, play.batches))[_SAMPLES] for play in mouse]
    return {
        "targets": mouse[0].outcome.targets,
        "by mouse, seconds, median": float(np.median(seconds)),
        "by mouse, seconds, nine in ten": float(np.quantile(seconds, 0.9)),
        "by mouse, moving samples, median": float(np.median(samples)),
        "by mouse, moving samples, least": float(np.min(samples)),
        "by mouse, batches, median": float(np.median([len(play.sent) for play in mouse])),
        "by mouse, plays with a miss, share": float(np.mean([play.outcome.misses > 0 for play in mouse])),
        "by keys, seconds, median": float(np.median([play.outcome.play_ms for play in keys])) / 1000.0,
        "completed, share": float(np.mean([play.outcome.completed for play in mouse + keys])),
        "with a violation or late, share": float(np.mean([bool(p.outcome.violations) or not p.outcome.prompt for p in mouse + keys])),
        "state, bytes, most": float(max(len(msgspec.msgpack.encode(sent.before)) for play in mouse for sent in play.sent)),
        "a batch at the server, us, median": float(np.median([cost for play in mouse[:20] for cost in _costs(play)])),
        "renderer, bytes": float(_weight(f"{game}.js")),
        "with what all share, bytes": float(_weight(f"{game}.js") + sum(_weight(name) for name in _shared())),
    }


def _shared() -> list[str]:
    return [file.name for file in files("playproof.web").joinpath(_FOLDER).iterdir() if file.name.removesuffix(".js") not in GAMES]


def _weight(name: str) -> int:
    return len(gzip.compress(files("playproof.web").joinpath(_FOLDER, name).read_bytes(), 9))


def _costs(play: Played) -> list[float]:
    """Microseconds to take the state from bytes, accept a batch and make bytes again, for each batch."""
    costs = []
    for sent in play.sent:
        kept = msgspec.msgpack.encode(sent.before)
        started = perf_counter()
        state = msgspec.msgpack.decode(kept, type=State)
        msgspec.msgpack.encode(accept(state, sent.batch, keys=TEST_KEYS, now=sent.arrived)[0])
        costs.append((perf_counter() - started) * 1e6)
    return costs


def main() -> None:
    """Measure every game and print the figures."""
    parser = argparse.ArgumentParser(description="What each game takes of a visitor and of the server.")
    parser.add_argument("--plays", type=int, default=100, help="plays of each game by mouse, and as many by keys")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    arguments = parser.parse_args()
    figures = {game: measure(game, arguments.plays) for game in GAMES}
    if arguments.json:
        print(json.dumps({"machine": machine(), "plays": arguments.plays, **figures}, indent=2))
        return
    print(f"{machine()}\n{arguments.plays} plays of each game by mouse and by keys")
    print(f"  {'':<38}" + "".join(f"{game:>12}" for game in GAMES))
    for name in next(iter(figures.values())):
        print(f"  {name:<38}" + "".join(f"{figures[game][name]:>12,.2f}" for game in GAMES))


if __name__ == "__main__":
    main()
