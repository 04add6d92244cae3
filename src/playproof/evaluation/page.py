"""The page about evaluation: how the figures are made, and those of the model that ships."""

from __future__ import annotations

import msgspec

from playproof.evaluation.summary import Figures, Standing
from playproof.evaluation.tables import Table, bots_table, means_table, people_table, percent, rules_table
from playproof.scoring.local.artefact import MANIFEST, reference_path

_STANDINGS = {
    Standing.HELD_OUT: "the refit that judged it saw no session of it (grouped protocol)",
    Standing.UNSEEN: "the model was fitted on no session of it",
    Standing.NEW_DRIVER: "the model was fitted on the generator, driven by something else",
    Standing.SEEN: "the model was fitted on this very family: expect flattery",
    Standing.UNKNOWN: "the model's manifest does not say what it was fitted on",
}

_PROSE = """# Evaluation

This page is written from the code by `make docs`, its figures from the manifest of the model that ships.

    playproof evaluate people.jsonl.gz bots.jsonl.gz --report report.html
    playproof evaluate people.jsonl.gz bots.jsonl.gz --protocol grouped --folds 5 --seed 1
    playproof train people.jsonl.gz bots.jsonl.gz --out my-model

Files hold labelled sessions, one a line ([wire forms](wire.md) with `"labels": {"label": "human"|"bot", "source", "subject", "family",
"generator", "variant", "license"}`). Labels, sources and session ids never reach a feature or a model. A line over the limits or
without a usable label is an error: listed, and in neither numerator nor denominator.

## What is counted

The decision counted is the one the service would give under policy `score`, rules included. **Not passed** is review or fail.

* People are counted by source. The interval *over people* is a bootstrap that draws people with all their sessions, because the
  sessions of one person resemble one another; Wilson's interval beside it takes sessions for independent, and is the one to read
  where nobody was flagged or one person alone was recorded: there the bootstrap has no width. A source that names no subjects counts
  as one person.
* Bots are counted by generator, the code that makes the movement, whatever drives the browser (`--by family` lists drivers apart).
  The mean weighs every generator the same, and its interval draws generators: it speaks of other generators, not of more sessions of
  these. The worst generator is always named.
* ROC AUC, the histogram and the detection error trade-off compare scores, so they leave out sessions of strata that are only
  observing: there a score promises no rate. A session with too little movement for a score ranks as the least human.

| a generator is | when |
| --- | --- |
{standings}

## The two protocols

`--protocol shipped` judges a model as it is. It refuses files that the model was fitted on, because the figures would flatter: by the
SHA-256 of the file, by the content of each session (so that renaming, shuffling or repacking does not help), and by the names of the people.
The manifest holds six bytes of each session's digest and a hash of each person's name for that, and nothing that could be read
back. `--in-sample` judges them all the same and says so wherever the figures stand.

`--protocol grouped` says what a model *of this kind* does on people and generators it has never met. Every person and every
generator is in exactly one fold; for each fold the model is fitted anew without them, calibration included, and judges only what
the fold held out. What is derived from a person's recordings leaves with the person. Splitting by session instead flatters:
sessions of one person, or of one generator, would then stand on both sides.

`playproof train` runs the grouped protocol on its own files and states the figures in the manifest of the model it writes
(`--folds 0` leaves them out).

## What the figures do not say

* A replayed recording of a person moves like a person; no rate here speaks of replay.
* A generator that was held out is still one that somebody published. Nobody has counted those that are not.
* People elsewhere do other things. A rate holds for the task it was measured on, and a stratum that is not calibrated says so.
* Choosing features, detectors or thresholds by these figures makes them flatter; every look at the validation files is noted
  in [decision 0003](adr/0003-detectors.md).
"""


def render() -> str:
    """The page, as Markdown."""
    rows = "\n".join(f"| {standing} | {meaning} |" for standing, meaning in _STANDINGS.items())
    return _PROSE.replace("{standings}", rows) + "\n## The model that ships\n\n" + _measured()


def _measured() -> str:
    manifest = msgspec.json.decode((reference_path() / MANIFEST).read_bytes())
    metrics = manifest["metrics"]
    if metrics is None:
        return "Its manifest states no figures: it was fitted with `--folds 0`.\n"
    figures = msgspec.convert(metrics, Figures)
    files = " ".join(sorted(manifest["provenance"]["files"]))
    parts = [
        f"    playproof evaluate {files} --protocol grouped --folds {metrics['folds']} --seed {metrics['seed']}\n",
        "People:\n",
        _markdown(people_table(figures)),
        "Bots, mean over generators:\n",
        _markdown(means_table(figures)),
        "Bots, the worst generator first:\n",
        _markdown(bots_table(figures.generators, "generator")),
    ]
    if figures.separation is not None:
        separation = figures.separation
        low, high = separation.mean_interval
        parts.append(
            f"ROC AUC {separation.roc_auc:.4f} over sessions, {separation.mean_roc_auc:.4f} ({low:.4f} to {high:.4f}) as the mean over "
            f"generators; equal error rate {percent(separation.equal_error)}.\n"
        )
    parts += ["Rules that speak against a pass, and how often each fired whatever the score said:\n", _markdown(rules_table(figures))]
    return "\n".join(parts)


def _markdown(table: Table) -> str:
    rule = ["---" if column < table.text_columns else "---:" for column in range(len(table.heads))]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in (table.heads, rule, *table.rows))
