"""The report's drawings: places on the page, and text that cannot break out of it."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import numpy as np
import pytest

from playproof.evaluation.charts import Bar, Curve, Scale, bars, det_chart, histogram
from playproof.evaluation.metrics import det_curve
from playproof.evaluation.tables import auc, ends, percent

SVG = re.compile(r'class="whisker" x1="([\d.]+)" y1="[\d.]+" x2="([\d.]+)"')


def test_a_scale_is_straight_and_holds_its_ends() -> None:
    scale = Scale(0.0, 2.0, 100.0, 0.0)
    assert [scale(value) for value in (-1.0, 0.0, 1.0, 2.0, 9.0)] == [100.0, 100.0, 50.0, 0.0, 0.0]


def test_bars_are_drawn_in_order_with_their_intervals() -> None:
    drawn = bars([Bar("first", 0.5, 0.25, 0.75, "2/4", "bots"), Bar("second", 1.0, 0.9, 1.0, "4/4", "bots")], 1.0, "title")
    root = ET.fromstring(drawn)
    widths = [float(rect.attrib["width"]) for rect in root if rect.tag == "rect"]
    assert widths[1] == pytest.approx(2 * widths[0], abs=0.02)
    low, high = map(float, next(iter(SVG.findall(drawn))))
    assert high - low == pytest.approx(widths[0], abs=0.02)


def test_a_histogram_holds_every_session_even_without_a_score() -> None:
    drawn = histogram(np.array([0.1, 0.2, 99.0]), np.array([np.inf, 3.0]), np.array([1.0, 1.0]), [("pass", 2.0), ("review", 2.5)])
    root = ET.fromstring(drawn)
    assert sum(path.attrib["class"].startswith("area") for path in root.iter("path")) == 2
    assert "nan" not in drawn
    assert "≥ 6" in drawn


def test_a_det_chart_steps_down_to_the_right_and_marks_the_thresholds() -> None:
    rng = np.random.default_rng(1)
    det = det_curve(rng.normal(0, 1, 300), rng.normal(2, 1, 300))
    root = ET.fromstring(det_chart([Curve("all", det, "bots")], [("pass", 1.0), ("review", 1.5)]))
    line = next(element for element in root if element.attrib.get("class") == "line bots" and element.tag == "polyline")
    points = [tuple(map(float, point.split(","))) for point in line.attrib["points"].split()]
    # Thresholds rise along the line: fewer people flagged (to the left), more bots missed (upwards, which is smaller y).
    assert all(x2 <= x1 and y2 <= y1 for (x1, y1), (x2, y2) in pairwise(points))
    assert len([element for element in root if element.tag == "circle"]) == 2


def test_names_from_a_file_are_text_and_never_markup() -> None:
    evil = '<script>alert(1)</script>" onload="x'
    drawn = bars([Bar(evil, 0.5, 0.4, 0.6, evil, evil)], 1.0, evil)
    ET.fromstring(drawn)
    assert "<script" not in drawn


def test_figures_in_words() -> None:
    assert [percent(share) for share in (0.0, 1.0, 0.0047, 0.0123, 0.5, 0.9949, None)] == [
        "0 %",
        "100 %",
        "0.47 %",
        "1.2 %",
        "50.0 %",
        "99.49 %",
        "–",
    ]
    assert ends(None) == "–"
    assert ends((0.0, 0.5)) == "0 % to 50.0 %"
    assert (auc(0.5), auc(None)) == ("0.5000", "–")
