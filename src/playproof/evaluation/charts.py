"""The report's drawings: inline SVG, written by hand, coloured by the page's style sheet."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from playproof.evaluation.metrics import Det, Floats
from playproof.evaluation.tables import percent

WIDTH = 720
_PROBIT = NormalDist().inv_cdf
_DET_ENDS = (0.0005, 0.6)
_DET_TICKS = (0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4)
_BIN = 0.25
_LAST_BIN = 6.0
"""Scores from here on, and sessions that only the rules judged, share the last bin."""

_SCORE_AXIS = "anomaly score, −log10 of the share of people at least this unusual"


class Scale(NamedTuple):
    """From a value to a place on the page, straight between two ends."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """The place of `value`, which is held within the ends."""
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return round(self.start + share * (self.end - self.start), 2)


class Bar(NamedTuple):
    """One line of a bar chart."""

    name: str
    rate: float
    low: float
    high: float
    note: str
    """Shown to the right, such as 3/214."""
    kind: str
    """The style sheet's class."""


class Curve(NamedTuple):
    """One line of a DET chart."""

    name: str
    det: Det
    kind: str


def histogram(people: Floats, bots: Floats, bot_weights: Floats, thresholds: Sequence[tuple[str, float]]) -> str:
    """Scores of people (n,) and bots (m,) as shares of each, with the decision's thresholds."""
    left, right, top, bottom = 46, WIDTH - 12, 26, 300
    edges = np.arange(0.0, _LAST_BIN + 2 * _BIN, _BIN)
    groups = [
        (kind, _shares(scores, weights, edges))
        for kind, scores, weights in (("people", people, np.ones(people.size)), ("bots", bots, bot_weights))
        if scores.size
    ]
    highest = max(float(shares.max()) for _, shares in groups)
    x, y = Scale(0.0, float(edges[-1]), left, right), Scale(0.0, highest * 1.05, bottom, top)
    out = [_grid_y(y, _round_ticks(highest), left, right)]
    for kind, shares in groups:
        out.append(f'<path class="area {kind}" d="{_steps(edges, shares, x, y, bottom)}"/>')
    for index, (name, value) in enumerate(thresholds):
        out.append(_line("threshold", x(value), top - 4, x(value), bottom))
        # The thresholds lie close together: the first label ends at its line, the others start at theirs.
        out.append(_text(x(value) + (4 if index else -4), top - 8, f"{name} {value:g}", "label", "start" if index else "end"))
    whole = range(int(_LAST_BIN) + 1)
    out += [_text(x(value), bottom + 18, f"{value}" if value < _LAST_BIN else f"≥ {value}", "tick", "middle") for value in whole]
    out.append(_text((left + right) / 2, bottom + 38, _SCORE_AXIS, "axis", "middle"))
    return _svg(bottom + 46, out, "Histogram of anomaly scores of people and bots")


def det_chart(curves: Sequence[Curve], thresholds: Sequence[tuple[str, float]]) -> str:
    """What each threshold flags of people against what it misses of bots, on normal deviate axes."""
    left, right, top, bottom = 64, WIDTH - 16, 34, 450
    low, high = (_PROBIT(end) for end in _DET_ENDS)
    x, y = Scale(low, high, left, right), Scale(low, high, bottom, top)
    out = []
    for tick in _DET_TICKS:
        place = _PROBIT(tick)
        out.append(_line("grid", x(place), top, x(place), bottom))
        out.append(_line("grid", left, y(place), right, y(place)))
        out.append(_text(x(place), bottom + 18, f"{100 * tick:g} %", "tick", "middle"))
        out.append(_text(left - 8, y(place) + 4, f"{100 * tick:g} %", "tick", "end"))
    out.append(_line("diagonal", x(low), y(low), x(high), y(high)))
    for index, curve in enumerate(curves):
        out.append(f'<polyline class="line {curve.kind}" points="{_det_points(curve.det, x, y)}"/>')
        out += [_det_mark(curve, name, value, x, y) for name, value in thresholds]
        start = left + 220 * index
        out.append(_line(f"line {curve.kind}", start, 14, start + 24, 14))
        out.append(_text(start + 32, 18, curve.name, "label", "start"))
    out.append(_text((left + right) / 2, bottom + 38, "people flagged", "axis", "middle"))
    middle = (top + bottom) / 2
    out.append(f'<text class="axis" text-anchor="middle" transform="translate(16 {middle}) rotate(-90)">bots missed</text>')
    return _svg(bottom + 46, out, "Detection error trade-off")


