"""Telling a site what became of a session it was answered about before: signed letters, sent until they arrive."""

from playproof.webhooks.signing import verify

__all__ = ["verify"]
