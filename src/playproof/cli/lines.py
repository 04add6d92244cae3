"""From lines of telemetry to lines of answers: what one process does with a batch."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import rich_click as click

from playproof.cli.output import DECISION_COLOURS, printable
from playproof.clock import SystemClock
from playproof.decision import Judge, Verdict
from playproof.errors import InputError
from playproof.ids import session_id
from playproof.service import build_judge, encode_verdict
from playproof.settings import Settings
from playproof.telemetry import Session, decode

Line = tuple[int, bytes]
"""The number of a line (or of an array's element), from 1, and its JSON."""

TABLE_HEAD = f"{'session':<28}  decision   score  confidence  reasons"
_SESSION_WIDTH = 28
_encode = msgspec.json.Encoder().encode


class Answers(NamedTuple):
    """The answers to a batch of lines."""

    body: bytes
    """One line each, in order."""
    lines: int
    bad: int
    """How many of them are errors."""


class LineScorer:
    """Answers each line with a verdict, or with what is wrong with it."""

    def __init__(self, judge: Judge, *, table: bool, colour: bool = False) -> None:
        self._judge = judge
        self._clock = SystemClock()
        self._table = table
        self._colour = colour

    def answer(self, lines: Sequence[Line]) -> Answers:
        """Judge `lines`; the answers are in their order."""
        answers: list[bytes | None] = []
        sessions: list[Session] = []
        for number, content in lines:
            try:
                sessions.append(decode(content))
                answers.append(None)
            except InputError as error:
                answers.append(self._refusal(number, error))
        names = [session.id or session_id(self._clock.now(), os.urandom) for session in sessions]
        verdicts = iter([self._row(judged.verdict) for judged in self._judge.judge_many(sessions, names)])
        body = b"".join([(next(verdicts) if answer is None else answer) + b"\n" for answer in answers])
        return Answers(body, len(lines), len(lines) - len(sessions))

    def _row(self, verdict: Verdict) -> bytes:
        return _table_row(verdict, colour=self._colour) if self._table else encode_verdict(verdict)

    def refuse(self, number: int, error: InputError) -> Answers:
        """The answer where the input breaks off at line `number`, or that line cannot be read at all."""
        return Answers(self._refusal(number, error) + b"\n", 1, 1)

    def _refusal(self, number: int, error: InputError) -> bytes:
        if self._table:
            return f"{f'line {number}':<{_SESSION_WIDTH}}  error     {printable(str(error))}".encode()
        problem = {"code": error.code, "message": error.message, "path": error.path, "expected": error.expected}
        return _encode({"line": number, "error": problem})


_scorer: LineScorer | None = None


def install(scorer: LineScorer) -> None:
    """Make `scorer` the one of this process, and of those forked from it."""
    global _scorer  # noqa: PLW0603 - a worker process has one, and it cannot be sent through a pipe
    _scorer = scorer


def prepare(settings: Settings, table: bool, colour: bool) -> None:
    """Load the model where this process did not inherit one."""
    if _scorer is None:
        install(LineScorer(build_judge(settings), table=table, colour=colour))


def answer_batch(lines: list[Line]) -> Answers:
    """`LineScorer.answer` with the scorer of this process."""
    assert _scorer is not None
    return _scorer.answer(lines)


def _table_row(verdict: Verdict, *, colour: bool) -> bytes:
    name = printable(verdict.session_id)
    if len(name) > _SESSION_WIDTH:
        name = name[: _SESSION_WIDTH - 1] + "…"
    decision = f"{verdict.decision:<8}"
    if colour:
        decision = click.style(decision, fg=DECISION_COLOURS[verdict.decision])
    value = verdict.anomaly.anomaly_score
    score = "–" if value is None else f"{value:.2f}"
    reasons = ", ".join(dict.fromkeys(reason.code for reason in verdict.reasons))
    return f"{name:<{_SESSION_WIDTH}}  {decision}  {score:>6}  {verdict.confidence:>10.2f}  {reasons}".rstrip().encode()
