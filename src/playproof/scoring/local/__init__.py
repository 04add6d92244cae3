"""The embedded model, which ships with the package."""

from __future__ import annotations

from playproof.scoring.local.artefact import load_artefact, reference_path
from playproof.scoring.local.model import LocalModel

__all__ = ["LocalModel", "load_artefact", "reference_path"]
