"""What `playproof doctor` looks at. Checks read and never write; each gives lines that say what to do."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import re
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec

from playproof.errors import ArtefactError, SettingsError, StoreError
from playproof.settings import SETTINGS, Reading, Secret, Settings
from playproof.settings.kinds import SECRET

State = Literal["ok", "warn", "fail"]

SHORT_KEY = 16
"""Characters below which a key might be guessed."""

LOW_DISK = 1024**3
FULL_DISK = 64 * 1024**2
"""Bytes free: below the one it is time to act, below the other the next hour may fail."""


class Line(msgspec.Struct, frozen=True):
    """One thing that was looked at: what was found and, unless it is well, what to do."""

    check: str
    state: State
    found: str
    advice: str = ""


def check_python() -> Iterator[Line]:
    """The interpreter."""
    machine = f"{platform.system()} {platform.machine()}"
    yield Line("python", "ok", f"{platform.python_implementation()} {platform.python_version()} on {machine}")


def check_packages(lock: Path | None = None) -> Iterator[Line]:
    """Installed packages against the versions that PlayProof is tested with."""
    lock = lock or lock_file()
    if lock is None:
        yield Line("packages", "warn", "the list of tested versions is not part of this installation", "reinstall playproof")
        return
    required = [re.split(r"[\s<>=!~;\[]", line)[0] for line in importlib.metadata.requires("playproof") or () if ";" not in line]
    missing = [name for name in required if _version(name) is None]
    # The lock covers all platforms and the training extra; what is not installed of these is not needed here.
    pinned = re.findall(r"^([\w.-]+)==([^\s;]+)", lock.read_text("utf-8"), re.MULTILINE)
    there = [(name, version, tested) for name, tested in pinned if (version := _version(name)) is not None]
    other = [f"{name} {version} (tested: {tested})" for name, version, tested in there if version != tested]
    if missing:
        yield Line("packages", "fail", "missing: " + ", ".join(missing), f"pip install -r {lock}")
    if other:
        yield Line("packages", "warn", "other than tested: " + ", ".join(other), f"pip install -r {lock}")
    if not (missing or other):
        yield Line("packages", "ok", f"{len(there)} at the tested versions")


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def lock_file() -> Path | None:
    """The lock: inside an installed package, or at the top of a checkout."""
    package = Path(__file__).resolve().parents[1]
    return next((path for path in (package / "requirements.lock", package.parents[1] / "requirements.lock") if path.is_file()), None)


def check_training() -> Iterator[Line]:
    """Whether `playproof train` can run."""
    if importlib.util.find_spec("sklearn") is None:
        yield Line("training", "warn", "scikit-learn is not installed", "only `playproof train` needs it: pip install 'playproof[train]'")
    else:
        yield Line("training", "ok", f"scikit-learn {importlib.metadata.version('scikit-learn')}")


def check_sqlite() -> Iterator[Line]:
    """The SQLite library, and whether several processes may share a database through it."""
    from playproof.store.sqlite.driver import SHARABLE_FROM, find_driver

    driver = find_driver()
    if driver.sharable:
        yield Line("sqlite", "ok", str(driver))
    else:
        needed = ".".join(map(str, SHARABLE_FROM))
        advice = "one process at a time will be let in: pip install pysqlite3, or a newer Python"
        yield Line("sqlite", "warn", f"{driver}, older than {needed}", advice)


def check_postgres(url: Secret) -> Iterator[Line]:
    """The PostgreSQL server that `PLAYPROOF_DATABASE_URL` names."""
    from playproof.store.migrations.schema import HEAD
    from playproof.store.postgres.inspection import inspect

    try:
        found = inspect(url.reveal())
    except StoreError as error:
        yield Line("postgresql", "fail", str(error), "mend PLAYPROOF_DATABASE_URL, or start the server")
        return
    if not found.usable:
        advice = "upgrade PlayProof, or give it a database of its own, made with ENCODING 'UTF8'"
        yield Line("postgresql", "fail", f"{found.place}: tables {found.revision}, encoding {found.encoding}", advice)
        return
    tables = f"tables {found.revision}" if found.revision else "tables are made at the first start"
    behind = f", brought to {HEAD} at the next start" if found.revision not in (None, HEAD) else ""
    yield Line("postgresql", "ok", f"{found.version}, {found.place}: {tables}{behind}; back it up with pg_dump")
    if found.unsafe:
        yield Line("postgresql", "warn", f"the server has {' and '.join(found.unsafe)}", "what was answered may be lost when it crashes")


def check_settings(reading: Reading) -> Iterator[Line]:
    """Every setting that is not at its default, and what looks odd about the environment."""
    changed = [row for row in SETTINGS if reading.sources[row.name] != "default"]
    for row in changed:
        value = row.show(getattr(reading.settings, row.name))
        yield Line("settings", "ok", f"{row.name} = {value} (from: {reading.sources[row.name]})")
    if not changed:
        yield Line("settings", "ok", "all at their defaults")
    for warning in reading.warnings:
        yield Line("settings", "warn", warning, "mend or unset the variable")


def check_model(settings: Settings) -> Iterator[Line]:
    """The model's artefact: whole, and made for this version."""
    from playproof.scoring.local import load_artefact, reference_path

    path = settings.model or reference_path()
    try:
        model = load_artefact(path)
    except ArtefactError as error:
        advice = "set PLAYPROOF_MODEL to a folder that `playproof train` wrote" if settings.model else "reinstall playproof"
        yield Line("model", "fail", str(error), advice)
    else:
        yield Line("model", "ok", f"{model.model_id} {model.model_version} in {path}")


