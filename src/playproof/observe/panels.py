"""What the Grafana dashboard shows.

Sums are over all processes; what every process shows alike, such as the depth of the queue, is the most that any of them shows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

CHOSEN = 'job=~"$job",instance=~"$instance"'
"""The processes that are looked at."""


@dataclass(frozen=True, slots=True)
class Query:
    """A series, or a few, and how they are called."""

    expression: str
    legend: str


@dataclass(frozen=True, slots=True)
class Panel:
    """One figure or graph."""

    title: str
    queries: tuple[Query, ...]
    unit: str = "short"
    kind: Literal["timeseries", "stat"] = "timeseries"
    width: int = 8
    height: int = 7


def per_second(name: str, by: str = "", **labels: str) -> Query:
    """How often a counter counts, by a label where one is named."""
    grouped = f"sum by ({by}) " if by else "sum"
    return Query(f"{grouped}(rate({_selected(name, labels)}[$__rate_interval]))", f"{{{{{by}}}}}" if by else "all")


def quantile(share: float, name: str, by: str = "", **labels: str) -> Query:
    """What so large a share of a histogram's observations stay below."""
    groups = f"le, {by}" if by else "le"
    legend = f"p{share * 100:g}" + (f" {{{{{by}}}}}" if by else "")
    buckets = _selected(f"{name}_bucket", labels)
    return Query(f"histogram_quantile({share:g}, sum by ({groups}) (rate({buckets}[$__rate_interval])))", legend)


def mean(name: str) -> Query:
    """The mean of a histogram's observations."""
    total, count = (f"sum(rate({_selected(name + part, {})}[$__rate_interval]))" for part in ("_sum", "_count"))
    return Query(f"{total} / {count}", "mean")


def shared(name: str, by: str = "", **labels: str) -> Query:
    """A gauge that all processes show alike."""
    grouped = f"max by ({by}) " if by else "max"
    return Query(f"{grouped}({_selected(name, labels)})", f"{{{{{by}}}}}" if by else "now")


def summed(name: str) -> Query:
    """A gauge of which each process has its part."""
    return Query(f"sum({_selected(name, {})})", "all")


def _selected(name: str, labels: dict[str, str]) -> str:
    return f"{name}{{{','.join([CHOSEN, *(f'{label}{match}' for label, match in labels.items())])}}}"


def _share(part: Query, whole: Query, legend: str) -> Query:
    return Query(f"{part.expression} / {whole.expression}", legend)


