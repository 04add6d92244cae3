"""The model card: a manifest in words, so that no figure in it is typed by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any


def model_card(manifest: Mapping[str, Any]) -> str:
    """Markdown: what a model was fitted on, how it was calibrated, what it reached, where it is not to be trusted."""
    catalogue = manifest["catalogue"]
    parts = [
        f"# {manifest['model']} {manifest['artefact'][:12]}",
        _INTRODUCTION,
        "## What it is",
        _table(
            ("", ""),
            [
                (
                    "feature catalogue",
                    f"{catalogue['version']}, {len(catalogue['modelFeatures'])} of {len(catalogue['features'])} features",
                ),
                ("detectors", ", ".join(f"{entry['name']} ({entry['weight']:g})" for entry in manifest["detectors"])),
                ("arrays", f"{manifest['arrays']['bytes']:,} bytes, SHA-256 `{manifest['arrays']['sha256']}`"),
                ("code, seed", f"{manifest.get('codeVersion', 'not said')}, {manifest.get('seed', 'not said')}"),
            ],
        ),
        "## What it was fitted on",
        *_data(manifest.get("provenance")),
        "## How it was calibrated",
        *_calibration(manifest["calibration"]),
        "## What it reached",
        *_metrics(manifest.get("metrics")),
        "## Where it is not to be trusted",
        _LIMITS,
    ]
    return "\n\n".join(parts) + "\n"


_INTRODUCTION = (
    "A model of how people move a mouse while they point at targets and click them. It turns one row of movement features into a raw "
    "score, higher is less human, and the raw score into `-log10 p`, where p is the share of people's sessions at least as unusual. "
    "This card is written from `manifest.json` by `playproof train`."
)

_MADE = (
    "Besides, the classifiers were shown bots of our own making (`playproof.scoring.local.made`): speed profiles, paths, noise and "
    "corrections drawn anew for every session, forces that pull a pointer, moves cut out of the people's sessions above and bent to other "
    "targets, mixed, smoothed, or made anew between a person's own pauses. And it was shown the people's sessions again as other "
    "screens, mice and browsers would have logged them, and parts of sessions, of people and of bots. "
    "Some of these families are near to generators in the validation files: the "
    "hand-like ones to minimum-jerk movement with noise and tremor, the borrowed moves to generators that reshape recorded movement. "
    "None was made after their code or their sessions."
)

_LIMITS = """* **Touch, pen, trackpad.** Next to none were recorded. Their strata are observed, not calibrated.
* **Other tasks.** People who draw, read or fill in forms move otherwise, and most of them would be called unusual. Their strata are
  observed: such a score cannot fail anybody.
* **Replay.** A person's movement played back is a person's movement. Moves borrowed whole from recordings are near to that, and many pass.
* **Keyboard.** It has no pointer movement, and is never scored.
* **Motor impairment, age, assistive devices.** Nobody knows who was recorded. Expect more reviews than the promised rate, and keep
  another way in.
* **Rates beyond the resolution.** Above `resolvedTo` a score ranks; it promises no rate."""


def _data(provenance: Mapping[str, Any] | None) -> Iterable[str]:
    if provenance is None:
        return ["The manifest does not say."]
    files = _table(("file", "SHA-256"), [(name, f"`{digest}`") for name, digest in sorted(provenance["files"].items())])
    sources = _table(
        ("source", "", "sessions", "people", "licence"),
        [
            (
                entry["name"],
                entry["label"],
                f"{entry['sessions']:,}",
                str(entry["people"] or ""),
                "; ".join(entry["licenses"]) or "not said",
            )
            for entry in provenance["sources"]
        ],
    )
    note = (
        "A licence that is called unclear is: sapimouse's raw files carry no licence text of their own, its authors' code is "
        "Apache-2.0. `playproof train --exclude-source sapimouse` fits a model without it. No row of anybody is in the artefact: it "
        "holds quantiles, means, covariances, trees, weights of small networks and one-dimensional scores."
    )
    return [files, sources, note, _MADE]


def _calibration(calibration: Mapping[str, Any]) -> Iterable[str]:
    yield (
        "Detectors were fitted without each tenth of the people in turn and scored it; those raw scores are the yardstick. "
        "Each person weighs the same. The band holds the rate of nine in ten calibrations on people drawn anew."
    )
    yield _table(
        ("stratum", "sessions", "people", "resolved to", "at score", "promised", "mean", "band"),
        [
            (
                stratum,
                f"{entry['sessions']:,}",
                str(entry["people"]),
                f"{entry['resolvedTo']:.2f}",
                f"{band['score']:g}",
                _percent(band["promised"]),
                _percent(band["mean"]),
                f"{_percent(band['low'])} to {_percent(band['high'])}",
            )
            for stratum, entry in sorted(calibration.items())
            for band in entry["bands"]
        ],
    )


def _metrics(metrics: Mapping[str, Any] | None) -> Iterable[str]:
    if metrics is None:
        yield "The manifest states no figures."
        return
    yield (
        f"Protocol {metrics['protocol']}, {metrics['folds']} folds, seed {metrics['seed']}: every person and every generator was judged "
        "by a refit, calibration included, that had seen none of their sessions. Intervals are 95 %: over people, or Wilson's beside it; "
        "over generators for the mean."
    )
    yield _table(
        ("people of", "not passed", "over people", "Wilson", "failed"),
        [(row["source"], *_counted(row["notPassed"]), _fraction(row["failed"])) for row in metrics["people"]],
    )
    yield _table(
        ("bots", "generators", "not passed, mean", "interval", "worst"),
        [
            (
                row["standing"],
                str(row["generators"]),
                _percent(row["notPassed"]),
                _interval(row["notPassedInterval"]),
                f"{row['worst']} {_fraction(row['worstNotPassed'])}",
            )
            for row in metrics["means"]
        ],
    )
    yield _table(
        ("generator", "not passed", "Wilson"),
        [(row["name"], _fraction(row["notPassed"]), _interval(row["notPassed"]["wilson"])) for row in metrics["generators"]],
    )


def _counted(count: Mapping[str, Any]) -> tuple[str, str, str]:
    return _fraction(count), _interval(count["bootstrap"]), _interval(count["wilson"])


def _fraction(count: Mapping[str, Any]) -> str:
    rate = "" if count["rate"] is None else f" ({_percent(count['rate'])})"
    return f"{count['hits']}/{count['total']}{rate}"


def _interval(ends: Sequence[float] | None) -> str:
    return "" if ends is None else f"{_percent(ends[0])} to {_percent(ends[1])}"


def _percent(share: float) -> str:
    return f"{100.0 * share:.2f} %"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
