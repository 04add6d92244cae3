"""Metrics, log lines, readiness."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest

from playproof.observe.health import examine
from playproof.observe.logging import LogWriter, configure
from playproof.observe.metrics import METRICS, Metrics
from playproof.testing import FakeClock


def test_every_metric_can_be_touched_and_shows_what_it_is() -> None:
    metrics = Metrics()
    for metric in METRICS:
        labels = ["x"] * len(metric.labels)
        if metric.kind == "counter":
            metrics.count(metric.name, *labels, by=3)
        elif metric.kind == "gauge":
            (metrics.put if metric.shared else metrics.change)(metric.name, 3, *labels)
        else:
            metrics.observe(metric.name, 3, *labels)
    page, media_type = metrics.render()
    assert media_type.startswith("text/plain")
    text = page.decode()
    for metric in METRICS:
        assert f"# HELP {metric.name} {metric.meaning}" in text
        assert f"# TYPE {metric.name} {metric.kind}" in text
    assert "_created" not in text


def test_processes_count_together_and_the_dead_stop_waiting(tmp_path: Path) -> None:
    script = (
        "from playproof.observe.metrics import Metrics\n"
        "metrics = Metrics()\n"
        "metrics.count('playproof_erased_total', by=2)\n"
        "metrics.change('playproof_store_waiting', 5)\n"
        "print(metrics.render()[0].decode())\n"
    )
    pages = [
        subprocess.run(
            [sys.executable, "-c", script], env={"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}, capture_output=True, text=True, check=True
        ).stdout
        for _ in range(2)
    ]
    assert "playproof_erased_total 2.0" in pages[0]
    assert "playproof_erased_total 4.0" in pages[1]
    assert "playproof_store_waiting 5.0" in pages[1], "the first process is gone, and so is what waited in it"


def test_what_all_processes_see_alike_is_what_the_last_one_saw(tmp_path: Path) -> None:
    # The first one is still there while the second one puts less in.
    script = (
        "import subprocess, sys\n"
        "from playproof.observe.metrics import Metrics\n"
        "metrics = Metrics()\n"
        "metrics.put('playproof_webhooks_waiting', float(sys.argv[1]))\n"
        "if sys.argv[2:]:\n"
        "    subprocess.run([sys.executable, '-c', sys.argv[2], '3'], check=True)\n"
        "else:\n"
        "    print(metrics.render()[0].decode())\n"
    )
    environment = {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    page = subprocess.run([sys.executable, "-c", script, "7", script], env=environment, capture_output=True, text=True, check=True).stdout
    assert "playproof_webhooks_waiting 3.0" in page


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


def test_a_line_of_json(stream: io.StringIO) -> None:
    LogWriter("json", stream=stream, clock=FakeClock()).write("info", "request", {"status": 200, "path": Path("/x")})
    assert json.loads(stream.getvalue()) == {
        "time": "2026-01-01T00:00:00.000Z",
        "level": "info",
        "event": "request",
        "status": 200,
        "path": "/x",
    }


def test_a_line_to_read_stays_one_line(stream: io.StringIO) -> None:
    LogWriter("text", stream=stream, clock=FakeClock()).write("warning", "a\nb", {"why": "two words\nand a line", "empty": "", "n": 1})
    assert stream.getvalue() == '2026-01-01T00:00:00.000Z warning a b why="two words\\nand a line" empty="" n=1\n'


def test_short_texts_are_no_secrets(stream: io.StringIO) -> None:
    LogWriter("json", stream=stream, secrets=["info", "a-long-secret"]).write("info", "a-long-secret", {})
    assert json.loads(stream.getvalue())["event"] == "[redacted]"
    assert json.loads(stream.getvalue())["level"] == "info"


def test_standard_records_come_through_with_their_fields(stream: io.StringIO) -> None:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    try:
        configure(LogWriter("json", stream=stream), "info")
        logging.getLogger("elsewhere").info("said %s", "so", extra={"incident": "7"})
        try:
            raise ValueError("inside")
        except ValueError:
            logging.getLogger("elsewhere").exception("broke")
        logging.getLogger("elsewhere").debug("too little")
        logging.getLogger("uvicorn.access").info("twice")
    finally:
        root.handlers[:] = before
        root.setLevel(level)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["event"] for line in lines] == ["said so", "broke"]
    assert (lines[0]["incident"], lines[0]["logger"]) == ("7", "elsewhere")
    assert "ValueError: inside" in lines[1]["exception"]


def test_a_stream_that_is_gone_costs_the_line_alone(stream: io.StringIO) -> None:
    writer = LogWriter("json", stream=stream)
    stream.close()
    writer.write("info", "request", {})


def test_one_failing_check_does_not_hide_the_others() -> None:
    def broken() -> None:
        raise RuntimeError("the disk is full")

    assert examine({"store": broken, "model": lambda: None}).checks == {"store": "the disk is full", "model": "ok"}
    assert not examine({"store": broken}).ready
    assert examine({}).ready
