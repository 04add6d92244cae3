"""The model card: a manifest in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def model_card(manifest: Mapping[str, Any]) -> str:
    """Markdown of what a model was fitted on, how it was calibrated, what it reached and where it is not to be trusted."""
    return f"# {manifest['model']}\n"
