"""The metrics an operator watches, in one table.

Several worker processes share their counts through files (`PROMETHEUS_MULTIPROC_DIR`, set by whoever starts the workers
and before this module is imported); one process keeps them in memory.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

MULTIPROCESS_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
UNSCORED = "none"
"""The stratum of a verdict that no calibrated model gave."""

_LATENCY = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_HOSTED = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)
_ATTEMPTS = (0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 8.0)
_AGES = (1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 180.0, 240.0, 300.0)
_GROUP = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0)


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric: what it is called and what it says."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    labels: tuple[str, ...]
    meaning: str
    buckets: tuple[float, ...] = ()
    shared: bool = False
    """A gauge of what all workers see alike: what the last one put in counts."""


METRICS = (
    Metric("playproof_requests_total", "counter", ("route", "method", "status"), "Requests answered, by route template and HTTP status."),
    Metric("playproof_request_seconds", "histogram", ("route",), "Seconds from a request's headers to its whole answer.", _LATENCY),
    Metric("playproof_errors_total", "counter", ("code",), "Problem documents sent, by code (docs/errors.md)."),
    Metric(
        "playproof_verdicts_total",
        "counter",
        ("decision", "source", "stratum"),
        f"Verdicts stored; the stratum is `{UNSCORED}` where no calibrated model answered.",
    ),
    Metric("playproof_sessions_total", "counter", ("outcome",), "Sessions handed in: stored, replayed (same id and content) or conflict."),
    Metric(
        "playproof_ignored_fields_total", "counter", (), "Top-level fields of sessions that PlayProof does not know: misspelt, or too new."
    ),
    Metric("playproof_fallbacks_total", "counter", ("reason",), "Times a lower scorer answered than the one configured, by reason."),
    Metric("playproof_store_waiting", "gauge", (), "Scored sessions waiting for their commit, now."),
    Metric("playproof_store_commit_seconds", "histogram", (), "Seconds one group commit took, down to the disk.", _LATENCY),
    Metric("playproof_store_group_size", "histogram", (), "Sessions and steps of challenges in one group commit.", _GROUP),
    Metric("playproof_store_failures_total", "counter", (), "Group commits that failed; none of their sessions was acknowledged."),
    Metric("playproof_challenges_total", "counter", ("outcome", "game"), "Challenges issued, started (a first batch came) and finished."),
    Metric("playproof_challenges_limited_total", "counter", ("way",), "Challenges and tolls refused because a rate was over, by way."),
    Metric(
        "playproof_challenge_batches_total",
        "counter",
        ("outcome",),
        "Batches of events: taken, repeated, or the reason why not.",
    ),
    Metric(
        "playproof_challenge_decisions_total",
        "counter",
        ("game", "device", "decision"),
        "First decisions on finished challenges, by game and input class.",
    ),
    Metric("playproof_campaigns", "gauge", (), "Campaigns among the newest sessions: nearer to each other than people's.", shared=True),
    Metric("playproof_campaign_sessions", "gauge", (), "Sessions that belong to one of them.", shared=True),
    Metric("playproof_retention_runs_total", "counter", ("outcome",), "Runs of retention: done, or postponed for want of the store."),
    Metric(
        "playproof_siteverify_total",
        "counter",
        ("dialect", "outcome", "source"),
        "Questions about tokens: the decision, `repeated` for one asked again, or why it was not answered (docs/verify.md); of a `site` or "
        "a `test_key`.",
    ),
    Metric(
        "playproof_token_age_seconds", "histogram", (), "Seconds from a finished challenge to the question that spent its token.", _AGES
    ),
    Metric("playproof_erased_total", "counter", (), "Sessions erased on request over HTTP."),
    Metric(
        "playproof_purged_total",
        "counter",
        ("what",),
        "Rows that retention removed: telemetry, sessions, letters, publications, tombstones, challenges or signatures.",
    ),
    Metric(
        "playproof_woodwide_calls_total", "counter", ("call", "outcome"), "Calls to Woodwide ended: ok, or the reason (docs/woodwide.md)."
    ),
    Metric("playproof_woodwide_call_seconds", "histogram", ("call",), "Seconds a call to Woodwide took, repetitions included.", _HOSTED),
    Metric("playproof_woodwide_repeats_total", "counter", ("call",), "Times a call to Woodwide was sent again, or with another key."),
    Metric("playproof_woodwide_sent_bytes_total", "counter", ("call",), "Bytes of files sent to Woodwide."),
    Metric(
        "playproof_woodwide_flights_total",
        "counter",
        ("outcome",),
        "Times sessions were scored together by Woodwide: ok, or the reason why none of them has a score.",
    ),
    Metric("playproof_woodwide_flight_sessions", "histogram", (), "Sessions that were scored together by Woodwide.", _GROUP),
    Metric("playproof_woodwide_breaker_open", "gauge", (), "Processes that make no calls in real time for now, because too many failed."),
    Metric(
        "playproof_settled_total",
        "counter",
        ("outcome",),
        "Preliminary verdicts that the hosted model was asked about and that are final: hosted, or the reason why it did not decide.",
    ),
    Metric("playproof_postponed_total", "counter", ("reason",), "Times the hosted model had no score for such a session, by reason."),
    Metric("playproof_awaited_sessions", "gauge", (), "Sessions whose verdict is preliminary, in the store.", shared=True),
    Metric("playproof_awaited_oldest_seconds", "gauge", (), "How long the oldest of them has waited.", shared=True),
    Metric("playproof_batches_total", "counter", ("outcome",), "Batches scored: ok, or the reason why none of its sessions has a score."),
    Metric("playproof_batch_sessions", "histogram", (), "Sessions of one batch.", _GROUP),
    Metric("playproof_batch_seconds", "histogram", (), "Seconds from a batch's claim to the verdicts of its sessions on disk.", _HOSTED),
    Metric("playproof_batch_store_seconds", "histogram", ("step",), "Seconds the store took to claim a batch, and to end it.", _LATENCY),
    Metric(
        "playproof_batch_settled_total",
        "counter",
        ("outcome",),
        "Queued sessions whose verdict became final: the source that decided, or the reason why none better did, such as buried.",
    ),
    Metric("playproof_batch_attempts", "histogram", (), "How often each of them had failed before for what it is.", _ATTEMPTS),
    Metric("playproof_batch_retries_total", "counter", ("reason",), "Times a queued session failed for what it is and was queued again."),
    Metric("playproof_batch_postponed_total", "counter", ("reason",), "Times a queued session was put off because the provider was out."),
    Metric("playproof_batch_lost_total", "counter", (), "Verdicts not stored because another process had claimed the session since."),
    Metric("playproof_batch_full_total", "counter", (), "Sessions that found no room in the queue, and were scored at once."),
    Metric("playproof_batch_entries", "gauge", ("state",), "Sessions in the batch queue: queued, claimed, settled or buried.", shared=True),
    Metric("playproof_batch_oldest_seconds", "gauge", (), "How long the oldest queued session has waited.", shared=True),
    Metric("playproof_batch_scheduler_running", "gauge", (), "1 where batches are formed on schedule, 0 where not.", shared=True),
    Metric("playproof_batch_paused_seconds", "gauge", (), "How long no batch will be sent, after the provider failed.", shared=True),
    Metric("playproof_webhooks_total", "counter", ("outcome",), "Attempts to deliver a webhook: delivered, failed or given_up."),
    Metric("playproof_webhooks_waiting", "gauge", (), "Webhooks still to be delivered, as counted last.", shared=True),
    Metric("playproof_webhook_seconds", "histogram", (), "Seconds an attempt to deliver a webhook took.", _HOSTED),
    Metric("playproof_model_info", "gauge", ("model_id", "model_version"), "Always 1; its labels name the embedded model."),
)

# A second series a counter, of when it began, doubles the page and answers nothing that is asked here.
disable_created_metrics()  # type: ignore[no-untyped-call]

_Collector = Counter | Gauge | Histogram


class Metrics:
    """The counts of this process, and the page that shows those of all workers."""

    def __init__(self) -> None:
        self._shared = os.environ.get(MULTIPROCESS_VARIABLE)
        self._registry = CollectorRegistry()
        if not self._shared:
            ProcessCollector(registry=self._registry)
            PlatformCollector(registry=self._registry)
        self._collectors: Mapping[str, _Collector] = {metric.name: self._collector(metric) for metric in METRICS}
        # Looking up a labelled child costs a lock and a tuple each; requests repeat a handful of label sets.
        self._child = lru_cache(maxsize=1024)(self._find_child)

    def _collector(self, metric: Metric) -> _Collector:
        if metric.kind == "counter":
            return Counter(metric.name, metric.meaning, metric.labels, registry=self._registry)
        if metric.kind == "histogram":
            return Histogram(metric.name, metric.meaning, metric.labels, registry=self._registry, buckets=metric.buckets)
        mode: Literal["livesum", "livemax", "livemostrecent"] = "livemax" if metric.labels else "livesum"
        if metric.shared:
            mode = "livemostrecent"
        return Gauge(metric.name, metric.meaning, metric.labels, registry=self._registry, multiprocess_mode=mode)

    def _find_child(self, name: str, *labels: str) -> _Collector:
        collector = self._collectors[name]
        return collector.labels(*labels) if labels else collector

    def count(self, name: str, *labels: str, by: float = 1) -> None:
        """Add `by` to a counter, with its label values in the table's order."""
        child = self._child(name, *labels)
        assert isinstance(child, Counter)
        child.inc(by)

    def observe(self, name: str, value: float, *labels: str) -> None:
        """Enter `value` into a histogram."""
        child = self._child(name, *labels)
        assert isinstance(child, Histogram)
        child.observe(value)

    def change(self, name: str, by: float, *labels: str) -> None:
        """Raise a gauge, or lower it where `by` is negative."""
        child = self._child(name, *labels)
        assert isinstance(child, Gauge)
        child.inc(by)

    def put(self, name: str, value: float, *labels: str) -> None:
        """Have a gauge show `value`."""
        child = self._child(name, *labels)
        assert isinstance(child, Gauge)
        child.set(value)

    def render(self) -> tuple[bytes, str]:
        """The page that Prometheus reads, and its content type; all workers' counts together."""
        registry = self._registry
        if self._shared:
            _forget_dead_workers(Path(self._shared))
            registry = CollectorRegistry()
            MultiProcessCollector(registry, path=self._shared)  # type: ignore[no-untyped-call]
        return generate_latest(registry), "text/plain; version=0.0.4; charset=utf-8"


def _forget_dead_workers(folder: Path) -> None:
    """Drop what dead processes left in live gauges; their counters stay counted."""
    for file in folder.glob("gauge_live*_*.db"):
        try:
            os.kill(int(file.stem.rpartition("_")[2]), 0)
        except ProcessLookupError:
            file.unlink(missing_ok=True)
        except PermissionError:
            continue  # alive, and somebody else's: the number was given out again
