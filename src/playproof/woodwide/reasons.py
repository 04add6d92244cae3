"""What each reason for a missing hosted answer means, and who can do something about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from playproof.errors import HostedReason as R

Remedy = Literal["wait", "operator", "rows"]


class Why(NamedTuple):
    """One reason."""

    meaning: str
    remedy: Remedy
    """wait: it passes by itself; operator: somebody has to act; rows: it may lie in what was sent."""

    @property
    def postpones(self) -> bool:
        """Whether work is put off for it, rather than counted as an attempt at these rows."""
        return self.remedy != "rows"


WHY: Mapping[R, Why] = {
    R.NOT_CONFIGURED: Why("There is no key, or no model is named.", "operator"),
    R.CIRCUIT_OPEN: Why("Too many calls failed in a row; none is made for a while.", "wait"),
    R.TIMEOUT: Why("No whole answer within the time that the call has.", "wait"),
    R.UNREACHABLE: Why("No connection, or it broke.", "wait"),
    R.RATE_LIMITED: Why("429: too many calls.", "wait"),
    R.SERVER_ERROR: Why("5xx or 408: the provider is at fault.", "wait"),
    R.UNAUTHORIZED: Why("401 for every key.", "operator"),
    R.FORBIDDEN: Why("403 for every key.", "operator"),
    R.CREDITS_EXHAUSTED: Why("402 for every key: out of credits.", "operator"),
    R.NOT_FOUND: Why("404: no such dataset, version, model or job, or it was deleted, or belongs to another organisation.", "operator"),
    R.NOT_READY: Why("409: nothing is ingested yet that could be trained on or scored.", "wait"),
    R.CONFLICT: Why("409, or a name that exists already.", "operator"),
    R.REFUSED: Why("Any other 4xx: the request will not do.", "rows"),
    R.TOO_LARGE: Why("413, or a file over what is taken in directly.", "rows"),
    R.EXPIRED_URL: Why("A signed address was refused, again after a fresh one was asked for.", "wait"),
    R.EMPTY_RESPONSE: Why("2xx without a body.", "rows"),
    R.INVALID_RESPONSE: Why("2xx with a body that is not what the API promises.", "rows"),
    R.ROW_MISMATCH: Why("Fewer rows, more rows, or other rows than were sent.", "rows"),
    R.IDS_ONLY: Why("Ids of anomalous rows where scores were asked for.", "rows"),
    R.INVALID_SCORE: Why("A score that is no finite number.", "rows"),
    R.VERSION_MISMATCH: Why("Another version of the model or of the dataset answered than the one asked for.", "wait"),
    R.COLUMN_MISMATCH: Why("The model was trained on a column that these features do not have.", "operator"),
    R.JOB_FAILED: Why("The job ended as failed.", "rows"),
    R.JOB_REJECTED: Why("The job ended as rejected.", "rows"),
    R.JOB_CANCELED: Why("Somebody canceled the job.", "operator"),
    R.JOB_TIMEOUT: Why("The job has not ended in the time it is waited for; it may still end.", "wait"),
    R.CLIENT_ERROR: Why("A fault of PlayProof itself; the log has it.", "operator"),
}
"""Every reason, by its code."""
