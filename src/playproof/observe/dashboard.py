"""The Grafana dashboard, written from the table of its panels (`make docs`)."""

from __future__ import annotations

import json
import re
from typing import Any

from playproof.observe.metrics import METRICS
from playproof.observe.panels import ROWS, Panel

TITLE = "PlayProof"
_WIDTH = 24
"""Columns of Grafana's grid."""
_SOURCE = {"type": "prometheus", "uid": "${datasource}"}
_MEANINGS = {metric.name: metric.meaning for metric in METRICS}
_PARTS = re.compile(r"_(bucket|sum|count)$")
"""What the series of a histogram have after its name."""


def render() -> str:
    """The text of deploy/grafana/playproof.json."""
    panels: list[dict[str, Any]] = []
    top = 0
    for title, row in ROWS:
        head = {"id": len(panels) + 1, "type": "row", "title": title, "collapsed": False, "panels": []}
        panels.append({**head, "gridPos": _place(_WIDTH, 1, 0, top)})
        top += 1
        left = 0
        for panel in row:
            if left + panel.width > _WIDTH:
                left = 0
                top += panel.height
            panels.append(_panel(len(panels) + 1, panel, left, top))
            left += panel.width
        top += row[-1].height
    dashboard = {
        "uid": "playproof",
        "title": TITLE,
        "tags": ["playproof"],
        "schemaVersion": 39,
        "timezone": "browser",
        "editable": True,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": _variables()},
        "annotations": {"list": []},
        "panels": panels,
    }
    return json.dumps(dashboard, indent=1, ensure_ascii=False) + "\n"


def _variables() -> list[dict[str, Any]]:
    source = {"name": "datasource", "type": "datasource", "label": "Data source", "query": "prometheus", "current": {}}
    every = {"selected": True, "text": "All", "value": "$__all"}
    chosen = {"type": "query", "datasource": _SOURCE, "includeAll": True, "allValue": ".*", "multi": True, "refresh": 2, "current": every}
    jobs = {**chosen, "name": "job", "label": "Job", "query": "label_values(playproof_model_info, job)"}
    processes = {**chosen, "name": "instance", "label": "Process", "query": 'label_values(playproof_model_info{job=~"$job"}, instance)'}
    return [source, jobs, processes]


def _panel(number: int, panel: Panel, left: int, top: int) -> dict[str, Any]:
    defaults: dict[str, Any] = {"unit": panel.unit}
    options: dict[str, Any] = {"reduceOptions": {"calcs": ["lastNotNull"]}}
    if panel.kind == "timeseries":
        defaults["min"] = 0
        options = {"tooltip": {"mode": "multi", "sort": "desc"}}
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "description": _description(panel),
        "datasource": _SOURCE,
        "gridPos": _place(panel.width, panel.height, left, top),
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "options": options,
        "targets": [
            {"refId": chr(ord("A") + place), "datasource": _SOURCE, "expr": query.expression, "legendFormat": query.legend}
            for place, query in enumerate(panel.queries)
        ],
    }


def _place(width: int, height: int, left: int, top: int) -> dict[str, int]:
    return {"h": height, "w": width, "x": left, "y": top}


def _description(panel: Panel) -> str:
    """What the table of metrics says of those that the panel shows."""
    named = [_PARTS.sub("", name) for query in panel.queries for name in re.findall(r"playproof_\w+", query.expression)]
    return " ".join(dict.fromkeys(_MEANINGS[name] for name in named))
