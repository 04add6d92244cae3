"""What a process finds when it starts, and where it keeps things."""

from __future__ import annotations

from playproof.errors.base import PlayproofError


class SettingsError(PlayproofError):
    """A setting is unknown, misspelt or out of range."""

    code = "invalid-settings"


class ArtefactError(PlayproofError):
    """A model artefact is missing, damaged or made for another catalogue."""

    code = "invalid-artefact"


class StoreError(PlayproofError):
    """The store cannot do what was asked."""

    code = "store-error"


class StoreUnavailable(StoreError):
    """The store cannot write for now; nothing was acknowledged, so asking again is safe."""

    code = "store-unavailable"
    status = 503


class StoreRefused(StoreError):
    """The store will not open like this: read-only folder, unsafe SQLite build, newer schema."""

    code = "store-refused"
