"""Reading the settings, once: flag before environment before TOML file before default."""

from __future__ import annotations

import difflib
import logging
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from playproof.errors import SettingsError
from playproof.settings.database import password_of
from playproof.settings.kinds import ApiKey
from playproof.settings.row import Setting
from playproof.settings.table import BY_NAME, SETTINGS, Settings

CONFIG_VARIABLE = "PLAYPROOF_CONFIG"
CONFIG_FILE = "playproof.toml"

# Ours, but not settings: where the file is, and what the test run looks at.
_NOT_SETTINGS = {CONFIG_VARIABLE, "PLAYPROOF_TEST_CHROMIUM", "PLAYPROOF_TEST_PG_URL"}

# Woodwide's own package reads these.
_THEIRS = {"WOODWIDE_CUSTOM_HEADERS", "WOODWIDE_LOG"}

# Beginnings of names that other programs seldom use: less likeness is enough to suspect a setting.
_FAMILIES = tuple({row.env.partition("_")[0] + "_" for row in SETTINGS} - {"BATCH_"})


class Reading(msgspec.Struct, frozen=True):
    """The settings with where each came from (``flag``, ``environment``, ``default``, or the file) and what looked odd."""

    settings: Settings
    sources: dict[str, str]
    warnings: tuple[str, ...] = ()


def load_settings(
    flags: Mapping[str, Any] | None = None, *, environ: Mapping[str, str] | None = None, config: Path | None = None
) -> Settings:
    """The settings alone, for programs; what looked odd goes to the log. See `read_settings`."""
    reading = read_settings(flags, environ=environ, config=config)
    for warning in reading.warnings:
        logging.getLogger(__name__).warning(warning)
    return reading.settings


def read_settings(
    flags: Mapping[str, Any] | None = None, *, environ: Mapping[str, str] | None = None, config: Path | None = None
) -> Reading:
    """Read every setting.

    `flags` maps names of settings to what the command line gave, None where it gave nothing. `environ` defaults to the
    environment of the process. `config` is the TOML file; without it ``PLAYPROOF_CONFIG`` names it, else
    ``playproof.toml`` in the working folder is read if it is there. An empty variable counts as unset.
    Raises `SettingsError` naming every problem at once.
    """
    environ = os.environ if environ is None else environ
    problems: list[str] = []
    file, entries = _config_file(environ, config, problems)
    problems += [f"{file}: unknown setting {key!r}{_nearest(key, BY_NAME)}" for key in entries if key not in BY_NAME]
    problems += _unknown_variables(environ)

    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for row in SETTINGS:
        source, given = _given(row, environ, flags or {}, file, entries, problems)
        sources[row.name] = source
        if source == "default":
            continue
        try:
            value = row.kind.parse(given)
        except ValueError:
            said = "" if row.secret else f" is {given!r}"
            problems.append(f"{_place(row, source)}{said}: expected {row.kind.expected}")
            continue
        values[row.name] = file.parent / value if isinstance(value, Path) and source == str(file) else value

    settings = Settings(**values)
    problems += _contradictions(settings)
    if problems:
        raise SettingsError("; ".join(problems))
    return Reading(settings, sources, (*_near_misses(environ), *_oddities(settings)))


def secrets_of(settings: Settings) -> tuple[str, ...]:
    """Every secret text in `settings`, for whoever blots them out."""
    found: list[str] = []
    for row in SETTINGS:
        value = getattr(settings, row.name) if row.secret else None
        keys = value if isinstance(value, tuple) else (value,)
        found += [(key.key if isinstance(key, ApiKey) else key).reveal() for key in keys if key is not None]
    if settings.database_url is not None:
        found += password_of(settings.database_url.reveal())  # which may be told apart from the address
    return tuple(found)


