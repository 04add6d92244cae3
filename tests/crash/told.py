"""The counts of a crash test of hosted scoring."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Told:
    """What came of sessions, where nothing was lost or doubled."""

    kills: int = 0
    sessions: int = 0
    answered: int = 0
    preliminary: int = 0
    """Of those, with a verdict that was not final yet."""
    unanswered: int = 0
    """Were on their way when a service was killed."""
    final: int = 0
    """Have one final verdict, of the hosted model."""
    webhooks: int = 0
    """Ids of webhooks."""
    repeated: int = 0
    """Webhooks that came once more under an id that had come before."""

    def add(self, other: Told) -> None:
        """Count those of another as well."""
        for name, number in vars(other).items():
            setattr(self, name, getattr(self, name) + number)

    def __str__(self) -> str:
        return (
            f"{self.kills} kills, {self.sessions} sessions, {self.unanswered} on their way at a kill, {self.answered} answered, "
            f"{self.preliminary} of them preliminary, {self.final} stored and final by the hosted model, {self.webhooks} webhooks, "
            f"{self.repeated} sent again, 0 lost, 0 doubled"
        )
