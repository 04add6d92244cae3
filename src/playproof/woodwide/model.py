"""Which hosted model scores."""

from __future__ import annotations

from dataclasses import dataclass

from playproof.woodwide.mapping import Columns


@dataclass(frozen=True, slots=True)
class HostedModel:
    """The version of a hosted model that scores, and the columns it was trained on."""

    model_id: str
    version_id: str
    columns: Columns
