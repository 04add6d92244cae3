"""A model as named arrays, and back: what is in the arrays file of an artefact."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from playproof.scoring.combine import Fusion
from playproof.scoring.conformal import Calibrator
from playproof.scoring.local.detectors import Boosted, Detector, Isolation, Mahalanobis, Margins, Network, Tails
from playproof.scoring.local.model import LocalModel, Panel
from playproof.scoring.local.trees import Trees
from playproof.scoring.ranges import HumanRanges

Arrays = dict[str, NDArray[Any]]


def to_arrays(model: LocalModel) -> Arrays:
    """Every array of `model` under a dotted name; `from_arrays` needs besides what `summary` states."""
    arrays: Arrays = {
        "columns": model.panel.columns.astype(np.int32),
        "margins.quantiles": model.panel.margins.quantiles,
        "margins.deviates": model.panel.margins.deviates,
        "fusion.weights": model.fusion.weights,
        "fusion.centre": model.fusion.centre,
        "fusion.scale": model.fusion.scale,
        "ranges.levels": model.ranges.levels,
        "ranges.quantiles": model.ranges.quantiles,
    }
    for name, detector in zip(model.fusion.names, model.panel.detectors, strict=True):
        arrays |= {f"{name}.{part}": array for part, array in _detector_arrays(detector).items()}
    for stratum, calibrator in model.calibrators.items():
        arrays |= {f"calibration.{stratum}.{part}": array for part, array in calibrator.arrays().items()}
    return arrays


def from_arrays(
    arrays: Mapping[str, NDArray[Any]],
    calibration: Mapping[str, Any],
    names: tuple[str, ...],
    catalogue_version: str,
    version: str,
    manifest: Mapping[str, Any],
) -> LocalModel:
    """The model that `to_arrays` took apart, with its detectors' `names`.

    Raises `KeyError`, `TypeError` or `ValueError` where something is missing.
    """
    columns = arrays["columns"].astype(np.intp)
    panel = Panel(
        columns=columns,
        margins=Margins(arrays["margins.quantiles"], arrays["margins.deviates"]),
        detectors=tuple(_detector(name, _under(name, arrays), len(columns)) for name in names),
    )
    return LocalModel(
        panel=panel,
        fusion=Fusion(names, arrays["fusion.weights"], arrays["fusion.centre"], arrays["fusion.scale"]),
        calibrators={
            stratum: Calibrator.from_arrays(_under(f"calibration.{stratum}", arrays), summary) for stratum, summary in calibration.items()
        },
        ranges=HumanRanges(arrays["ranges.levels"], arrays["ranges.quantiles"]),
        catalogue_version=catalogue_version,
        model_version=version,
        manifest=manifest,
    )


def _detector_arrays(detector: Detector) -> Arrays:
    match detector:
        case Mahalanobis():
            return {"centre": detector.centre, "whiten": detector.whiten}
        case Tails():
            return {}
        case Isolation():
            return {**_tree_arrays(detector.trees), "expected": np.array(detector.expected)}
        case Boosted():
            return {**_tree_arrays(detector.trees), "baseline": np.array(detector.baseline)}
        case Network():
            return {"inner": detector.inner, "bias": detector.bias, "outer": detector.outer, "baseline": np.array(detector.baseline)}
        case _:
            raise TypeError(f"{type(detector).__name__} has no form as arrays")


def _detector(name: str, arrays: Arrays, features: int) -> Detector:
    match name:
        case "mahalanobis":
            return Mahalanobis(arrays["centre"], arrays["whiten"])
        case "tails":
            return Tails()
        case "isolation":
            return Isolation(_trees(arrays, features), float(arrays["expected"]))
        case "boosted":
            return Boosted(_trees(arrays, features), float(arrays["baseline"]))
        case "network":
            return Network(arrays["inner"], arrays["bias"], arrays["outer"], float(arrays["baseline"]))
        case _:
            raise ValueError(f"no detector is called {name!r}")


def _tree_arrays(trees: Trees) -> Arrays:
    return {
        "roots": trees.roots,
        "feature": trees.feature,
        "threshold": trees.threshold,
        "left": trees.left,
        "value": trees.value,
        "depth": np.array(trees.depth),
    }


def _trees(arrays: Arrays, features: int) -> Trees:
    roots, feature, left = (arrays[name].astype(np.uint32) for name in ("roots", "feature", "left"))
    return Trees(features, roots, feature, arrays["threshold"], left, arrays["value"], int(arrays["depth"]))


def _under(prefix: str, arrays: Mapping[str, NDArray[Any]]) -> Arrays:
    return {name[len(prefix) + 1 :]: array for name, array in arrays.items() if name.startswith(f"{prefix}.")}
