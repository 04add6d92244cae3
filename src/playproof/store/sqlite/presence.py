"""Which processes that use a data folder live: each keeps a lock on a file of its own, which the operating system lets go of when it ends.

That is true also where processes do not see each other, as in containers, and where the number of one is given to another.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path

from playproof.store.sqlite.errors import not_writable

FOLDER_NAME = "processes"
_UNLOCKED = ".unlocked"


class FolderPresence:
    """See `playproof.store.holders.Presence`."""

    def __init__(self, folder: Path) -> None:
        """Of the processes that use the data folder `folder`."""
        self._folder = folder / FOLDER_NAME
        self._files: dict[str, int] = {}

    def announce(self, name: str) -> None:
        """See `Presence.announce`. Raises `StoreRefused` where the folder cannot be written."""
        path = self._folder / name
        unlocked = path.with_name(name + _UNLOCKED)
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            file = os.open(unlocked, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            fcntl.flock(file, fcntl.LOCK_EX)
            unlocked.rename(path)  # under its name it is never without its lock
        except OSError as error:
            raise not_writable(self._folder, error.strerror) from None
        self._files[name] = file

    def dead(self) -> list[str]:
        """See `Presence.dead`."""
        with contextlib.suppress(OSError):
            return [path.name for path in sorted(self._folder.iterdir()) if path.suffix != _UNLOCKED and _unlocked(path)]
        return []

    def forget(self, name: str) -> None:
        """See `Presence.forget`."""
        with contextlib.suppress(OSError):
            (self._folder / name).unlink()

    def close(self) -> None:
        """See `Presence.close`."""
        while self._files:
            name, file = self._files.popitem()
            self.forget(name)
            os.close(file)


def _unlocked(path: Path) -> bool:
    """Whether nobody has the lock of `path`; where that cannot be said, somebody may have it."""
    try:
        file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)  # shared: two who ask do not take each other for the owner
    except OSError:
        return False
    finally:
        os.close(file)
    return True
