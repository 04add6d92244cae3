"""What a browser could tell a pass from a fail by: the bytes of the answer to a finish, and how long it takes.

    python -m bench.timing FOLDER [--count 1000] [--memory /dev/shm] [--page docs/protocol.md]

FOLDER holds human-train.jsonl.gz. Its people play bubble-pop and pass; by turns with them others end as many plays, just as long, that
fail: copies of earlier plays aimed at the new targets, and plays of which the browser says that a script made the events. The finishes go
through the whole application, middleware and all, without a network; the store is SQLite in a folder of `--memory`.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import httpx
import msgspec
import numpy as np

from bench.machine import machine
from bench.page import put
from bench.protocol import MANY, SEED
from bench.protocol_people import PAUSE_S, SPARE, People, fresh_place, people_of
from bench.protocol_replays import cut, held
from bench.strokes import Hand, Stroke
from bench.visitors import Place, Recorded, played
from playproof.batch.runtime import Batch as Queued
from playproof.challenges import GAMES, Answer, Batch
from playproof.challenges.events import UNTRUSTED
from playproof.evaluation.corpora import read_corpus
from playproof.evaluation.metrics import DRAWS, roc_auc
from playproof.observe.metrics import Metrics
from playproof.store import Live
from playproof.testing.visitor import Played
from playproof.tokens.verifier import Verifier
from playproof.web.app import create_app
from playproof.web.auth import Keys, Neighbourhood
from playproof.web.retention import Retention
from playproof.web.services import Limits, Services

GAME = "bubble-pop"
COPIED, SCRIPTED = "copies aimed anew", "made by a script"


class Door:
    """The application in this process, over a place."""

    def __init__(self, place: Place) -> None:
        no_batch, no_verifier = cast("Queued", None), cast("Verifier", None)
        services = Services(
            place.service,
            place.store,
            Keys(),
            Neighbourhood.of("127.0.0.1"),
            Metrics(),
            Limits(2 * 1024**2, 10.0),
            place.clock,
            {},
            no_batch,
            place.desk,
            no_verifier,
        )
        app: Any = create_app(services, Retention(timedelta(7), timedelta(7), Live()), None)
        self._loop = place.loop
        self._http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8000")

    def finish(self, name: str, receipt: str) -> tuple[httpx.Response, float]:
        """The answer to a finish, and the milliseconds it took."""
        content = msgspec.json.encode({"receipt": receipt})
        headers = {"Content-Type": "application/json", "Origin": "https://shop.example"}
        begun = time.perf_counter()
        request = self._http.post(f"/api/v1/challenges/{name}/finish", content=content, headers=headers)
        response = self._loop.run_until_complete(request)
        return response, (time.perf_counter() - begun) * 1e3


@dataclass(frozen=True, slots=True)
class Seen:
    """What a browser sees of a finish."""

    decision: str
    """Which it does not see."""
    milliseconds: float
    size: int
    """Bytes of the body."""
    headers: tuple[str, ...]


class Finisher(Recorded):
    """Somebody who finishes through the door."""

    def __init__(self, place: Place, door: Door, rng: np.random.Generator, hand: Hand, *, scripted: bool = False) -> None:
        self._door = door
        self._scripted = scripted
        super().__init__(place, GAME, rng, hand)

    def deliver(self, batch: Batch, arrived: int) -> Answer:
        """Hand over a batch, with what the browser says of who made it."""
        if self._scripted:
            events = tuple(msgspec.structs.replace(event, flags=event.flags | UNTRUSTED) for event in batch.events)
            batch = msgspec.structs.replace(batch, events=events)
        return super().deliver(batch, arrived)

    def end(self, now: int) -> Played:
        """Finish the challenge."""
        self.place.until(now)
        response, self.took = self._door.finish(self.name, self.receipt)
        assert response.status_code == 200, response.text
        self.size, self.headers = len(response.content), tuple(sorted(response.headers))
        return Played(self.state, self.sent, None)  # type: ignore[arg-type]

    def seen(self) -> Seen:
        """Play, and look at the answer."""
        verdict = played(self)
        return Seen(verdict.decision, self.took, self.size, self.headers)


def measure(place: Place, hands: Iterator[Hand], count: int) -> dict[str, list[Seen]]:
    """`count` passes and as many fails, by turns, of each kind of visitor."""
    door, rng = Door(place), np.random.default_rng(SEED)
    found: defaultdict[str, list[Seen]] = defaultdict(list)
    earlier: list[Stroke] = []
    while min(len(found["pass"]), len(found[COPIED]) + len(found[SCRIPTED])) < count:
        place.clock.advance(PAUSE_S)
        honest = Finisher(place, door, rng, next(hands))
        seen = honest.seen()
        if seen.decision != "pass":
            continue
        earlier = cut(held(honest))
        found["pass"].append(seen)
        place.clock.advance(PAUSE_S)
        copied = len(found["pass"]) % 2 == 0
        hand = Hand(earlier, 1, endless=True) if copied else next(hands)
        seen = Finisher(place, door, rng, hand, scripted=not copied).seen()
        if seen.decision == "fail":
            found[COPIED if copied else SCRIPTED].append(seen)
    return found


def turns(people: People) -> Iterator[Hand]:
    """The people's hands by turns, as long as they have movements enough for another game."""
    hands = [Hand(strokes) for strokes in people.values()]
    while hands:
        hands = [hand for hand in hands if len(hand) >= GAMES[GAME].parameters.steps + SPARE]
        yield from hands


