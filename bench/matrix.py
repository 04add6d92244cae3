"""The fault matrix: where each of the emulator's faults can meet a session under each strategy, and what it leads to there.

`python -m bench.faults` measures it on real processes, and tests hold the service to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from playproof.errors import HostedReason as R
from playproof.woodwide.reasons import WHY

Strategy = Literal["inline", "dataset"]
STRATEGIES: tuple[Strategy, ...] = ("inline", "dataset")

SLOW = "slow"
"""Stands for a number of seconds longer than a request waits."""


class Cell(NamedTuple):
    """One fault under one strategy."""

    kind: str
    strategy: Strategy
    reason: R | None
    """Why there is no score while the fault lasts; `None` where each session has its score all the same."""
    route: str = "*"
    given: Mapping[str, int | str] = {}
    """What else the fault is told."""
    how: str = ""
    """More about what it leads to, in words."""
    first: bool = False
    """Whether it meets the first publication of a dataset alone, which goes through a signed address; those that come later have none."""

    @property
    def name(self) -> str:
        """Unlike any other cell's."""
        return f"{self.strategy} {self.kind}{'' if self.route == '*' else f' on {self.route}'}"

    @property
    def tried(self) -> bool:
        """Whether sessions use their attempts up while it lasts, and then have the embedded model's verdict for good."""
        return self.reason is not None and not WHY[self.reason].postpones

    @property
    def reasons(self) -> frozenset[str]:
        """What a preliminary verdict may name: the time that was up, the fault itself, or the breaker that it opened."""
        if self.reason is None:
            return frozenset({R.TIMEOUT})
        return frozenset({R.TIMEOUT, self.reason} | (set() if self.tried else {R.CIRCUIT_OPEN}))

    def fault(self, slow: float) -> dict[str, object]:
        """The fault as the emulator is told; `slow` is what takes longer than a request waits."""
        given = {name: slow if value == SLOW else value for name, value in self.given.items()}
        return {"kind": self.kind, "route": self.route, **given}

    def leads_to(self) -> str:
        """In words."""
        led = "hosted" if self.reason is None else f"preliminary, `{self.reason}`"
        return f"{led}, {self.how}" if self.how else led


def _both(kind: str, reason: R | None, **given: int | str) -> tuple[Cell, ...]:
    return tuple(Cell(kind, strategy, reason, given=given) for strategy in STRATEGIES)


_SMALL = {"rows": 100_000}

CELLS: tuple[Cell, ...] = (
    *_both("latency", R.TIMEOUT, seconds=SLOW),
    *_both("rate_limited", R.RATE_LIMITED),
    *_both("server_error", R.SERVER_ERROR),
    *_both("reset", R.UNREACHABLE),
    *_both("drip", R.TIMEOUT, seconds=SLOW),
    *_both("unauthorized", R.UNAUTHORIZED),
    *_both("no_credits", R.CREDITS_EXHAUSTED),
    *_both("forbidden", R.FORBIDDEN),
    Cell("empty_body", "inline", R.EMPTY_RESPONSE),
    Cell("empty_body", "dataset", R.EMPTY_RESPONSE, "models.infer_batch"),
    Cell("job_failed", "dataset", R.JOB_FAILED, "datasets.*"),
    Cell("job_failed", "dataset", R.JOB_FAILED, "models.infer_batch"),
    Cell("job_rejected", "dataset", None, "datasets.*", how="inline, and the dataset is replaced"),
    Cell("job_rejected", "dataset", R.JOB_REJECTED, "models.infer_batch"),
    Cell("job_stuck", "dataset", R.TIMEOUT, "datasets.*"),
    Cell("job_stuck", "dataset", R.TIMEOUT, "models.infer_batch"),
    *_both("fewer_rows", R.ROW_MISMATCH),
    *_both("more_rows", R.ROW_MISMATCH),
    *_both("shuffled_rows", None),
    *_both("ids_only", R.IDS_ONLY),
    *_both("nan_scores", R.INVALID_SCORE),
    *(Cell("relative_scores", strategy, None, how="each ranked among the rows it was sent with") for strategy in STRATEGIES),
    *_both("stale_version", R.VERSION_MISMATCH),
    Cell("expired_url", "dataset", R.EXPIRED_URL, how="until the dataset has an id", first=True),
    Cell("empty_small", "inline", R.EMPTY_RESPONSE, given=_SMALL),
    Cell("empty_small", "dataset", R.EMPTY_RESPONSE, given=_SMALL),
)

CANNOT: Mapping[tuple[str, Strategy], str] = {
    ("job_failed", "inline"): "a file that is scored at once is no job",
    ("job_rejected", "inline"): "a file that is scored at once is no job",
    ("job_stuck", "inline"): "a file that is scored at once is no job",
    ("expired_url", "inline"): "the file and its scores travel in the call itself, without a signed address",
}
"""Why a fault cannot occur under a strategy."""
