"""A model as a folder: `model.npz` (arrays, no pickle), `manifest.json` (what they are, of whom, with hashes), `MODEL_CARD.md`.

The manifest names the SHA-256 of the arrays file, and its own, taken without that entry; so an altered byte in either is
found when loading. The same data, seed and code give the same hashes: nothing in either file tells the time.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from playproof.errors import ArtefactError
from playproof.features import CATALOGUE_VERSION, NAMES
from playproof.scoring.local.card import model_card
from playproof.scoring.local.codec import from_arrays, to_arrays
from playproof.scoring.local.model import LocalModel

FORMAT = 1
ARRAYS = "model.npz"
MANIFEST = "manifest.json"
CARD = "MODEL_CARD.md"
_VERSION_DIGITS = 12


def reference_path() -> Path:
    """The folder of the fitted model that ships with the package."""
    return Path(__file__).parent / "reference"


def load_artefact(path: Path | str) -> LocalModel:
    """The model in the folder `path`, verified.

    Raises `ArtefactError`, naming the file and what would help, where a file is missing or damaged, does not have the hash
    that the manifest names, or was made for another feature catalogue.
    """
    folder = Path(path)
    text = _read(folder / MANIFEST)
    try:
        manifest = msgspec.json.decode(text, type=dict[str, Any])
        if manifest["format"] != FORMAT:
            raise ArtefactError(f"{folder / MANIFEST} has format {manifest['format']}, this version reads {FORMAT}; {_REFIT}")
        claimed, wanted = manifest["artefact"], manifest["arrays"]["sha256"]
        if claimed != _manifest_hash(manifest):
            raise ArtefactError(f"{folder / MANIFEST} was altered after it was written: its hash is not {claimed}; {_RESTORE}")
        catalogue = manifest["catalogue"]
        if catalogue["version"] != CATALOGUE_VERSION or tuple(catalogue["features"]) != NAMES:
            raise ArtefactError(
                f"{folder} was fitted on feature catalogue {catalogue['version']}, this version computes {CATALOGUE_VERSION}; {_REFIT}"
            )
        body = _read(folder / ARRAYS)
        found = hashlib.sha256(body).hexdigest()
        if found != wanted:
            raise ArtefactError(f"{folder / ARRAYS} is damaged or foreign: its SHA-256 is {found}, not {wanted}; {_RESTORE}")
        with np.load(io.BytesIO(body), allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        names = tuple(entry["name"] for entry in manifest["detectors"])
        return from_arrays(arrays, manifest["calibration"], names, CATALOGUE_VERSION, claimed[:_VERSION_DIGITS], manifest)
    except (msgspec.DecodeError, KeyError, TypeError, ValueError, OSError, RecursionError, zipfile.BadZipFile) as error:
        raise ArtefactError(f"{folder} is not a readable artefact ({type(error).__name__}: {error}); {_RESTORE}") from error


def write_artefact(model: LocalModel, path: Path | str, *, provenance: Mapping[str, Any]) -> LocalModel:
    """Write `model` to the folder `path`, which is made where it is not there, and return it as loaded from there.

    `provenance` becomes part of the manifest as it is: the data files with their hashes, sources with licences and counts, the
    seed, the version of the code, the metrics. Raises `ArtefactError` where the folder cannot be written.
    """
    folder = Path(path)
    body = _archive(to_arrays(model))
    manifest: dict[str, Any] = {
        "format": FORMAT,
        "model": model.model_id,
        "arrays": {"file": ARRAYS, "sha256": hashlib.sha256(body).hexdigest(), "bytes": len(body)},
        "catalogue": {
            "version": CATALOGUE_VERSION,
            "features": list(NAMES),
            "modelFeatures": [NAMES[column] for column in model.panel.columns],
        },
        "detectors": [
            {"name": name, "weight": float(weight)} for name, weight in zip(model.fusion.names, model.fusion.weights, strict=True)
        ],
        "calibration": {stratum: calibrator.summary() for stratum, calibrator in model.calibrators.items()},
        **provenance,
    }
    # Once through JSON, so that what is hashed is what will be read.
    manifest = msgspec.json.decode(msgspec.json.encode(manifest))
    manifest["artefact"] = _manifest_hash(manifest)
    text = msgspec.json.format(msgspec.json.encode(manifest), indent=1)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ARRAYS).write_bytes(body)
        (folder / MANIFEST).write_bytes(text + b"\n")
        (folder / CARD).write_text(model_card(manifest), encoding="utf-8")
    except OSError as error:
        raise ArtefactError(f"cannot write the artefact to {folder}: {error}; choose a folder that can be written") from error
    return load_artefact(folder)


_REFIT = "fit it again with `playproof train`"
_RESTORE = "restore the folder from where it came, or fit it again with `playproof train`"


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        hint = "an artefact is the folder that `playproof train --out` wrote"
        raise ArtefactError(f"cannot read {file}: {error.strerror}; {hint}") from error


def _manifest_hash(manifest: Mapping[str, Any]) -> str:
    signed = {key: value for key, value in manifest.items() if key != "artefact"}
    return hashlib.sha256(msgspec.json.encode(signed, order="sorted")).hexdigest()


def _archive(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """The arrays as an uncompressed `.npz` whose bytes depend on nothing but them: sorted names, no dates."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(arrays):
            array = io.BytesIO()
            np.lib.format.write_array(array, np.asarray(arrays[name], order="C"), version=(1, 0), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0)), array.getvalue())
    return buffer.getvalue()
