"""One row of the table of settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from playproof.settings.kinds import Kind


@dataclass(frozen=True)
class Setting:
    """One row of the table; ``default`` is None when the setting may be absent."""

    kind: Kind
    meaning: str
    flag: bool = False
    env: str = ""
    absent: str = ""
    name: str = ""
    default: Any = None

    @property
    def secret(self) -> bool:
        """Whether it is read from the environment or a file named there alone, and never shown."""
        return self.kind.secret

    @property
    def option(self) -> str:
        """The flag, such as ``--data-dir``."""
        return "--" + self.name.replace("_", "-")

    def show(self, value: Any) -> str:
        """`value` in words: as it would be written, starred when secret, what absence means when absent."""
        return self.absent if value is None or value == () else self.kind.show(value)
