"""`playproof train`: fit a model to labelled sessions."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from playproof.cli.loading import load_kernels
from playproof.cli.options import format_option, wants_table, with_settings
from playproof.cli.output import LISTED_ERRORS, check_writable, heading, progress, table
from playproof.settings import Settings

if TYPE_CHECKING:
    from playproof.evaluation.corpora import Corpus
    from playproof.evaluation.result import Evaluation
    from playproof.scoring.local import LocalModel

DEFAULT_FOLDS = 5


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder to write the model to.")
@click.option(
    "--seed", type=click.IntRange(0, 2**32 - 1), default=1, show_default=True, help="The same files and seed give the same model."
)
@click.option("--exclude-source", "excluded", multiple=True, metavar="NAME", help="Leave out this source; may be given again.")
@click.option(
    "--folds",
    type=click.IntRange(0, 100),
    default=DEFAULT_FOLDS,
    show_default=True,
    help="Refits that measure the model, for its manifest; 0 leaves it unmeasured.",
)
@format_option
@with_settings()
def train(
    settings: Settings, files: tuple[Path, ...], out: Path, seed: int, excluded: tuple[str, ...], folds: int, output: str | None
) -> int:
    """Fit a model to labelled sessions of people and bots, calibrate it, measure it and write it as an artefact.

    FILES are JSON Lines with labels, compressed with gzip or not. The artefact is a folder of arrays and a manifest with
    hashes; `playproof serve --model FOLDER` and `playproof score --model FOLDER` use it. Needs the extra playproof[train].
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from playproof.evaluation.corpora import read_corpus
    from playproof.evaluation.run import need_training, run_grouped
    from playproof.evaluation.training import train as fit_and_write
    from playproof.evaluation.training import without_sources

    need_training()
    check_writable(out, "--out")
    if folds == 1:
        raise click.UsageError("--folds is 0, or at least 2")
    load_kernels()
    with progress("reading") as shown:
        corpus = without_sources(read_corpus(files, shown), excluded)
        metrics = run_grouped(corpus, settings, folds=folds, seed=seed, progress=shown)[0] if folds else None
        model = fit_and_write(corpus, out, seed=seed, metrics=metrics, progress=shown)
    if wants_table(output):
        click.echo(_text(corpus, model, metrics, out))
    else:
        import msgspec

        answer = {
            "artefact": model.manifest["artefact"],
            "modelId": model.model_id,
            "modelVersion": model.model_version,
            "folder": str(out),
            "calibration": model.manifest["calibration"],
            "metrics": model.manifest["metrics"],
            "errors": corpus.errors,
        }
        sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")
    return 0


def _text(corpus: Corpus, model: LocalModel, metrics: Evaluation | None, out: Path) -> str:
    from playproof.evaluation import tables

    parts = [
        f"Model {model.model_id} {model.model_version} in {out}",
        f"Artefact {model.manifest['artefact']}",
        f"Fitted on {len(corpus.records)} sessions of {len(corpus.files)} files; {len(corpus.errors)} lines could not be read.",
    ]
    for stratum, calibrator in sorted(model.calibrators.items()):
        parts.append(f"Calibrated for {stratum}: {calibrator.sessions} sessions of {calibrator.people} people.")
    if metrics is not None:
        parts += ["", heading(f"Measured with {metrics.folds} refits"), metrics.described(), ""]
        parts += [table(*tables.people_table(metrics.figures)), "", table(*tables.means_table(metrics.figures))]
    if corpus.errors:
        parts += ["", heading("Errors")]
        parts += [f"{error.file}:{error.line}: {error.message} at {error.path}" for error in corpus.errors[:LISTED_ERRORS]]
        if len(corpus.errors) > LISTED_ERRORS:
            parts.append(f"... and {len(corpus.errors) - LISTED_ERRORS} more; --format json lists all.")
    return "\n".join(parts)
