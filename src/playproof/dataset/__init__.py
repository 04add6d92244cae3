"""The live dataset: every session that is served becomes a row of one ordered, durable dataset.

The store is the source of truth; Woodwide holds published versions of its window (`playproof.woodwide.ledger`).
"""

from playproof.dataset.company import Company, choose
from playproof.dataset.eligibility import Channel, eligible
from playproof.dataset.live import MAX_ROWS, DatasetRef, LiveDataset, Status

__all__ = [
    "MAX_ROWS",
    "Channel",
    "Company",
    "DatasetRef",
    "LiveDataset",
    "Status",
    "choose",
    "eligible",
]
