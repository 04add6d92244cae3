"""Running an evaluation: from a corpus and settings to its figures."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec

from playproof.decision import Judge
from playproof.errors import EvaluationRefused, PlayproofError
from playproof.evaluation.corpora import Corpus, Progress, silent
from playproof.evaluation.outcomes import Outcome
from playproof.evaluation.protocols import judge_all, judge_held_out, refuse_fitted, split
from playproof.evaluation.provenance import fitted_on, standing_in
from playproof.evaluation.result import Evaluation, Protocol
from playproof.evaluation.summary import Standing, Standings, summarise
from playproof.scoring.base import Scorer
from playproof.service import build_judge, judge_with
from playproof.settings import Settings

Run = tuple[Evaluation, list[Outcome]]


class MissingExtra(PlayproofError):
    """Something optional is not installed."""

    code = "missing-extra"


def need_training() -> None:
    """Raise `MissingExtra` where models cannot be fitted here."""
    if find_spec("sklearn") is None:
        raise MissingExtra("fitting a model needs scikit-learn, which is not installed; `pip install 'playproof[train]'` brings it")


def run_shipped(corpus: Corpus, settings: Settings, *, in_sample: bool, seed: int, progress: Progress = silent) -> Run:
    """Judge the model of `settings` as it is.

    Raises `EvaluationRefused` where it was fitted on any of the corpus, or does not say what on, unless `in_sample`.
    """
    judge = build_judge(settings)
    manifest = getattr(judge.chain.model, "manifest", {})
    fitted = fitted_on(manifest if isinstance(manifest, Mapping) else {})
    if not in_sample:
        refuse_fitted(corpus, fitted)
    outcomes = judge_all(_some(corpus).records, judge, progress)

    def standing(generator: str, family: str) -> Standing:
        return standing_in(fitted, generator, family)

    return _evaluation(corpus, judge, outcomes, standing, "shipped", seed=seed, in_sample=in_sample), outcomes


def run_grouped(corpus: Corpus, settings: Settings, *, folds: int, seed: int, progress: Progress = silent) -> Run:
    """Refit per fold by person and by generator, and judge what each fold held out.

    Raises `MissingExtra` without scikit-learn, `EvaluationRefused` where there are too few people or generators.
    """
    need_training()
    from playproof.evaluation.training import fit_model

    judges: list[Judge] = []

    def judge_of(model: Scorer) -> Judge:
        judges.append(judge_with(model, settings))
        return judges[-1]

    parts = split(_some(corpus).records, folds, seed)
    outcomes = judge_held_out(corpus, parts, fit_model, judge_of, seed=seed, progress=progress)
    evaluation = _evaluation(corpus, judges[0], outcomes, _held_out, "grouped", seed=seed, folds=folds)
    return evaluation, outcomes


def _held_out(_generator: str, _family: str) -> Standing:
    return Standing.HELD_OUT


def _some(corpus: Corpus) -> Corpus:
    if not corpus.records:
        raise EvaluationRefused(f"there is no labelled session in these files ({len(corpus.errors)} lines could not be read)")
    return corpus


def _evaluation(
    corpus: Corpus,
    judge: Judge,
    outcomes: list[Outcome],
    standing: Standings,
    protocol: Protocol,
    *,
    seed: int,
    folds: int | None = None,
    in_sample: bool = False,
) -> Evaluation:
    model = judge.chain.model
    return Evaluation(
        protocol=protocol,
        in_sample=in_sample,
        folds=folds,
        seed=seed,
        model_id=model.model_id if folds is None else None,
        model_version=model.model_version if folds is None else None,
        pass_threshold=judge.rules.pass_threshold,
        review_threshold=judge.rules.review_threshold,
        files=corpus.files,
        figures=summarise(outcomes, standing, seed),
        errors=corpus.errors,
    )
