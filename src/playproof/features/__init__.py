"""Numbers from a session: one versioned catalogue of movement features, computed on an evenly resampled path."""

from playproof.features.catalogue import CATALOGUE, CATALOGUE_VERSION, MODEL_FEATURES, NAMES, Feature
from playproof.features.extract import extract, extract_many

__all__ = ["CATALOGUE", "CATALOGUE_VERSION", "MODEL_FEATURES", "NAMES", "Feature", "extract", "extract_many"]
