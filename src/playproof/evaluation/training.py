"""Fitting a model on labelled files, and saying in its manifest what it was fitted on and how good it is."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from playproof import __version__
from playproof.errors import PlayproofError
from playproof.evaluation.corpora import Corpus, Progress, silent
from playproof.evaluation.outcomes import source_of
from playproof.evaluation.protocols import gather_samples
from playproof.evaluation.provenance import provenance_of
from playproof.evaluation.result import Evaluation
from playproof.scoring.strata import MINIMUM_PEOPLE, MINIMUM_SESSIONS, REFERENCE

if TYPE_CHECKING:
    from playproof.scoring.local import LocalModel
    from playproof.scoring.local.samples import Samples

MINIMUM_GENERATORS = 2


class TooFewSessions(PlayproofError):
    """The data cannot carry a model whose rates would hold."""

    code = "too-few-sessions"


@dataclass(frozen=True, slots=True)
class Counted:
    """What there is to fit on."""

    sessions: int
    """Of people, in the reference stratum, with enough movement."""
    people: int
    generators: int


def without_sources(corpus: Corpus, excluded: Collection[str]) -> Corpus:
    """`corpus` without the sessions of the sources `excluded`. Raises `TooFewSessions` for a source that is not in it."""
    known = {source_of(record.labels) for record in corpus.records}
    for name in excluded:
        if name not in known:
            raise TooFewSessions(f"no session is of source {name!r}; the files hold {', '.join(sorted(known))}")
    return replace(corpus, records=tuple(record for record in corpus.records if source_of(record.labels) not in excluded))


def count(samples: Samples) -> Counted:
    """What of `samples` a model can be fitted and calibrated on."""
    reference = samples.recorded & samples.enough & ~samples.bot & (samples.stratum == REFERENCE)
    bots = samples.recorded & samples.enough & samples.bot
    return Counted(int(reference.sum()), int(np.unique(samples.subject[reference]).size), int(np.unique(samples.generator[bots]).size))


def check_enough(found: Counted) -> None:
    """Raise `TooFewSessions` where a rate promised from what was `found` would not hold."""
    if found.sessions < MINIMUM_SESSIONS or found.people < MINIMUM_PEOPLE:
        raise TooFewSessions(
            f"a calibration needs {MINIMUM_SESSIONS} sessions of {MINIMUM_PEOPLE} people in {REFERENCE} with enough movement; "
            f"the files hold {found.sessions} of {found.people}"
        )
    if found.generators < MINIMUM_GENERATORS:
        raise TooFewSessions(
            f"telling people from bots needs sessions of at least {MINIMUM_GENERATORS} bot generators; the files hold {found.generators}"
        )


def fit_model(samples: Samples, *, seed: int, progress: Progress = silent) -> LocalModel:
    """Fit and calibrate a model, in memory. Raises `TooFewSessions`."""
    from playproof.scoring.local.fit import fit

    check_enough(count(samples))
    progress("fitting", 0.0)
    return fit(samples, seed=seed).model


def train(corpus: Corpus, out: Path, *, seed: int, metrics: Evaluation | None, progress: Progress = silent) -> LocalModel:
    """Fit a model on all of `corpus` and write it to the folder `out`; the same data, seed and code give the same bytes.

    `metrics` are the figures that its manifest is to state: those of refits, because the model itself has seen everything.
    Raises `TooFewSessions`, and `ArtefactError` where `out` cannot be written.
    """
    from playproof.scoring.local.artefact import write_artefact

    progress("taking features", 0.0)
    model = fit_model(gather_samples(corpus.records, seed), seed=seed, progress=progress)
    statement = {
        "provenance": msgspec.to_builtins(provenance_of(corpus)),
        "seed": seed,
        "codeVersion": __version__,
        "metrics": None if metrics is None else _stated(metrics),
    }
    return write_artefact(model, out, provenance=statement)


def _stated(metrics: Evaluation) -> dict[str, object]:
    stated: dict[str, object] = {"protocol": metrics.protocol, "folds": metrics.folds, "seed": metrics.seed}
    figures: dict[str, object] = msgspec.to_builtins(metrics.figures)
    return stated | figures
