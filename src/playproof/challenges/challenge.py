"""A challenge from issue to outcome, as pure functions over a state that a store keeps as bytes.

The state is small and bounded: the events themselves are not in it. Who calls `accept` keeps the batches beside it, for
`playproof.challenges.session`, and replaces the state only where the stored one still has the sequence it began from.
"""

from __future__ import annotations

from collections import Counter

import msgspec

from playproof.challenges import contract, receipts, referee
from playproof.challenges.contract import Conduct, Timing, Violation
from playproof.challenges.events import HEIGHT, WIDTH, Batch, Device
from playproof.challenges.games import GAMES
from playproof.challenges.games.base import Parameters
from playproof.challenges.receipts import KeyRing, Link
from playproof.challenges.referee import Play
from playproof.challenges.refusal import Refusal
from playproof.challenges.seeds import new_secret, step_seed
from playproof.ids import RandomBytes

LIFETIME_MS = 120_000
"""From issue to finish; long enough to play any game by keyboard at leisure."""
MOST_BATCHES = 600
"""Of a challenge: one every 200 ms of its life, and no more movements than a session may have."""

_DEVICES = {Device.MOUSE: "mouse", Device.TOUCH: "touch", Device.PEN: "stylus", Device.KEYS: "keyboard"}


class State(msgspec.Struct, frozen=True, kw_only=True):
    """All that the server must know of an open challenge, apart from the events. Times in ms since 1970, UTC."""

    id: str
    game: str
    secret: bytes
    issued_at: int
    expires_at: int
    closed_at: int | None = None
    """When it was finished; a closed challenge takes nothing any more."""
    link: Link
    """What the latest receipt vouches for."""
    revealed_at: tuple[int, ...]
    """When each target was revealed that was so far, by the server's clock."""
    timing: Timing = Timing()
    conduct: Conduct = Conduct()
    play: Play


class Reveal(msgspec.Struct, frozen=True):
    """What the browser may know of the step that is to be played."""

    step: int
    seed: str
    """16 bytes in hexadecimal: the target is laid out from them and the target before."""