ROWS: tuple[tuple[str, tuple[Panel, ...]], ...] = (
    (
        "At a glance",
        (
            Panel("Requests a second", (per_second("playproof_requests_total"),), "reqps", "stat", 3, 4),
            Panel(
                "Answered 5xx",
                (_share(per_second("playproof_requests_total", status='=~"5.."'), per_second("playproof_requests_total"), "share"),),
                "percentunit", "stat", 3, 4,
            ),
            Panel("Queued", (shared("playproof_batch_entries", state='="queued"'),), "short", "stat", 3, 4),
            Panel("Oldest in the queue", (shared("playproof_batch_oldest_seconds"),), "s", "stat", 3, 4),
            Panel("Buried", (shared("playproof_batch_entries", state='="buried"'),), "short", "stat", 3, 4),
            Panel("Scheduler runs", (shared("playproof_batch_scheduler_running"),), "bool_yes_no", "stat", 3, 4),
            Panel("Webhooks waiting", (shared("playproof_webhooks_waiting"),), "short", "stat", 3, 4),
            Panel("Breakers open", (summed("playproof_woodwide_breaker_open"),), "short", "stat", 3, 4),
        ),
    ),
    (
        "Batches",
        (
            Panel("Queue depth", (shared("playproof_batch_entries", "state"),)),
            Panel("Oldest in the queue", (shared("playproof_batch_oldest_seconds"),), "s"),
            Panel(
                "Scheduler, and pause after failures",
                (
                    Query(shared("playproof_batch_scheduler_running").expression, "scheduler runs"),
                    Query(shared("playproof_batch_paused_seconds").expression, "seconds of pause left"),
                ),
            ),
            Panel("Batches by outcome", (per_second("playproof_batches_total", "outcome"),), "ops"),
            Panel(
                "Sessions of a batch",
                (mean("playproof_batch_sessions"), quantile(0.5, "playproof_batch_sessions"), quantile(0.95, "playproof_batch_sessions")),
            ),
            Panel("Seconds of a batch", (quantile(0.5, "playproof_batch_seconds"), quantile(0.95, "playproof_batch_seconds")), "s"),
            Panel("Final by who decided, or why nobody better", (per_second("playproof_batch_settled_total", "outcome"),), "ops"),
            Panel(
                "Failed attempts before a verdict",
                (mean("playproof_batch_attempts"), quantile(0.99, "playproof_batch_attempts")),
            ),
            Panel("Buried", (shared("playproof_batch_entries", state='="buried"'),)),
            Panel("Retries by reason", (per_second("playproof_batch_retries_total", "reason"),), "ops"),
            Panel("Put off by reason", (per_second("playproof_batch_postponed_total", "reason"),), "ops"),
            Panel(
                "Refused by a full queue, and lost to another process",
                (
                    Query(per_second("playproof_batch_full_total").expression, "full"),
                    Query(per_second("playproof_batch_lost_total").expression, "lost"),
                ),
                "ops",
            ),
        ),
    ),
    (
        "Requests and verdicts",
        (
            Panel("Requests by status", (per_second("playproof_requests_total", "status"),), "reqps"),
            Panel("Latency, 99 %, by route", (quantile(0.99, "playproof_request_seconds", "route"),), "s"),
            Panel("Problems by code", (per_second("playproof_errors_total", "code"),), "ops"),
            Panel("Verdicts by decision", (per_second("playproof_verdicts_total", "decision"),), "ops"),
            Panel("Verdicts by source", (per_second("playproof_verdicts_total", "source"),), "ops"),
            Panel(
                "Not passed, by stratum",
                (
                    _share(
                        per_second("playproof_verdicts_total", "stratum", decision='!="pass"'),
                        per_second("playproof_verdicts_total", "stratum"),
                        "{{stratum}}",
                    ),
                ),
                "percentunit",
            ),
            Panel("Sessions by outcome", (per_second("playproof_sessions_total", "outcome"),), "ops"),
            Panel("Fallbacks by reason", (per_second("playproof_fallbacks_total", "reason"),), "ops"),
            Panel("Fields that PlayProof does not know", (per_second("playproof_ignored_fields_total"),), "ops"),
        ),
    ),
    (
        "Challenges and tokens",
        (
            Panel("Challenges by outcome", (per_second("playproof_challenges_total", "outcome"),), "ops"),
            Panel("Batches of events by outcome", (per_second("playproof_challenge_batches_total", "outcome"),), "ops"),
            Panel("Refused for their rate, by way", (per_second("playproof_challenges_limited_total", "way"),), "ops"),
            Panel("Decisions", (per_second("playproof_challenge_decisions_total", "decision"),), "ops"),
            Panel("Questions about tokens by answer", (per_second("playproof_siteverify_total", "outcome"),), "ops"),
            Panel(
                "Age of a token when it is spent",
                (quantile(0.5, "playproof_token_age_seconds"), quantile(0.95, "playproof_token_age_seconds")),
                "s",
            ),
        ),
    ),
    (
        "Store and retention",
        (
            Panel("Commit", (quantile(0.5, "playproof_store_commit_seconds"), quantile(0.99, "playproof_store_commit_seconds")), "s"),
            Panel("Claims and ends of batches, 99 %", (quantile(0.99, "playproof_batch_store_seconds", "step"),), "s"),
            Panel("Sessions and steps of a commit", (mean("playproof_store_group_size"), quantile(0.95, "playproof_store_group_size"))),
            Panel("Waiting for a commit", (summed("playproof_store_waiting"),)),
            Panel("Commits that failed", (per_second("playproof_store_failures_total"),), "ops"),
            Panel(
                "Removed by retention, and erased",
                (per_second("playproof_purged_total", "what"), Query(per_second("playproof_erased_total").expression, "erased")),
                "ops",
            ),
            Panel("Runs of retention", (per_second("playproof_retention_runs_total", "outcome"),), "ops"),
        ),
    ),
    (
        "Hosted model",
        (
            Panel("Calls by outcome", (per_second("playproof_woodwide_calls_total", "outcome"),), "ops"),
            Panel("Seconds of a call, 95 %", (quantile(0.95, "playproof_woodwide_call_seconds", "call"),), "s"),
            Panel("Breakers open", (summed("playproof_woodwide_breaker_open"),)),
            Panel("Flights by outcome", (per_second("playproof_woodwide_flights_total", "outcome"),), "ops"),
            Panel(
                "Sessions of a flight",
                (mean("playproof_woodwide_flight_sessions"), quantile(0.95, "playproof_woodwide_flight_sessions")),
            ),
            Panel("Repeated calls", (per_second("playproof_woodwide_repeats_total", "call"),), "ops"),
            Panel("Sent", (per_second("playproof_woodwide_sent_bytes_total", "call"),), "Bps"),
            Panel("Awaited sessions", (shared("playproof_awaited_sessions"),)),
            Panel("Oldest awaited session", (shared("playproof_awaited_oldest_seconds"),), "s"),
            Panel("Final by outcome", (per_second("playproof_settled_total", "outcome"),), "ops"),
            Panel("Postponed by reason", (per_second("playproof_postponed_total", "reason"),), "ops"),
        ),
    ),
    (
        "Webhooks",
        (
            Panel("Attempts by outcome", (per_second("playproof_webhooks_total", "outcome"),), "ops"),
            Panel("Waiting", (shared("playproof_webhooks_waiting"),)),
            Panel("Seconds of an attempt", (quantile(0.5, "playproof_webhook_seconds"), quantile(0.95, "playproof_webhook_seconds")), "s"),
        ),
    ),
    (
        "Processes",
        (
            Panel(
                "Processes by embedded model",
                (Query(f"sum by (model_id, model_version) (playproof_model_info{{{CHOSEN}}})", "{{model_id}} {{model_version}}"),),
            ),
        ),
    ),
)  # fmt: skip
