"""Bots of our own making, as further counterexamples for the boosted classifier.

Generators in the wild are few and alike: a classifier fitted on them alone learns their habits. These families vary the
ingredients that generators share - a speed profile, a path, noise, corrections, a clock - far more widely. Each draws its
parameters anew for every session.
"""

from __future__ import annotations

from playproof.scoring.local.made.families import FAMILIES, make_session
from playproof.scoring.local.made.morphs import LIBRARY, MORPHS, library_session, morph_session, rerecord

__all__ = ["FAMILIES", "LIBRARY", "MORPHS", "library_session", "make_session", "morph_session", "rerecord"]
