"""Datasets, and models that are trained and judged on them."""

from __future__ import annotations

from playproof.errors.base import PlayproofError


class DatasetNotFound(PlayproofError):
    """There is no live dataset of this name."""

    code = "dataset-not-found"
    status = 404


class UploadNotFound(PlayproofError):
    """There is no upload to train on with this id."""

    code = "upload-not-found"
    status = 404


class UploadNotReady(PlayproofError):
    """The hosted model's provider has not taken the upload in yet; asking again later is safe."""

    code = "upload-not-ready"
    status = 409


class ModelNotFound(PlayproofError):
    """No hosted model of this id was trained from here."""

    code = "model-not-found"
    status = 404


class CorpusRefused(PlayproofError):
    """A hosted model cannot be trained on these sessions, which are too few, or under this name."""

    code = "corpus-refused"
    status = 422


class EvaluationRefused(PlayproofError):
    """The protocol forbids judging this data, because the figure would flatter."""

    code = "evaluation-refused"
