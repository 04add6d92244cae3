"""Where records and files are kept: in memory, or in a folder that a later start reads again."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from playproof.emulator.records import Record
from playproof.errors import StoreRefused

R = TypeVar("R", bound=Record)


class Archive:
    """Records in memory, each also a JSON file in `folder` where there is one; files only there, or only in memory.

    A file is written under another name and then moved, so that a killed process leaves no half of one.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._records: dict[type[Record], dict[str, Any]] = {}
        self._blobs: dict[str, bytes] = {}
        self._lock: int | None = None
        if folder is not None:
            try:
                (folder / "files").mkdir(mode=0o700, parents=True, exist_ok=True)
                self._lock = _lock(folder / "emulator.lock")
            except BlockingIOError:
                raise StoreRefused(f"another emulator uses {folder}; choose another with --data-dir") from None
            except OSError as error:
                reason = (error.strerror or str(error)).lower()
                raise StoreRefused(f"the data folder {folder} cannot be used: {reason}; choose with --data-dir") from error

    def close(self) -> None:
        """Let another open the folder."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def load(self, kind: type[R]) -> dict[str, R]:
        """All records of `kind` by id, the oldest first; changes to the records count once `save` is called."""
        if kind not in self._records:
            found: list[R] = []
            if self._folder is not None:
                decoder = msgspec.json.Decoder(kind)
                found = [decoder.decode(file.read_bytes()) for file in (self._folder / kind.folder).glob("*.json")]
            self._records[kind] = {record.id: record for record in sorted(found, key=lambda record: record.seq)}
        return self._records[kind]

    def save(self, record: Record) -> None:
        """Keep `record` as it is now."""
        self.load(type(record))[record.id] = record
        if self._folder is not None:
            self._write(self._folder / record.folder / f"{record.id}.json", msgspec.json.encode(record))

    def remove(self, record: Record) -> None:
        """Forget `record`."""
        self.load(type(record)).pop(record.id, None)
        if self._folder is not None:
            (self._folder / record.folder / f"{record.id}.json").unlink(missing_ok=True)

    def write(self, name: str, content: bytes) -> None:
        """Keep a file under `name`."""
        if self._folder is None:
            self._blobs[name] = content
        else:
            self._write(self._folder / "files" / name, content)

    def read(self, name: str) -> bytes | None:
        """The file kept under `name`, None where there is none."""
        if self._folder is None:
            return self._blobs.get(name)
        file = self._folder / "files" / name
        return file.read_bytes() if file.is_file() else None

    def discard(self, name: str) -> None:
        """Forget the file under `name`."""
        self._blobs.pop(name, None)
        if self._folder is not None:
            (self._folder / "files" / name).unlink(missing_ok=True)

    def _write(self, file: Path, content: bytes) -> None:
        file.parent.mkdir(mode=0o700, exist_ok=True)
        draft = file.with_name(f".{file.name}.draft")
        draft.write_bytes(content)
        draft.replace(file)


def _lock(file: Path) -> int:
    """Hold `file` until the descriptor is closed, or the process ends."""
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def highest(archive: Archive, kinds: Iterable[type[Record]]) -> int:
    """The highest `seq` in use."""
    return max((record.seq for kind in kinds for record in archive.load(kind).values()), default=0)
