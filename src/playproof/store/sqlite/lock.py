"""Who may use a data folder: a lock that the operating system lets go of when its process ends."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from playproof.errors import StoreRefused
from playproof.store.sqlite.errors import not_writable

LOCK_NAME = "playproof.lock"

_LINUX_NAMES = "9p afs beegfs ceph cifs gfs2 gpfs lustre ncpfs nfs nfs4 ocfs2 smb3 smbfs vboxsf"
_FUSE_NAMES = "fuse.gcsfuse fuse.glusterfs fuse.s3fs fuse.sshfs"
NETWORK_FILE_SYSTEMS = frozenset((*_LINUX_NAMES.split(), *_FUSE_NAMES.split()))
"""Where processes on several machines may share a file, which SQLite's write-ahead log cannot stand."""


class FolderLock:
    """Holds a data folder, shared with other processes or alone, until released."""

    def __init__(self, folder: Path, alone: str | None = None) -> None:
        """`alone` says why the folder cannot be shared; `None` shares it.

        Raises `StoreRefused` where another process is in the way, or the folder cannot be written.
        """
        path = folder / LOCK_NAME
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise not_writable(folder, error.strerror) from None
        try:
            fcntl.flock(self._file, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except OSError:
            os.close(self._file)
            raise StoreRefused(
                f"the data folder {folder} is in use by another process, and {alone}; stop that first"
                if alone
                else f"another process has the data folder {folder} to itself: a restore, or a PlayProof whose SQLite cannot share it"
            ) from None

    def release(self) -> None:
        """Let go of the folder."""
        os.close(self._file)


@contextlib.contextmanager
def opening(folder: Path) -> Iterator[None]:
    """One process at a time gets past here: creating and upgrading the database is not to be done twice."""
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        # Network file systems cannot lock folders; there the process has the folder to itself anyway.
        with contextlib.suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def network_file_system(folder: Path, mounts: Path = Path("/proc/self/mountinfo")) -> str | None:
    """The network file system that `folder` is on, as far as one can tell (Linux); `None` for a local one."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return None
    inside = folder.resolve()
    best, kind = -1, ""
    for line in lines:
        before, _, after = line.partition(" - ")
        point = Path(before.split(" ")[4].encode("latin-1", "backslashreplace").decode("unicode_escape"))
        depth = len(point.parts)
        if depth >= best and inside.is_relative_to(point):  # a later mount on the same point hides the earlier
            best, kind = depth, after.split(" ")[0]
    return kind if kind in NETWORK_FILE_SYSTEMS else None