def _config_file(environ: Mapping[str, str], config: Path | None, problems: list[str]) -> tuple[Path, dict[str, Any]]:
    """The file's path and what stands in it; an absent file is a problem only when somebody named it."""
    named = config or (Path(environ[CONFIG_VARIABLE]) if environ.get(CONFIG_VARIABLE) else None)
    file = named or Path(CONFIG_FILE)
    if named is None and not file.exists():
        return file, {}
    try:
        return file, tomllib.loads(file.read_text("utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        problems.append(f"cannot read the settings file {file}: {error.strerror if isinstance(error, OSError) else 'not UTF-8'}")
    except tomllib.TOMLDecodeError as error:
        problems.append(f"{file} is not TOML: {error}")
    except RecursionError:
        problems.append(f"{file} is not usable: it is nested too deeply")
    return file, {}


def _given(
    row: Setting, environ: Mapping[str, str], flags: Mapping[str, Any], file: Path, entries: Mapping[str, Any], problems: list[str]
) -> tuple[str, Any]:
    """Where the value comes from and what was written there."""
    if flags.get(row.name) is not None:
        return "flag", flags[row.name]
    if row.secret and environ.get(row.env + "_FILE"):
        if environ.get(row.env):
            problems.append(f"{row.env} and {row.env}_FILE are both set: keep one")
        try:
            return "file in environment", Path(environ[row.env + "_FILE"]).read_text("utf-8-sig").strip()
        except (OSError, UnicodeDecodeError) as error:
            problems.append(f"cannot read {row.env}_FILE ({environ[row.env + '_FILE']}): {getattr(error, 'strerror', 'not UTF-8')}")
            return "default", None
    if environ.get(row.env):
        return "environment", environ[row.env]
    if row.name in entries:
        if not row.secret:
            return str(file), entries[row.name]
        problems.append(f"{file}: {row.name} is a secret; set {row.env} or {row.env}_FILE in the environment instead")
    return "default", None


def _place(row: Setting, source: str) -> str:
    """What the operator would look for to mend it."""
    names = {"flag": row.option, "environment": row.env, "file in environment": row.env + "_FILE"}
    return names.get(source, f"{source}: {row.name}")


def _unknown_variables(environ: Mapping[str, str]) -> list[str]:
    known = _variables()
    return [
        f"unknown variable {name}{_nearest(name, known)}"
        for name in sorted(environ)
        if name.startswith("PLAYPROOF_") and name not in known and name not in _NOT_SETTINGS
    ]


def _near_misses(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Variables that are not ours but look as if they were meant to be: somebody else's may, so they only warn."""
    known = _variables()
    near = {
        name: difflib.get_close_matches(name.upper(), known, 1, 0.7 if name.upper().startswith(_FAMILIES) else 0.85)
        for name in sorted(environ)
        if name not in known and name not in _THEIRS and not name.startswith("PLAYPROOF_")
    }
    return tuple(f"the variable {name} is not read; did you mean {match[0]}?" for name, match in near.items() if match)


def _oddities(settings: Settings) -> tuple[str, ...]:
    """What works, but hardly as it was meant."""
    if settings.anomaly_model_id and not (settings.woodwide_api_keys or settings.woodwide_api_key):
        return ("ANOMALY_MODEL_ID names a hosted model, but there is no key to ask it with: set WOODWIDE_API_KEY",)
    return ()


def _variables() -> list[str]:
    return [row.env for row in SETTINGS] + [row.env + "_FILE" for row in SETTINGS if row.secret]


def _nearest(name: str, known: Mapping[str, Any] | list[str]) -> str:
    match = difflib.get_close_matches(name, known, 1, 0.5)
    return f"; did you mean {match[0]}?" if match else ""


def _contradictions(settings: Settings) -> list[str]:
    """What no single value shows."""
    found = []
    if settings.anomaly_threshold_review < settings.anomaly_threshold_pass:
        found.append(
            f"ANOMALY_THRESHOLD_REVIEW ({settings.anomaly_threshold_review:g}) is below "
            f"ANOMALY_THRESHOLD_PASS ({settings.anomaly_threshold_pass:g}): it must be at least as high"
        )
    if settings.anomaly_model_id and settings.woodwide_deadline_ms >= settings.request_timeout * 1000.0:
        found.append(
            f"WOODWIDE_DEADLINE_MS ({settings.woodwide_deadline_ms}) leaves a request no time: "
            f"it must be below PLAYPROOF_REQUEST_TIMEOUT ({settings.request_timeout:g} s)"
        )
    if settings.batch_min > settings.batch_max:
        found.append(f"BATCH_MIN ({settings.batch_min}) is above BATCH_MAX ({settings.batch_max}): no batch could ever have so many")
    if settings.keep_verdicts < settings.keep_telemetry:
        found.append("PLAYPROOF_KEEP_VERDICTS is shorter than PLAYPROOF_KEEP_TELEMETRY: movement cannot outlive its verdict")
    if settings.webhook_url and not settings.webhook_secret:
        found.append("PLAYPROOF_WEBHOOK_URL needs PLAYPROOF_WEBHOOK_SECRET: a site cannot trust what is not signed")
    if settings.webhook_url and urlsplit(settings.webhook_url).scheme == "http" and not settings.webhook_private:
        found.append("PLAYPROOF_WEBHOOK_URL is plain http: use https, or PLAYPROOF_WEBHOOK_PRIVATE=true for a private address")
    return found
