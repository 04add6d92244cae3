"""What every error has."""

from __future__ import annotations


class PlayproofError(Exception):
    """Something PlayProof cannot do; the message says what and what would help."""

    code = "internal-error"
    status = 500