def area(passed: Sequence[Seen], failed: Sequence[Seen]) -> str:
    """The chance that a fail takes longer than a pass, with a bootstrap interval over finishes."""
    rng = np.random.default_rng(SEED)
    one, two = (np.array([seen.milliseconds for seen in group]) for group in (passed, failed))
    drawn = [roc_auc(rng.choice(one, one.size), rng.choice(two, two.size)) for _ in range(DRAWS)]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return f"{roc_auc(one, two):.3f} ({low:.3f} to {high:.3f})"


def table(found: Mapping[str, Sequence[Seen]]) -> list[str]:
    """Each kind of finish beside those that pass."""
    kinds = {"pass": found["pass"], **{f"fail: {kind}": found[kind] for kind in (COPIED, SCRIPTED)}}
    kinds["fail: all"] = [*found[COPIED], *found[SCRIPTED]]
    lines = [
        "| finish | answers | bytes | headers | median, ms | p95, ms | chance that it takes longer than a pass |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for kind, seen in kinds.items():
        took = [each.milliseconds for each in seen]
        sizes, headers = sorted({each.size for each in seen}), {each.headers for each in seen}
        cells = [kind, len(seen), ", ".join(map(str, sizes)), f"{len(headers)} set of {len(next(iter(headers)))}"]
        cells += [f"{np.median(took):.2f}", f"{np.quantile(took, 0.95):.2f}", "–" if kind == "pass" else area(found["pass"], seen)]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return lines


def main() -> None:
    """Measure and print, or write into a page."""
    parser = argparse.ArgumentParser(description="What a browser could tell a pass from a fail by.")
    parser.add_argument("folder", type=Path, help="where the recorded people are")
    parser.add_argument("--count", type=int, default=1_000, help="passes, and fails")
    parser.add_argument("--memory", type=Path, default=Path("/dev/shm"), help="a folder for the store")  # noqa: S108 - that is the place
    parser.add_argument("--page", type=Path, help="a page to put the figures into")
    given = parser.parse_args()
    records = read_corpus([given.folder / "human-train.jsonl.gz"]).records
    people = people_of(record for record in records if record.labels.source == MANY)
    with fresh_place(given.memory) as place:
        lines = [f"{machine()}; store in `{given.memory}`.", "", *table(measure(place, turns(people), given.count))]
    print("\n".join(lines))
    if given.page:
        put(given.page, "bench.timing", "\n".join(lines))


if __name__ == "__main__":
    main()
