"""An artefact is loaded as it was written, or refused with a word on what would help."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import numpy as np
import pytest

from playproof.errors import ArtefactError
from playproof.features import CATALOGUE_VERSION, MODEL_FEATURES, NAMES
from playproof.scoring.local import load_artefact, reference_path
from playproof.scoring.local.artefact import ARRAYS, CARD, MANIFEST, write_artefact
from playproof.scoring.local.card import model_card


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the reference model, free to be damaged."""
    return Path(shutil.copytree(reference_path(), tmp_path / "model"))


def refused(folder: Path) -> str:
    with pytest.raises(ArtefactError) as refusal:
        load_artefact(folder)
    return str(refusal.value)


def rewrite(folder: Path, change: dict[str, object]) -> None:
    manifest = msgspec.json.decode((folder / MANIFEST).read_bytes())
    (folder / MANIFEST).write_bytes(msgspec.json.encode({**manifest, **change}))


def test_the_reference_model_loads_and_fits_the_catalogue() -> None:
    model = load_artefact(reference_path())
    assert model.catalogue_version == CATALOGUE_VERSION
    assert model.model_version == model.manifest["artefact"][:12]
    assert [NAMES[column] for column in model.panel.columns] == list(MODEL_FEATURES)
    assert set(model.calibrators) == {"targets/mouse"}


def test_the_reference_model_is_small() -> None:
    assert sum(file.stat().st_size for file in reference_path().iterdir()) < 3_000_000


def test_the_reference_card_is_that_of_its_manifest() -> None:
    manifest = msgspec.json.decode((reference_path() / MANIFEST).read_bytes())
    assert (reference_path() / CARD).read_text() == model_card(manifest)


def test_the_reference_holds_no_pickle_and_no_names_of_people() -> None:
    with np.load(reference_path() / ARRAYS, allow_pickle=False) as stored:
        assert all(stored[name].dtype.kind in "fiub" for name in stored.files)
    assert b"user17" not in (reference_path() / MANIFEST).read_bytes()


def test_written_twice_it_has_the_same_bytes(tmp_path: Path) -> None:
    model = load_artefact(reference_path())
    for name in ("one", "two"):
        write_artefact(model, tmp_path / name, provenance={"seed": 1})
    for file in (ARRAYS, MANIFEST, CARD):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_provenance_is_part_of_the_hash(tmp_path: Path) -> None:
    model = load_artefact(reference_path())
    one, two = (write_artefact(model, tmp_path / str(seed), provenance={"seed": seed}) for seed in (1, 2))
    assert one.model_version != two.model_version


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    assert str(tmp_path / "nowhere") in refused(tmp_path / "nowhere")


def test_missing_arrays_are_named(folder: Path) -> None:
    (folder / ARRAYS).unlink()
    assert ARRAYS in refused(folder)


@pytest.mark.parametrize("place", [100, 5_000, -200])
def test_one_altered_byte_of_the_arrays_is_found(folder: Path, place: int) -> None:
    body = bytearray((folder / ARRAYS).read_bytes())
    body[place] ^= 1
    (folder / ARRAYS).write_bytes(body)
    message = refused(folder)
    assert "SHA-256" in message
    assert "playproof train" in message


def test_an_altered_manifest_is_found(folder: Path) -> None:
    rewrite(folder, {"seed": 12345})
    assert "altered" in refused(folder)


def test_another_format_is_refused(folder: Path) -> None:
    rewrite(folder, {"format": 99})
    assert "format 99" in refused(folder)


@pytest.mark.parametrize(
    "text",
    [b"", b"{", b"[]", b"{}", b'{"format": 1}', b'{"format": 1, "artefact": 3, "arrays": []}', pytest.param(b'{"a":' * 100_000, id="deep")],
)
def test_a_manifest_that_is_none_is_refused(folder: Path, text: bytes) -> None:
    (folder / MANIFEST).write_bytes(text)
    assert "artefact" in refused(folder)


def test_another_catalogue_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("playproof.scoring.local.artefact.CATALOGUE_VERSION", "0.0")
    message = refused(folder)
    assert "0.0" in message
    assert CATALOGUE_VERSION in message


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(ArtefactError, match="cannot write"):
        write_artefact(load_artefact(reference_path()), tmp_path / "file", provenance={})