class View(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """What the browser gets when a challenge is issued."""

    id: str
    game: str
    width: int = WIDTH
    height: int = HEIGHT
    expires_in: int
    """Milliseconds."""
    parameters: Parameters
    reveal: Reveal
    receipt: str


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What the browser gets for a batch of events."""

    sequence: int
    """Batches accepted so far; the next has one more."""
    receipt: str
    reveal: Reveal | None
    """The step to play now, the same until it is hit; `None` where all are."""


class Refused(msgspec.Struct, frozen=True):
    """A batch or a finish that is not taken."""

    reason: Refusal
    answer: Answer | None = None
    """Where the challenge stands, to the sender of a `DUPLICATE` alone."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a challenge, without any judgement of who played."""

    game: str
    completed: bool
    """Every target was hit, in time."""
    expired: bool
    """It was finished after its time was over."""
    device: str
    """mouse, touch or stylus, where every hit was made with a pointer: what made most; keyboard, where any was not; else unknown."""
    targets: int
    """Of the whole game."""
    hits: int
    misses: int
    hit_ms: tuple[float, ...]
    """From shown to hit, each."""
    play_ms: float
    """From the first target shown to the last one hit."""
    prompt: bool
    """Everything came in time. False is a late or offline buffer: it can be trusted less."""
    events: int
    untrusted: int
    """Events that the browser says a script made."""
    violations: dict[Violation, int]
    """How many events broke which rule."""


def issue(
    game: str, *, challenge_id: str, random: RandomBytes, keys: KeyRing, now: int, lifetime_ms: int = LIFETIME_MS
) -> tuple[State, View]:
    """A new challenge of `game` at `now`, and what its browser gets. Raises `KeyError` where there is no such game."""
    rules = GAMES[game]
    secret = new_secret(random)
    state = State(
        id=challenge_id,
        game=game,
        secret=secret,
        issued_at=now,
        expires_at=now + lifetime_ms,
        link=receipts.first_link(now),
        revealed_at=(now,),
        play=Play(rules.begin()),
    )
    view = View(
        id=challenge_id,
        game=game,
        expires_in=lifetime_ms,
        parameters=rules.parameters,
        reveal=_reveal(state, 0),
        receipt=receipts.receipt(keys, challenge_id, state.link),
    )
    return state, view


def accept(state: State, batch: Batch, *, keys: KeyRing, now: int) -> tuple[State, Answer | Refused]:
    """The state after `batch` arrived at `now`, and what its browser gets; where it is refused, the state is `state` itself."""
    refused = _refused(state, batch, keys, now)
    if refused:
        return state, refused
    game = GAMES[state.game]
    timing = state.timing.arrived(batch.events[-1].t, now)
    conduct, play = state.conduct, state.play
    if contract.ahead(batch, state.issued_at, now):
        conduct = conduct.broken(Violation.CLOCK_AHEAD)
    revealed = referee.targets(game, state.secret, state.id, len(state.revealed_at))
    for event in batch.events:
        conduct = contract.watch(conduct, event)
        before = play
        play, violation = referee.judge(game, play, event, conduct.device, revealed)
        broken = [violation] if violation else []
        if play.shown is not None and before.shown is None:
            timing, possible = timing.shown(play.shown, state.revealed_at[play.step])
            broken += [] if possible else [Violation.BEFORE_REVEAL]
        if play.step > before.step:
            broken += _waiting(play, now - state.revealed_at[before.step], game.parameters.soonest_ms)
        conduct = conduct.broken(*broken)
    revealed_at = state.revealed_at
    if play.step == len(revealed_at) < game.parameters.steps:
        revealed_at = (*revealed_at, now)
    link = Link(batch.sequence, receipts.digest(batch), batch.receipt, now)
    after = msgspec.structs.replace(state, link=link, revealed_at=revealed_at, timing=timing, conduct=conduct, play=play)
    return after, _answer(after, keys)


def finish(state: State, *, receipt: str, keys: KeyRing, now: int) -> tuple[State, Outcome | Refused]:
    """The closed state and what came of the challenge. It is closed for good, whatever that is, unless `receipt` is not its latest."""
    if state.closed_at is not None:
        return state, Refused(Refusal.CLOSED)
    forged = receipts.forgery(keys, state.id, state.link, receipt)
    if forged:
        return state, Refused(Refusal(forged))
    hits, steps = state.play.hits, GAMES[state.game].parameters.steps
    expired = now > state.expires_at
    outcome = Outcome(
        game=state.game,
        completed=len(hits) == steps and not expired,
        expired=expired,
        device=input_class(state),
        targets=steps,
        hits=len(hits),
        misses=state.play.misses,
        hit_ms=tuple(hit.t - hit.shown for hit in hits),
        play_ms=hits[-1].t - hits[0].shown if hits else 0.0,
        prompt=not state.timing.late,
        events=state.conduct.events,
        untrusted=state.conduct.untrusted,
        violations=dict(state.conduct.violations),
    )
    return msgspec.structs.replace(state, closed_at=now), outcome


def input_class(state: State) -> str:
    """The input class of a play: who hits a single target by key is not judged as one who only pointed."""
    counts = Counter(hit.device for hit in state.play.hits)
    if not counts:
        return "unknown"
    return _DEVICES[Device.KEYS if Device.KEYS in counts else counts.most_common(1)[0][0]]


def _refused(state: State, batch: Batch, keys: KeyRing, now: int) -> Refused | None:
    if state.closed_at is not None:
        return Refused(Refusal.CLOSED)
    if now > state.expires_at:
        return Refused(Refusal.EXPIRED)
    link = state.link
    if batch.sequence == link.sequence and batch.receipt == link.before and receipts.digest(batch) == link.digest:
        return Refused(Refusal.DUPLICATE, _answer(state, keys))
    if batch.sequence <= link.sequence:
        return Refused(Refusal.REORDERED)
    if batch.sequence > link.sequence + 1:
        return Refused(Refusal.MISSING)
    forged = receipts.forgery(keys, state.id, link, batch.receipt)
    if forged:
        return Refused(Refusal(forged))
    return Refused(Refusal.TOO_MANY) if batch.sequence > MOST_BATCHES else None


def _waiting(play: Play, waited: int, soonest: int) -> list[Violation]:
    """What a hit breaks that the server, which revealed its target `waited` ms ago, knows better than the browser."""
    hit = play.hits[-1]
    broken = [Violation.CLOCK_AHEAD] if hit.t - hit.shown > waited + contract.DRIFT_MS else []
    return broken + ([Violation.TOO_SOON] if waited < soonest and hit.device is not Device.KEYS else [])


def _reveal(state: State, step: int) -> Reveal:
    return Reveal(step, step_seed(state.secret, state.id, state.game, step).hex())


def _answer(state: State, keys: KeyRing) -> Answer:
    step = state.play.step
    return Answer(
        sequence=state.link.sequence,
        receipt=receipts.receipt(keys, state.id, state.link),
        reveal=_reveal(state, step) if step < len(state.revealed_at) else None,
    )
