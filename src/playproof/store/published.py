"""Publications of a live dataset, as the store takes them and hands them out."""

from __future__ import annotations

from typing import Literal

import msgspec

PublicationState = Literal["open", "settled", "over"]
"""`open`: its answers are still to come. `settled`: they came, or nobody needs them any more. `over`: nothing came of it."""


class PublicationRow(msgspec.Struct, frozen=True, gc=False):
    """Whose a row of the published file is."""

    live_seq: int
    """Of the row of the live dataset."""
    session_seq: int | None
    """`PutOutcome.number` of a session that awaits its score; `None` for company."""


class PublicationRecord(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What is sent of a live dataset to Woodwide, as far as that came."""

    id: str
    """Never given to another; Woodwide knows the upload by it."""
    dataset: int
    """Of the live dataset."""
    generation: int
    """Of what stands for it at Woodwide."""
    target_id: str | None
    """The dataset at Woodwide that it goes to; `None` where there was none, and one of `target_name` is made."""
    target_name: str | None
    model_id: str
    model_version_id: str
    columns: tuple[str, ...]
    """Of the file, by their catalogue names."""
    dataset_id: str | None = None
    """The dataset at Woodwide that took it in, with the version it became, and the job that makes it."""
    version_id: str | None = None
    job_id: str | None = None
    batch_job_id: str | None = None
    """The job that scores it."""
