"""Finished plays sent again: as they were, to their own challenge and to new ones; and changed, each movement aimed at the new targets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from bench.protocol_people import PAUSE_S, People, Play, Tally, fresh_place, plays
from bench.replay import share
from bench.strokes import CHOICE, Hand, Stroke
from bench.visitors import Copy, Place, Recorded, played, resent
from playproof.challenges import GAMES
from playproof.challenges.events import Kind
from playproof.evaluation import warps
from playproof.telemetry import Session

Rng = np.random.Generator
Change = Callable[[Session, Rng], Session]

PIXEL = 1000.0 / 400.0
"""Of the visitors' screens, units."""

CHANGES: Mapping[str, Change] = {
    "nothing": lambda session, _: session,
    "shifted": lambda session, rng: warps.placed(session, 1.0, complex(*rng.normal(0.0, 100.0, 2))),
    "scaled, by 0.6 to 1.6": lambda session, rng: warps.placed(session, np.exp(rng.uniform(-0.5, 0.5))),
    "rotated by any angle": lambda session, rng: warps.placed(session, np.exp(1j * rng.uniform(-np.pi, np.pi))),
    "mirrored": lambda session, _: warps.mirrored(session),
    "retimed, 0.7 to 1.4 times as long": lambda session, rng: warps.retimed(session, float(np.exp(rng.uniform(-0.35, 0.35)))),
    "pace wavering by 10 %": lambda session, rng: warps.time_warped(session, 0.1, rng),
    "pace wavering by 20 %": lambda session, rng: warps.time_warped(session, 0.2, rng),
    "jitter of a pixel and 1 ms": lambda session, rng: warps.jittered(session, PIXEL, 1.0, rng),
}
"""What is done to the whole play before each of its movements is aimed anew."""
SPLICED = "spliced: half of one play, half of another"
REORDERED = "each movement where it fits best"
BARRED = ("shifted", "scaled, by 0.6 to 1.6", "rotated by any angle", "retimed, 0.7 to 1.4 times as long", SPLICED)
"""Those that the bar is set for."""
ALL = (*CHANGES, SPLICED, REORDERED)


def held(visitor: Recorded) -> Session:
    """What somebody has who listened: where the pointer was when, and as clicks when each movement began and ended."""
    moves = [event for sent in visitor.sent for event in sent.batch.events if event.kind is Kind.MOVE]
    marks = np.array(visitor.spans).ravel()
    t = np.array([event.t for event in moves])
    z = np.array([complex(event.x, event.y) for event in moves])
    at = np.interp(marks, t, z.real) + 1j * np.interp(marks, t, z.imag)
    return Session(
        id=None,
        game_type=visitor.game.name,
        device_type="mouse",
        duration_ms=float(max(t[-1], marks[-1])),
        t=t,
        x=z.real.copy(),
        y=z.imag.copy(),
        trusted=None,
        click_t=marks,
        click_x=at.real.copy(),
        click_y=at.imag.copy(),
        click_hit=None,
        hits=None,
        misses=None,
        ignored_fields=0,
    )


def cut(session: Session) -> list[Stroke]:
    """The movements between its marks."""
    times, places = warps.ordered(session)
    strokes = []
    for begin, end in session.click_t.reshape(-1, 2).tolist():
        inside = (times > begin) & (times <= end)
        if inside.any():
            start = complex(np.interp(begin, times, places.real), np.interp(begin, times, places.imag))
            stroke = Stroke(np.concatenate([[0.0], times[inside] - begin]), np.concatenate([[start], places[inside]]), end - begin)
            strokes += [stroke] if abs(stroke.way) >= warps.NO_CHORD_PX else []
    return strokes


