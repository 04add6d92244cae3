"""The composition root: settings in, ASGI application out."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import math
import os
from collections.abc import AsyncIterator
from functools import partial

import msgspec
from litestar import Litestar
from litestar.types import ASGIApp

from playproof.batch.runtime import Batch
from playproof.clock import Clock, SystemClock
from playproof.errors import ArtefactError, HostedReason
from playproof.ids import process_name
from playproof.observe.logging import LogWriter, configure
from playproof.observe.metrics import Metrics
from playproof.scoring.base import Scorer
from playproof.service import Service, build_judge, live_of
from playproof.settings import Settings, secrets_of
from playproof.store import Commit, PutOutcome, store_of
from playproof.telemetry import LIMITS
from playproof.tokens.verifier import Verifier
from playproof.verification.desk import desk_of
from playproof.web.auth import Keys, Neighbourhood, admin_key
from playproof.web.client import Proxies
from playproof.web.ferry import Ferry
from playproof.web.retention import Retention, leave_with_parent, retention_of
from playproof.web.routes import batch, challenges, demo, operate, operator, pages, score, sessions, siteverify, training, widget
from playproof.web.routing import routed
from playproof.web.running import running
from playproof.web.services import Limits, Services, note_fallback
from playproof.woodwide.following import follower_of
from playproof.woodwide.runtime import Hosted
from playproof.woodwide.tower import tower_of

ROUTES = (
    score.score,
    sessions.stored,
    sessions.erase,
    *batch.ROUTES,
    challenges.begin,
    challenges.events,
    challenges.toll,
    challenges.finish,
    siteverify.siteverify,
    training.upload,
    training.start,
    training.versions,
    operate.health,
    operate.ready,
    operate.metrics,
    *operator.ROUTES,
    *demo.ROUTES,
    widget.latest,
    widget.module,
    *pages.ROUTES,
)

_log = logging.getLogger("playproof.web")


def compose(settings: Settings, clock: Clock | None = None) -> Services:
    """Open what `settings` describe, for a process that serves. Raises `StoreRefused`, `ArtefactError` or `SettingsError`."""
    admin = admin_key(settings)
    token = settings.metrics_token.reveal() if settings.metrics_token else None
    return _composed(settings, Keys(settings.api_keys, admin.key if admin else None, token), clock)


def compose_worker(settings: Settings, clock: Clock | None = None) -> Services:
    """Open what `settings` describe, for a process that takes no requests and works at batches. Raises as `compose` does.

    `playproof.web.running.running` is all it does.
    """
    return _composed(msgspec.structs.replace(settings, batch_work=True), Keys(), clock)


def _composed(settings: Settings, keys: Keys, clock: Clock | None) -> Services:
    clock = clock or SystemClock()
    metrics = Metrics()
    judge = build_judge(settings, clock=clock, on_fallback=partial(note_fallback, metrics))
    holder = process_name(os.urandom)
    store = store_of(settings, clock=clock, on_commit=partial(_note_commit, metrics), live=live_of(settings))
    webhooks = notice = noticed = None
    if settings.webhook_url is not None:
        from playproof.webhooks.runtime import delivery_of

        webhooks = delivery_of(settings, store, metrics, clock, holder=holder)
        notice, noticed = webhooks.notice, webhooks.hurry
    hosted = None
    tower = tower_of(settings, store, metrics, clock, holder=holder)
    if tower is not None:
        hosted = Hosted(settings, judge, store, metrics, clock, tower=tower, holder=holder, notice=notice, noticed=noticed)
    batch = Batch(settings, judge, store, metrics, clock, tower=tower, holder=holder, notice=notice, noticed=noticed)
    model = judge.chain.model
    metrics.change("playproof_model_info", 1, model.model_id, model.model_version)
    service = Service(
        judge,
        store,
        clock=clock,
        keep_telemetry=settings.keep_telemetry > 0,
        holder=holder if tower is not None else None,
        unasked=HostedReason.NOT_CONFIGURED if settings.anomaly_model_id and tower is None else None,
        queue=batch.queue,
    )
    return Services(
        service=service,
        store=store,
        keys=keys,
        neighbourhood=Neighbourhood.of(settings.host, settings.allowed_hosts),
        metrics=metrics,
        limits=Limits(
            min(settings.max_body, LIMITS.body_bytes), settings.request_timeout, settings.max_upload, settings.wrong_secrets_per_address
        ),
        clock=clock,
        checks={"store": store.check, "model": partial(_check_model, model)},
        batch=batch,
        desk=desk_of(settings, store, service, metrics, clock),
        verifier=Verifier(store.sites, store.tokens, judge.rules, clock, trials=settings.test_keys),
        proxies=Proxies(settings.trusted_proxies),
        holder=holder,
        tower=tower,
        hosted=hosted,
        training=follower_of(settings, store, metrics, clock, tower.link if tower is not None else None, holder=holder),
        webhooks=webhooks,
    )


def _check_model(model: Scorer) -> None:
    quantiles = model.ranges.quantiles
    usual = quantiles[:, quantiles.shape[1] // 2]
    if not math.isfinite(float(model.raw(usual[None, :])[0])):
        raise ArtefactError("the model gives the median of people no score")


def _note_commit(metrics: Metrics, commit: Commit) -> None:
    metrics.observe("playproof_store_commit_seconds", commit.seconds)
    metrics.observe("playproof_store_group_size", commit.sessions + commit.pieces)
    if commit.error is not None:
        metrics.count("playproof_store_failures_total")
        _log.error("commit failed", extra={"error": commit.error, "sessions": commit.sessions, "pieces": commit.pieces})


def create_app(services: Services, retention: Retention, access: LogWriter | None = None) -> ASGIApp:
    """The application around `services`, which it closes when the server stops. `access` gets a line a request."""

    @contextlib.asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        leave_with_parent(asyncio.get_running_loop())
        async with running(services, retention):
            yield

    ferry: Ferry[PutOutcome] = Ferry(services.store.hurry, partial(services.metrics.change, "playproof_store_waiting"))
    return routed(ROUTES, services, access, lifespan=lifespan, ferry=ferry)


def log_writer(settings: Settings, *hidden: str) -> LogWriter:
    """Where log lines go; what is secret in `settings`, or `hidden`, never gets through."""
    return LogWriter("json" if settings.log_format == "json" else "text", secrets=[*secrets_of(settings), *hidden])


def application(settings: Settings, services: Services | None = None) -> ASGIApp:
    """The whole application of one server process, its logging included; `services` are composed unless given."""
    admin = admin_key(settings)
    writer = log_writer(settings, *([admin.key] if admin else []))
    configure(writer, settings.log_level)
    access = writer if settings.log_level in ("debug", "info") else None
    app = create_app(services or compose(settings), retention_of(settings), access)
    # What is there now stays: a full collection over it would hold every request up for some 30 ms, for nothing.
    gc.collect()
    gc.freeze()
    return app
