"""One evaluation: what was judged, how, and what came of it."""

from __future__ import annotations

from typing import Literal

import msgspec

from playproof.evaluation.corpora import FileInfo, LineError
from playproof.evaluation.summary import Figures

Protocol = Literal["shipped", "grouped"]


class Evaluation(msgspec.Struct, frozen=True, rename="camel"):
    """The figures of one run of `playproof evaluate`."""

    protocol: Protocol
    in_sample: bool
    """The model was judged on data it was fitted on, or may have been: the figures flatter."""
    folds: int | None
    """`None` under the shipped protocol."""
    seed: int
    model_id: str | None
    """`None` under the grouped protocol, which judges with as many models as folds."""
    model_version: str | None
    pass_threshold: float
    review_threshold: float
    files: tuple[FileInfo, ...]
    figures: Figures
    errors: tuple[LineError, ...]

    def described(self) -> str:
        """The protocol in one sentence."""
        if self.protocol == "grouped":
            return (
                f"Refitted {self.folds} times (seed {self.seed}), thresholds and calibration included; "
                "every person and every generator was judged by a model that had seen none of their sessions."
            )
        fitted = "on data it was fitted on: these figures flatter" if self.in_sample else "on files it was not fitted on"
        return f"Model {self.model_id} {self.model_version} as it is, judged {fitted}."
