"""What people's plays of the challenge's games are taken for: other people's on one layout, and one person's own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from bench.protocol_people import SPARE, People
from bench.replay import rare
from bench.strokes import Hand, OutOfStrokes
from bench.visitors import Moving
from playproof.challenges import GAMES, View, issue
from playproof.challenges.memory_index import MemoryIndex
from playproof.challenges.replay import MATCH, compare, nearest
from playproof.challenges.session import telemetry
from playproof.challenges.signature import sign
from playproof.telemetry import Session
from playproof.testing.players import play_by_mouse
from playproof.testing.visitor import TEST_KEYS

SECRET_BYTES = 64


class Alone(Moving):
    """Somebody who plays with recorded movements where nothing is kept; who is given the same `secret` has the same layout."""

    def __init__(self, game: str, rng: np.random.Generator, hand: Hand, secret: bytes) -> None:
        self.hand = hand
        self._secret = secret
        super().__init__(game, rng, latency_ms=40.0, step_ms=8.0, width=400.0)

    def begin(self) -> View:
        """Have a challenge issued."""
        self.state, view = issue(
            self.game.name, challenge_id="one", random=lambda count: self._secret[:count], keys=TEST_KEYS, now=self.issued_at
        )
        return view


def session_of(visitor: Alone) -> Session:
    """What the service makes of the game, played to its end."""
    done = play_by_mouse(visitor)
    return telemetry(done.state, done.batches)[0]


def sessions(game: str, people: People, rng: np.random.Generator, secret: bytes | None, most: int) -> Iterator[tuple[str, Session]]:
    """People's plays by turns, as long as enough movements are left, `most` in all; on one layout, or without `secret` each on its own."""
    hands = {who: Hand(strokes) for who, strokes in people.items()}
    count = 0
    while hands:
        for who, hand in list(hands.items()):
            if count == most:
                return
            try:
                if len(hand) < GAMES[game].parameters.steps + SPARE:
                    raise OutOfStrokes
                session = session_of(Alone(game, rng, hand, secret or rng.bytes(SECRET_BYTES)))
            except OutOfStrokes:
                del hands[who]
                continue
            count += 1
            yield who, session


def pairs_table(people: People, seed: int, most: int) -> list[str]:
    """Pairs of plays that are taken for one another: `most` of different people, and all of one person's."""
    found: dict[str, dict[str, NDArray[np.float64]]] = {}
    for game in GAMES:
        rng = np.random.default_rng(seed)
        # So many plays have `most` pairs, and a few more for those of one person among them.
        plays = list(sessions(game, people, rng, rng.bytes(SECRET_BYTES), round((2.1 * most) ** 0.5)))
        following, own = _own(list(sessions(game, people, rng, None, 3 * len(plays) // 2)))
        found[game] = {
            "different people on one layout, pairs": _different(plays, most),
            "each looked up among the plays of half of the people": _looked_up(plays),
            "one person's plays, one after the other": following,
            "any two plays of one person": own,
        }
    titles = [f"`{game}`: matched" for game in found]
    lines = [f"| plays compared | {' | '.join(titles)} | all games | highest log odds |", f"| --- |{' ---: |' * (len(titles) + 2)}"]
    for kind in next(iter(found.values())):
        odds = [per_kind[kind] for per_kind in found.values()]
        shares = [rare(int((each > MATCH).sum()), each.size) for each in (*odds, np.concatenate(odds))]
        lines.append(f"| {kind} | {' | '.join(shares)} | {max(each.max() for each in odds):.1f} |")
    return lines


def _different(plays: Sequence[tuple[str, Session]], most: int) -> NDArray[np.float64]:
    """Log odds of pairs of different people, each pair once, up to `most`."""
    signatures, found, count = [sign(session) for _, session in plays], [], 0
    for i, (who, _) in enumerate(plays):
        others = [signatures[j] for j in range(i) if plays[j][0] != who][: most - count]
        if others:
            found.append(compare(signatures[i], others))
            count += len(others)
    return np.concatenate(found)


def _looked_up(plays: Sequence[tuple[str, Session]]) -> NDArray[np.float64]:
    """Log odds of what is found for each play among all plays of other people, at any pace."""
    people = sorted({who for who, _ in plays})
    halves = [[session for who, session in plays if people.index(who) % 2 == half] for half in (0, 1)]
    found = []
    for here, there in (halves, halves[::-1]):
        index = MemoryIndex([sign(session) for session in there])
        matches = [nearest(session, index) for session in here]
        found += [match.log_odds if match else 0.0 for match in matches]
    return np.array(found)


def _own(plays: Sequence[tuple[str, Session]]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Log odds of each person's plays with the one before, and of any two."""
    following, own = [np.empty(0)], [np.empty(0)]
    for person in sorted({who for who, _ in plays}):
        signatures = [sign(session) for who, session in plays if who == person]
        for place in range(1, len(signatures)):
            odds = compare(signatures[place], signatures[:place])
            own.append(odds)
            following.append(odds[-1:])
    return np.concatenate(following), np.concatenate(own)