def changed(name: str, play: Play, other: Play, rng: Rng) -> Hand:
    """The movements of `play` after the change of that name, and of `other` where two are mixed, to be made in turn."""
    if name == REORDERED:
        return Hand(cut(held(play.visitor)), CHOICE, endless=True)
    if name != SPLICED:
        return Hand(cut(CHANGES[name](held(play.visitor), rng)), 1, endless=True)
    one, two = cut(held(play.visitor)), cut(held(other.visitor))
    return Hand([*one[: len(one) // 2], *two[len(two) // 2 :]], 1, endless=True)


def second_uses(place: Place, game: str, firsts: Sequence[Play], rng: Rng) -> dict[str, Tally]:
    """Each of `firsts` once more, by turns after each of the changes."""
    tallies = {name: Tally() for name in ALL}
    for number, play in enumerate(firsts):
        name = ALL[number % len(ALL)]
        place.clock.advance(PAUSE_S)
        hand = changed(name, play, firsts[(number + 1) % len(firsts)], rng)
        tallies[name].add(played(Recorded(place, game, rng, hand)))
    return tallies


def copies(place: Place, firsts: Sequence[Play]) -> tuple[Tally, int, int]:
    """Each of `firsts` event by event to a new challenge; and of the batches sent to its own again how many were taken, and were sent."""
    tally, taken, sent = Tally(), 0, 0
    for play in firsts:
        place.clock.advance(PAUSE_S)
        tally.add(Copy(place, play.visitor).verdict)
        taken += resent(place, play.visitor)
        sent += len(play.visitor.sent)
    return tally, taken, sent


def replay_tables(people: People, memory: Path, seed: int, count: int) -> dict[str, list[str]]:
    """`count` plays of each game finished once, once more after a change, and once more as they were."""
    exact = [
        "| game | as they were, to a new challenge: pass | fail | reasons | batches to their own challenge again: taken |",
        "| --- | ---: | ---: | --- | ---: |",
    ]
    firsts_lines = ["| game | people | plays | pass | fail |", "| --- | ---: | ---: | ---: | ---: |"]
    per_game: dict[str, dict[str, Tally]] = {}
    why = ["| game | second uses that passed | reasons given to all of them |", "| --- | ---: | --- |"]
    for game in GAMES:
        rng = np.random.default_rng(seed)
        with fresh_place(memory) as place:
            firsts = list(plays(place, game, people, rng, count))
            first = Tally()
            for play in firsts:
                first.add(play.verdict)
            who = len({play.who for play in firsts})
            firsts_lines.append(f"| `{game}` | {who} | {first.total} | {first.share('pass')} | {first.share('fail')} |")
            per_game[game] = second_uses(place, game, firsts, rng)
            again, taken, sent = copies(place, firsts)
        exact.append(f"| `{game}` | {again.share('pass')} | {again.share('fail')} | {again.why()} | {share(taken, sent)} |")
        everything = merged(per_game[game].values())
        why.append(f"| `{game}` | {everything.share('pass')} | {everything.why()} |")
    return {"First uses": firsts_lines, "Sent again as they were": exact, "Changed and aimed anew": [*_changes(per_game), "", *why]}


def merged(tallies: Iterable[Tally]) -> Tally:
    """All of `tallies` as one."""
    whole = Tally()
    for tally in tallies:
        whole.decisions.update(tally.decisions)
        whole.reasons.update(tally.reasons)
    return whole


def _changes(per_game: Mapping[str, Mapping[str, Tally]]) -> list[str]:
    lines = [
        f"| change, then aimed anew | {' | '.join(f'`{game}`' for game in per_game)} | all |",
        "| --- |" + " ---: |" * (len(per_game) + 1),
    ]
    rows = [*((name, (name,)) for name in ALL), ("**the five that the bar is set for**", BARRED), ("**all**", ALL)]
    for title, names in rows:
        cells = [merged(tallies[name] for name in names) for tallies in per_game.values()]
        shares = [cell.share("pass") for cell in (*cells, merged(cells))]
        lines.append(f"| {title} | {' | '.join(shares)} |")
    return lines
