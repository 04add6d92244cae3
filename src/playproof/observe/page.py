"""The page about metrics, written from their table."""

from __future__ import annotations

from playproof.observe.metrics import METRICS

_HEAD = """# Metrics

This page is written from the code by `make docs`.

`GET /metrics` answers in Prometheus' text form: on the machine itself to anybody, from elsewhere to whoever sends
`Authorization: Bearer` with `PLAYPROOF_METRICS_TOKEN`. With several workers the counts are those of all of them. With one, the
Prometheus library's own `process_*` and `python_info` stand beside them.

| metric | kind | labels | meaning |
| --- | --- | --- | --- |
"""

_TAIL = """
What to watch: `playproof_store_failures_total` and `playproof_errors_total{code="store-unavailable"}` (the disk), `playproof_fallbacks_total`
(the model), the share of `decision="review"` and `"fail"` in `playproof_verdicts_total` by stratum (people who are held up, or an
attack), the upper buckets of `playproof_request_seconds` (load).

A Grafana dashboard and rules of alerts that ask for these come with the source, and a page says [what to do](operate.md#at-three-in-the-morning)
about each alert.
"""


def render() -> str:
    """The text of docs/metrics.md."""
    rows = [f"| `{m.name}` | {m.kind} | {', '.join(f'`{label}`' for label in m.labels) or 'none'} | {m.meaning} |" for m in METRICS]
    return _HEAD + "\n".join(rows) + "\n" + _TAIL
