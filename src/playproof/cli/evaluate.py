"""`playproof evaluate`: how good a model is on labelled sessions."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from playproof.cli.loading import load_kernels
from playproof.cli.options import format_option, wants_table, with_settings
from playproof.cli.output import LISTED_ERRORS, check_writable, heading, progress, table
from playproof.settings import Settings

if TYPE_CHECKING:
    from playproof.evaluation.result import Evaluation


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--protocol",
    type=click.Choice(["shipped", "grouped"]),
    default="shipped",
    show_default=True,
    help="shipped: judge the model as it is, on files it was not fitted on. grouped: refit it per fold by person and generator, "
    "and judge only what the fold held out.",
)
@click.option("--folds", type=click.IntRange(2, 100), default=5, show_default=True, help="Refits of the grouped protocol.")
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=1, show_default=True, help="Of the folds, the fits and the bootstrap.")
@click.option("--in-sample", is_flag=True, help="Judge files although the model was fitted on them; the figures then flatter, and say so.")
@click.option("--by", type=click.Choice(["generator", "family"]), default="generator", show_default=True, help="How bots are listed.")
@click.option(
    "--report", type=click.Path(dir_okay=False, path_type=Path), help="Also write an HTML page with the figures and their drawings."
)
@format_option
@with_settings("model")
def evaluate(
    settings: Settings,
    files: tuple[Path, ...],
    protocol: str,
    folds: int,
    seed: int,
    in_sample: bool,
    by: str,
    report: Path | None,
    output: str | None,
) -> int:
    """Measure a model on labelled sessions: n/N per source of people and per bot generator, with 95 % intervals.

    FILES are JSON Lines with labels, compressed with gzip or not. A line over the limits is an error: listed, and in no
    count. The exit code is 1 where the protocol refuses the files.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from playproof.evaluation.corpora import read_corpus
    from playproof.evaluation.run import run_grouped, run_shipped

    if report is not None:
        check_writable(report, "--report")
    load_kernels()
    with progress("reading") as shown:
        corpus = read_corpus(files, shown)
        if protocol == "grouped":
            evaluation, outcomes = run_grouped(corpus, settings, folds=folds, seed=seed, progress=shown)
        else:
            evaluation, outcomes = run_shipped(corpus, settings, in_sample=in_sample, seed=seed, progress=shown)
    if report is not None:
        from playproof.evaluation.report import render

        report.parent.mkdir(parents=True, exist_ok=True)
        report.write_text(render(evaluation, outcomes), encoding="utf-8")
    if wants_table(output):
        click.echo("\n".join(_lines(evaluation, families=by == "family")))
    else:
        import msgspec

        sys.stdout.buffer.write(msgspec.json.encode(evaluation) + b"\n")
    if report is not None:
        click.echo(f"Report: {report}", err=True)
    return 0


def _lines(evaluation: Evaluation, *, families: bool) -> Iterator[str]:
    from playproof.evaluation import tables

    figures = evaluation.figures
    yield evaluation.described()
    yield (
        f"A session passes up to {evaluation.pass_threshold:g} and fails above {evaluation.review_threshold:g}; "
        "not passed is review or fail. Intervals are 95 %."
    )
    if figures.people:
        yield from _titled("People", table(*tables.people_table(figures)))
    if figures.means:
        what = "family" if families else "generator"
        yield from _titled("Bots, mean over generators", table(*tables.means_table(figures)))
        rows = figures.families if families else figures.generators
        yield from _titled(f"Bots, by {what}", table(*tables.bots_table(rows, what)))
    if figures.separation:
        separation = figures.separation
        low, high = separation.mean_interval
        yield from _titled(
            "Scores",
            f"{separation.people} sessions of people and {separation.bots} of bots in calibrated strata. "
            f"ROC AUC {separation.roc_auc:.4f} over sessions; {separation.mean_roc_auc:.4f} as the mean over generators "
            f"({low:.4f} to {high:.4f}); equal error rate {tables.percent(separation.equal_error)}",
        )
    if figures.rules:
        yield from _titled("Rules that speak against a pass", table(*tables.rules_table(figures)))
    if evaluation.errors:
        title = f"Errors: {len(evaluation.errors)} lines, in no count above"
        yield from _titled(title, table(*tables.errors_table(evaluation, LISTED_ERRORS)))
        if len(evaluation.errors) > LISTED_ERRORS:
            yield f"... and {len(evaluation.errors) - LISTED_ERRORS} more; --format json lists all."


def _titled(title: str, body: str) -> Iterator[str]:
    yield ""
    yield heading(title)
    yield body