def bars(rows: Sequence[Bar], highest: float, title: str) -> str:
    """Rates with their intervals, one below the other; `highest` is the right end of the axis."""
    left, right, top, step = 190, WIDTH - 84, 8, 24
    bottom = top + step * len(rows)
    x = Scale(0.0, highest, left, right)
    out = []
    for tick in _round_ticks(highest):
        out.append(_line("grid", x(tick), top, x(tick), bottom))
        out.append(_text(x(tick), bottom + 18, f"{100 * tick:g} %", "tick", "middle"))
    for index, row in enumerate(rows):
        middle = top + step * index + step / 2
        out.append(_text(left - 10, middle + 4, _short(row.name), "name", "end"))
        width = x(row.rate) - left
        out.append(f'<rect class="bar {escape(row.kind)}" x="{left}" y="{middle - 7}" width="{width:.2f}" height="14"/>')
        out.append(_line("whisker", x(row.low), middle, x(row.high), middle))
        out += [_line("whisker", x(end), middle - 4, x(end), middle + 4) for end in (row.low, row.high)]
        out.append(_text(right + 12, middle + 4, row.note, "tick", "start"))
    return _svg(bottom + 26, out, title)


def _svg(height: float, parts: Sequence[str], title: str) -> str:
    head = f'<svg viewBox="0 0 {WIDTH} {height:g}" role="img" aria-label="{escape(title)}">'
    return "".join([head, *parts, "</svg>"])


def _line(kind: str, x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line class="{kind}" x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}"/>'


def _text(x: float, y: float, text: str, kind: str, anchor: str) -> str:
    return f'<text class="{kind}" x="{x:g}" y="{y:g}" text-anchor="{anchor}">{escape(text)}</text>'


def _short(name: str, most: int = 26) -> str:
    return name if len(name) <= most else name[: most - 1] + "…"


def _shares(scores: Floats, weights: Floats, edges: Floats) -> Floats:
    held = np.clip(scores, 0.0, _LAST_BIN + _BIN / 2)
    counts, _ = np.histogram(held, bins=edges, weights=weights)
    shares: Floats = counts / weights.sum()
    return shares


def _steps(edges: Floats, shares: Floats, x: Scale, y: Scale, bottom: float) -> str:
    parts = [f"M{x(float(edges[0]))} {bottom}"]
    for low, high, share in zip(edges[:-1], edges[1:], shares, strict=True):
        parts.append(f"L{x(float(low))} {y(float(share))}L{x(float(high))} {y(float(share))}")
    return "".join([*parts, f"L{x(float(edges[-1]))} {bottom}Z"])


def _grid_y(y: Scale, ticks: Sequence[float], left: float, right: float) -> str:
    parts = []
    for tick in ticks:
        parts.append(_line("grid", left, y(tick), right, y(tick)))
        parts.append(_text(left - 8, y(tick) + 4, f"{100 * tick:g} %", "tick", "end"))
    return "".join(parts)


def _round_ticks(highest: float) -> list[float]:
    """Four to eight round shares from 0 up to `highest`."""
    step = next((step for step in (0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2) if highest / step <= 6), 0.2)
    return [round(step * index, 6) for index in range(int(highest / step + 1e-9) + 1)]


def _deviate(share: float) -> float:
    return _PROBIT(min(max(share, _DET_ENDS[0]), _DET_ENDS[1]))


def _det_points(det: Det, x: Scale, y: Scale) -> str:
    points, last = [], ("", "")
    for alarm, miss in zip(det.false_alarm, det.miss, strict=True):
        point = (f"{x(_deviate(float(alarm))):g}", f"{y(_deviate(float(miss))):g}")
        if point != last:
            # Between two thresholds nothing changes, so the curve goes in steps.
            points.append(f"{point[0]},{last[1] or point[1]}")
            points.append(",".join(point))
            last = point
    return " ".join(points)


def _det_mark(curve: Curve, name: str, threshold: float, x: Scale, y: Scale) -> str:
    at = int(np.searchsorted(curve.det.threshold, threshold, side="right")) - 1
    alarm, miss = float(curve.det.false_alarm[at]), float(curve.det.miss[at])
    title = f"{name} {threshold:g}: {percent(alarm)} of people flagged, {percent(miss)} of bots missed"
    place = f'cx="{x(_deviate(alarm))}" cy="{y(_deviate(miss))}"'
    return f'<circle class="mark {curve.kind}" {place} r="5"><title>{escape(title)}</title></circle>'