def check_machine_code() -> Iterator[Line]:
    """Where what is compiled on this computer is kept."""
    from playproof import compiled

    importlib.import_module("playproof.service")  # and with it all that is compiled

    folder, ready = compiled.kept_in(), compiled.ready()
    if folder is None and not ready:
        advice = "let this user write to its cache folder, or set XDG_CACHE_HOME to a folder that it can write"
        yield Line("machine code", "warn", "cannot be kept, so that every start compiles for up to a minute", advice)
    else:
        when = "" if ready else " (compiled at the first start)"
        where = "there, but this user cannot keep more" if folder is None else f"kept in {folder}"
        yield Line("machine code", "ok", where + when)


def check_data_folder(settings: Settings) -> Iterator[Line]:
    """Where the database is or will be: ours to write, not for others to read, with room, on a disk of this machine."""
    from playproof.store.sqlite.lock import network_file_system

    folder = settings.data_dir.absolute()
    standing = next(path for path in (folder, *folder.parents) if path.exists())
    if not standing.is_dir() or not os.access(standing, os.W_OK | os.X_OK):
        what = "is not a folder" if not standing.is_dir() else "cannot be written"
        advice = "give this user the right to write there, or choose another with --data-dir"
        yield Line("data folder", "fail", f"{standing} {what}", advice)
        return
    found = str(folder) if standing == folder else f"{folder} (made at the first start)"
    if standing == folder and folder.stat().st_mode & 0o077:
        yield Line("data folder", "warn", f"{folder} is open to other users of this machine", f"chmod 700 {folder}")
    else:
        yield Line("data folder", "ok", found)

    free = shutil.disk_usage(standing).free
    state: State = "fail" if free < FULL_DISK else "warn" if free < LOW_DISK else "ok"
    yield Line("disk", state, f"{free / 1024**3:.1f} GiB free", "" if state == "ok" else "make room, or shorten PLAYPROOF_KEEP_TELEMETRY")

    kind = network_file_system(standing)
    if kind:
        yield Line("file system", "warn", f"{standing} is on {kind}", "one process at a time will be let in; use a disk of this machine")
    else:
        yield Line("file system", "ok", "local")


def check_port(settings: Settings) -> Iterator[Line]:
    """Whether the service could listen where it is told to."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host.strip("[]"), settings.port))
        except OSError as error:
            found = f"{settings.host} port {settings.port}: {error.strerror or error}"
            yield Line("port", "warn", found, "stop what listens there (a PlayProof that runs is fine), or choose another with --port")
        else:
            yield Line("port", "ok", f"{settings.host} port {probe.getsockname()[1]} is free")


def check_workers(settings: Settings) -> Iterator[Line]:
    """No more processes than processors."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if settings.workers > count:
        yield Line("workers", "warn", f"{settings.workers} on {count} processors", f"more than {count} gains nothing")
    else:
        yield Line("workers", "ok", f"{settings.workers} on {count} processors")


def check_exposure(settings: Settings) -> Iterator[Line]:
    """Whether somebody who is not meant to could ask for verdicts."""
    from playproof.web import auth

    try:
        auth.check_exposure(settings)
    except SettingsError as error:
        yield Line("keys", "fail", str(error), "set PLAYPROOF_API_KEYS, or bind to 127.0.0.1")
        return
    secrets: dict[str, Secret | None] = {f"API key {key.name}": key.key for key in settings.api_keys}
    secrets |= {f"Woodwide key {key.name}": key.key for key in settings.woodwide_api_keys}
    # Those of webhooks are not taken at all where they are short.
    secrets |= {row.env: getattr(settings, row.name) for row in SETTINGS if row.kind is SECRET}
    short = [name for name, secret in secrets.items() if secret is not None and len(secret.reveal()) < SHORT_KEY]
    if short:
        advice = f"use at least {SHORT_KEY} random characters: python3 -c 'import secrets; print(secrets.token_urlsafe())'"
        yield Line("keys", "warn", "short enough to be guessed: " + ", ".join(short), advice)
    else:
        count = len(settings.api_keys)
        yield Line("keys", "ok", f"{count} API key{'s' if count > 1 else ''}" if count else "no API key, and only this machine can ask")


def check_test_keys(settings: Settings) -> Iterator[Line]:
    """Whether the public test keys are good where others could take them for real ones."""
    from playproof.web.auth import exposed

    if not settings.test_keys:
        yield Line("test keys", "ok", "off")
    elif exposed(settings):
        advice = "where people are verified, turn them off: PLAYPROOF_TEST_KEYS=off"
        yield Line("test keys", "warn", "on, in a service that other machines reach", advice)
    else:
        yield Line("test keys", "ok", "on, for this machine")
