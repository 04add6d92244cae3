"""The one table of settings: name, type, default and meaning of each.

A field of `Settings` is a row: its annotation carries the `Setting`. The name in the TOML file is the field's
name; in the environment it is ``PLAYPROOF_`` and the name in capitals unless the row says otherwise; the flag,
where there is one, is the name with dashes.
"""

from __future__ import annotations

import typing
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import msgspec

from playproof.settings.challenges import ChallengeSettings
from playproof.settings.database import DATABASE
from playproof.settings.kinds import FLAG, KEYS, NAMES, PATH, SECRET, TEXT, URL, ApiKey, Secret, choice, duration, integer, number, size
from playproof.settings.row import Setting
from playproof.settings.webhooks import ENDPOINT, SIGNING

_DAY = 86400.0


class Settings(ChallengeSettings, frozen=True, kw_only=True):
    """What an operator may decide, read once at the start. Durations are seconds, sizes bytes."""

    anomaly_threshold_pass: Annotated[
        float,
        Setting(
            number(0, 12),
            "A score up to this passes; above it the session is anomalous. The score is -log10 of the share of "
            "people's sessions that look at least as odd, so 2.0 asks for one in a hundred.",
            env="ANOMALY_THRESHOLD_PASS",
        ),
    ] = 2.0
    anomaly_threshold_review: Annotated[
        float,
        Setting(
            number(0, 12),
            "A score above this fails; between the two thresholds it goes to review. Not below the pass threshold.",
            env="ANOMALY_THRESHOLD_REVIEW",
        ),
    ] = 2.5
    corroborate: Annotated[
        bool,
        Setting(FLAG, "Whether a challenge that movement alone would fail goes to review instead, where the site does not say."),
    ] = True
    fail_direction: Annotated[
        str,
        Setting(
            choice("review", "fail", "pass"),
            "The best decision a session can get when no model could score it and only the rules answered.",
        ),
    ] = "review"
    model: Annotated[
        Path | None,
        Setting(PATH, "Folder of the model artefact, as `playproof train` writes it.", flag=True, absent="the model in the package"),
    ] = None
    anomaly_model_id: Annotated[
        str | None,
        Setting(
            TEXT,
            "Woodwide's id of the hosted model that scores sessions, such as mdl_TSCR8PKV. Needs a key.",
            env="ANOMALY_MODEL_ID",
            absent="none: the embedded model scores",
        ),
    ] = None
    woodwide_api_keys: Annotated[
        tuple[ApiKey, ...],
        Setting(
            KEYS,
            "Woodwide keys of one organisation, tried in turn where one is refused or out of credits. Goes before WOODWIDE_API_KEY.",
            env="WOODWIDE_API_KEYS",
            absent="that of WOODWIDE_API_KEY",
        ),
    ] = ()
    woodwide_api_key: Annotated[
        Secret | None,
        Setting(SECRET, "Woodwide key, where there is one alone.", env="WOODWIDE_API_KEY", absent="none: nothing is sent to Woodwide"),
    ] = None
    woodwide_base_url: Annotated[
        str,
        Setting(URL, "Where Woodwide's API is served; that of `playproof emulator` to try without a key.", env="WOODWIDE_BASE_URL"),
    ] = "https://api.woodwide.ai"
    woodwide_strategy: Annotated[
        str,
        Setting(
            choice("inline", "dataset"),
            "inline: new rows are scored as a file, in the company of recent ones. dataset: the live dataset is published, and scored as a "
            "whole.",
            env="WOODWIDE_STRATEGY",
        ),
    ] = "inline"
    woodwide_deadline_ms: Annotated[
        int,
        Setting(
            integer(10, 60_000),
            "Milliseconds a request waits for the hosted score; past them the embedded model's verdict is answered as preliminary.",
            env="WOODWIDE_DEADLINE_MS",
        ),
    ] = 800
    woodwide_persistent_dataset: Annotated[
        str,
        Setting(TEXT, "Name of the live dataset, here and at Woodwide.", env="WOODWIDE_PERSISTENT_DATASET"),
    ] = "movement_live_inference"
    dataset_max_rows: Annotated[
        int,
        Setting(
            integer(10, 100_000),
            "Rows of the live dataset's window, which new rows find company in and which is published; older rows leave it and stay in "
            "the store. A row still awaiting its result does not leave.",
            env="DATASET_MAX_ROWS",
        ),
    ] = 1000
    dataset_company_rows: Annotated[
        int,
        Setting(
            integer(0, 1000),
            "Rows of the live dataset that new ones are scored beside: half of those it began with, half the newest eligible ones.",
            env="DATASET_COMPANY_ROWS",
        ),
    ] = 100
    result_wait_max: Annotated[
        float,
        Setting(
            duration(1, 7 * _DAY),
            "How long a verdict stays preliminary where the hosted model does not answer; then that of the embedded model is final.",
            env="RESULT_WAIT_MAX",
        ),
    ] = _DAY
    woodwide_timeout: Annotated[
        float,
        Setting(duration(0.1, 600), "How long one call that carries no file may take.", env="WOODWIDE_TIMEOUT"),
    ] = 30.0
    woodwide_infer_timeout: Annotated[
        float,
        Setting(duration(0.1, 3600), "How long scoring a file at once may take.", env="WOODWIDE_INFER_TIMEOUT"),
    ] = 120.0
    woodwide_transfer_timeout: Annotated[
        float,
        Setting(duration(0.1, 3600), "How long sending or fetching one file may take.", env="WOODWIDE_TRANSFER_TIMEOUT"),
    ] = 300.0
    woodwide_job_timeout: Annotated[
        float,
        Setting(
            duration(1, 7 * _DAY),
            "How long an ingestion, a training or a batch is waited for; it goes on at Woodwide, and can be waited for again.",
            env="WOODWIDE_JOB_TIMEOUT",
        ),
    ] = 1800.0
    woodwide_attempts: Annotated[
        int,
        Setting(
            integer(1, 20),
            "How often a call is sent in all where it fails for now and sending it again cannot do it twice.",
            env="WOODWIDE_ATTEMPTS",
        ),
    ] = 3
    woodwide_retry_patience: Annotated[
        float,
        Setting(
            duration(0, 3600),
            "The longest Retry-After that is waited for within a call; past it the call ends as rate_limited.",
            env="WOODWIDE_RETRY_PATIENCE",
        ),
    ] = 10.0
    woodwide_key_rest: Annotated[
        float,
        Setting(duration(1, _DAY), "How long a key that was refused or is out of credits is not tried again.", env="WOODWIDE_KEY_REST"),
    ] = 300.0
    woodwide_breaker_failures: Annotated[
        int,
        Setting(
            integer(1, 1000), "Failures of Woodwide in a row after which it is not asked for a while.", env="WOODWIDE_BREAKER_FAILURES"
        ),
    ] = 5
    woodwide_breaker_rest: Annotated[
        float,
        Setting(
            duration(0.1, _DAY),
            "How long Woodwide is not asked then, before one call tries whether it answers again.",
            env="WOODWIDE_BREAKER_REST",
        ),
    ] = 5.0
    host: Annotated[
        str,
        Setting(TEXT, "Address to listen on. Anything but loopback needs PLAYPROOF_API_KEYS.", flag=True),
    ] = "127.0.0.1"
    allowed_hosts: Annotated[
        tuple[str, ...],
        Setting(
            NAMES,
            "Host names besides the loopback's that a service on loopback answers for, such as that of a proxy in front. "
            "With any, PLAYPROOF_API_KEYS is needed.",
            absent="none",
        ),
    ] = ()
    port: Annotated[int, Setting(integer(0, 65535), "Port to listen on; 0 takes any free one.", flag=True)] = 8000
    workers: Annotated[int, Setting(integer(1, 64), "Processes that answer requests.", flag=True)] = 1
    data_dir: Annotated[
        Path,
        Setting(
            PATH,
            "Folder of the database and the admin key; made, readable by its owner alone, when it is not there. Relative to the "
            "working folder; in the settings file, to that file's folder.",
            flag=True,
        ),
    ] = Path("playproof-data")
    database_url: Annotated[
        Secret | None,
        Setting(
            DATABASE,
            "PostgreSQL database to keep everything in, for several machines to share: postgresql://user:password@host/database.",
            absent="none: a file in the data folder",
        ),
    ] = None
    api_keys: Annotated[
        tuple[ApiKey, ...],
        Setting(KEYS, "Keys that callers of the API present as a bearer token.", absent="none: open, on loopback only"),
    ] = ()
    admin_key: Annotated[
        Secret | None,
        Setting(SECRET, "Key of the operator, for what reaches across callers.", absent="made at the first start, on loopback only"),
    ] = None
    metrics_token: Annotated[
        Secret | None,
        Setting(SECRET, "Bearer token that may read /metrics from elsewhere.", absent="none: loopback only"),
    ] = None
    webhook_url: Annotated[
        str | None,
        Setting(ENDPOINT, "Where a site is told of verdicts that became final after they were answered as preliminary.", absent="none"),
    ] = None
    webhook_secret: Annotated[
        tuple[Secret, ...],
        Setting(
            SIGNING,
            "What webhooks are signed with: `whsec_` and base64, or a text of 24 characters or more. Several, separated by commas, while "
            "one takes another's place. Needed with PLAYPROOF_WEBHOOK_URL.",
            absent="none",
        ),
    ] = ()
    webhook_private: Annotated[
        bool,
        Setting(FLAG, "Whether webhooks may go to private addresses, to those over plain http too."),
    ] = False
    keep_telemetry: Annotated[
        float,
        Setting(duration(0, 3650 * _DAY), "How long raw movement is kept; with 0 it is not stored at all, only its features are."),
    ] = 7 * _DAY
    keep_verdicts: Annotated[
        float,
        Setting(duration(0, 3650 * _DAY), "How long verdicts and features are kept. Not shorter than raw movement."),
    ] = 90 * _DAY
    durability: Annotated[
        str,
        Setting(
            choice("full", "normal"),
            "full: an answered verdict survives a power cut. normal: it survives a crash of the process, not always of the machine.",
        ),
    ] = "full"
    max_body: Annotated[int, Setting(size(1024, 64 * 1024**2), "Largest request body.")] = 2 * 1024**2
    max_upload: Annotated[int, Setting(size(1024, 16 * 1024**3), "Largest file of sessions to train on.")] = 256 * 1024**2
    request_timeout: Annotated[
        float,
        Setting(
            duration(0.1, 600), "How long a request may take: a body that has not arrived by then gets 408, a verdict not on disk 504."
        ),
    ] = 10.0
    stop_timeout: Annotated[
        float,
        Setting(duration(0.1, 600), "How long accepted requests may take to finish after SIGTERM."),
    ] = 8.0
    log_level: Annotated[str, Setting(choice("debug", "info", "warning", "error"), "Least severity that is logged.")] = "info"
    log_format: Annotated[str, Setting(choice("text", "json"), "Log lines for reading, or one JSON object a line.")] = "text"


def _rows() -> tuple[Setting, ...]:
    hints = typing.get_type_hints(Settings, include_extras=True)
    rows = []
    # The inherited ones come last, as they are the special ones.
    for field in sorted(msgspec.structs.fields(Settings), key=lambda field: field.name in ChallengeSettings.__struct_fields__):
        (row,) = hints[field.name].__metadata__
        env = row.env or "PLAYPROOF_" + field.name.upper()
        rows.append(replace(row, name=field.name, env=env, default=field.default))
    return tuple(rows)


SETTINGS: tuple[Setting, ...] = _rows()
BY_NAME: dict[str, Setting] = {row.name: row for row in SETTINGS}
