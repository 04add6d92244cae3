"""The dashboard and the rules of alerts: they ask for metrics and labels that are there, and each alert says what to do."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import promql_parser as promql
import pytest
import yaml

from playproof.decision import Decision
from playproof.errors import HostedReason
from playproof.observe.metrics import METRICS
from playproof.observe.panels import CHOSEN
from playproof.scoring.chain import Fallback
from playproof.settings import Settings
from playproof.store import EntryState
from playproof.web.app import ROUTES

ROOT = Path(__file__).resolve().parents[2]
ALERTS = ROOT / "deploy" / "prometheus" / "alerts.yml"
DASHBOARD = ROOT / "deploy" / "grafana" / "playproof.json"
RUNBOOK = ROOT / "docs" / "operate.md"

TARGET = frozenset({"job", "instance"})
"""The labels that Prometheus itself gives."""
SERIES = {
    name: frozenset({*metric.labels, *more})
    for metric in METRICS
    for name, more in (
        [(f"{metric.name}_bucket", {"le"}), (f"{metric.name}_sum", set[str]()), (f"{metric.name}_count", set[str]())]
        if metric.kind == "histogram"
        else [(metric.name, set[str]())]
    )
}
"""The labels of each series."""
VALUES: dict[tuple[str, str], frozenset[str]] = {
    ("playproof_batch_entries", "state"): frozenset(get_args(EntryState)),
    ("playproof_batches_total", "outcome"): frozenset({"ok", *HostedReason}),
    ("playproof_fallbacks_total", "reason"): frozenset({*Fallback, *HostedReason}),
    ("playproof_request_seconds_bucket", "route"): frozenset(path for route in ROUTES for path in route.paths),
    ("playproof_retention_runs_total", "outcome"): frozenset({"done", "postponed"}),
    ("playproof_verdicts_total", "decision"): frozenset(Decision),
    ("playproof_webhooks_total", "outcome"): frozenset({"delivered", "failed", "given_up"}),
    ("playproof_woodwide_flights_total", "outcome"): frozenset({"ok", *HostedReason}),
}
"""The values of labels that are asked for by value."""
OPEN_ENDED = {"status", *TARGET}
"""Labels of whose values only a pattern is asked for."""

ASKED_FOR = {
    "queue depth": 'playproof_batch_entries{',
    "oldest age": "playproof_batch_oldest_seconds",
    "batches by outcome": "sum by (outcome) (rate(playproof_batches_total",
    "sessions per batch": "playproof_batch_sessions_bucket",
    "attempt counts": "playproof_batch_attempts_bucket",
    "buried": 'state="buried"',
    "batch seconds": "playproof_batch_seconds_bucket",
    "retries by reason": "sum by (reason) (rate(playproof_batch_retries_total",
    "fallbacks by reason": "sum by (reason) (rate(playproof_fallbacks_total",
    "scheduler running": "playproof_batch_scheduler_running",
    "store latency": "playproof_store_commit_seconds_bucket",
    "store latency of batches": "playproof_batch_store_seconds_bucket",
    "webhooks": "playproof_webhooks_total",
    "hosted breaker": "playproof_woodwide_breaker_open",
    "retention": "playproof_purged_total",
}  # fmt: skip
"""What operators are promised to see, and what shows it."""


def rules() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(ALERTS.read_text("utf-8"))["groups"] for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    return [panel for panel in json.loads(DASHBOARD.read_text("utf-8"))["panels"] if panel["type"] != "row"]


def expressions() -> Iterator[tuple[str, str]]:
    """Every expression, and who asks for it."""
    for rule in rules():
        yield rule["alert"], rule["expr"]
    for panel in panels():
        for target in panel["targets"]:
            yield panel["title"], target["expr"].replace("$__rate_interval", "5m")


def trouble(expression: str) -> list[str]:
    """What an expression asks for that is not there. Raises `ValueError` where it is none."""
    found: list[str] = []

    def look(node: promql.Expr) -> None:
        if isinstance(node, promql.VectorSelector):
            found.extend(_wrong_selector(node))
        elif isinstance(node, promql.AggregateExpr) and node.modifier is not None:
            known = _labels(node.expr)
            found.extend(f"grouped by {label!r}" for label in node.modifier.labels if label not in known)

    promql.walk(promql.parse(expression), look)
    return found


def _wrong_selector(node: promql.VectorSelector) -> Iterator[str]:
    name = node.name or ""
    if name not in SERIES:
        yield f"series {name!r}"
        return
    for matcher in node.matchers.matchers:
        if matcher.name not in SERIES[name] | TARGET:
            yield f"label {matcher.name!r} of {name}"
        elif matcher.name not in OPEN_ENDED:
            yield from (
                f"{matcher.name}={value!r} of {name}" for value in matcher.value.split("|") if value not in VALUES[name, matcher.name]
            )


def _labels(node: promql.Expr) -> frozenset[str]:
    """The labels that what is below may have."""
    labels: set[str] = set(TARGET)

    def look(below: promql.Expr) -> None:
        if isinstance(below, promql.VectorSelector):
            labels.update(SERIES.get(below.name or "", ()))

    promql.walk(node, look)
    return frozenset(labels)


@pytest.mark.parametrize(("who", "expression"), [pytest.param(*one, id=f"{place}-{one[0]}") for place, one in enumerate(expressions())])
def test_what_is_asked_for_is_there(who: str, expression: str) -> None:
    assert trouble(expression) == []


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("rate(playproof_batchs_total[5m])", ["series 'playproof_batchs_total'"]),
        ("playproof_batch_seconds", ["series 'playproof_batch_seconds'"]),
        ('playproof_batches_total{reason="x"}', ["label 'reason' of playproof_batches_total"]),
        ('playproof_batch_entries{state="berried"}', ["state='berried' of playproof_batch_entries"]),
        ("sum by (reason) (rate(playproof_batches_total[5m]))", ["grouped by 'reason'"]),
        ('rate(playproof_fallbacks_total{reason=~"model_error|tired"}[5m])', ["reason='tired' of playproof_fallbacks_total"]),
    ],
)
def test_what_is_not_there_is_found(expression: str, found: list[str]) -> None:
    assert trouble(expression) == found


@pytest.mark.parametrize(
    "expression", ["sum(rate(playproof_batches_total[5m])", "rate(playproof_batches_total)", "sumup(playproof_store_waiting)"]
)
def test_what_is_no_expression_is_found(expression: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        trouble(expression)


def test_every_alert_says_what_is_wrong_and_what_to_do() -> None:
    names = [rule["alert"] for rule in rules()]
    assert len(names) == len(set(names)) > 10
    for rule in rules():
        assert rule["labels"]["severity"] in {"warning", "critical"}
        assert set(rule["annotations"]) == {"summary", "description", "runbook"}
        told = rule["annotations"]["summary"] + rule["annotations"]["description"]
        groups = re.findall(r"by \(([^)]*)\)", rule["expr"])
        grouped = set(re.findall(r"\w+", " ".join(groups))) if groups else TARGET
        assert set(re.findall(r"\$labels\.(\w+)", told)) <= grouped, rule["alert"]
        assert rule["annotations"]["runbook"] == f"docs/operate.md#{rule['alert'].lower()}"


def test_the_alerts_about_the_queue_begin_where_its_settings_end() -> None:
    asks = {rule["alert"]: rule["expr"] for rule in rules()}
    usual = Settings()
    assert f"3600)) > {usual.batch_queue_max}\n" in asks["PlayproofBatchQueueGrows"]
    (late,) = re.findall(r"> (\d+)$", asks["PlayproofBatchLate"])
    assert int(late) > 2 * (usual.batch_wait + usual.batch_interval)
    (awaited,) = re.findall(r"> (\d+)$", asks["PlayproofAwaitedOld"])
    assert int(awaited) < usual.result_wait_max / 2


def test_the_runbook_has_every_alert_and_no_other() -> None:
    headed = re.findall(r"^### (Playproof\w+)$", RUNBOOK.read_text("utf-8"), re.MULTILINE)
    assert headed == [rule["alert"] for rule in rules()]


@pytest.mark.parametrize("what", ASKED_FOR)
def test_the_dashboard_shows(what: str) -> None:
    shown = [target["expr"].replace(f"{CHOSEN},", "") for panel in panels() for target in panel["targets"]]
    assert any(ASKED_FOR[what] in expression for expression in shown)


def test_the_dashboard_shows_every_metric_of_batches_the_store_webhooks_and_the_hosted_model() -> None:
    shown = " ".join(target["expr"] for panel in panels() for target in panel["targets"])
    ours = [metric.name for metric in METRICS if re.match(r"playproof_(batch|store|webhook|woodwide)", metric.name)]
    assert len(ours) > 20
    assert [name for name in ours if not re.search(rf"\b{name}(_bucket|_sum|_count)?\b", shown)] == []


def test_panels_stand_beside_each_other_and_say_what_they_show() -> None:
    everything = json.loads(DASHBOARD.read_text("utf-8"))["panels"]
    assert len({panel["id"] for panel in everything}) == len(everything)
    taken: set[tuple[int, int]] = set()
    for panel in everything:
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
        assert place["x"] + place["w"] <= 24
        assert taken.isdisjoint(cells), panel["title"]
        taken |= cells
    assert all(panel["description"] for panel in panels())
