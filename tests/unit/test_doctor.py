"""Doctor: what it looks at, what it says, and that it changes nothing."""

from __future__ import annotations

import json
import os
import shutil
import socket
from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from playproof import compiled
from playproof.cli import checks, run
from playproof.errors import ArtefactError
from playproof.settings import Settings, read_settings


def only(lines: Iterable[checks.Line]) -> checks.Line:
    (line,) = lines
    return line


def with_environment(**environ: str) -> Settings:
    return read_settings(environ=environ).settings


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def report(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, list[dict[str, str]]]:
    code = run(["doctor", "--port", "0", "--format", "json", *args])
    lines: list[dict[str, str]] = json.loads(capsys.readouterr().out)
    return code, lines


def test_a_good_installation_gets_exit_code_0(capsys: pytest.CaptureFixture[str]) -> None:
    code, lines = report(capsys)
    assert [line for line in lines if line["state"] == "fail"] == []
    assert code == 0
    seen = {line["check"] for line in lines}
    assert seen >= {"python", "packages", "training", "sqlite", "settings", "model", "machine code", "data folder", "disk", "port", "keys"}
    assert "file system" in seen


def test_it_changes_nothing(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    report(capsys, "--data-dir", "data")
    assert list(tmp_path.iterdir()) == []


def test_whatever_is_not_well_comes_with_advice(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAYPROOF_ADMIN_KEY", "short")
    monkeypatch.setenv("ANOMALY_TRESHOLD_PASS", "1")
    _, lines = report(capsys, "--workers", "64")
    unwell = [line for line in lines if line["state"] != "ok"]
    assert {"keys", "settings", "workers"} <= {line["check"] for line in unwell}
    assert all(line["advice"] for line in unwell)


def test_settings_that_cannot_be_read_fail_and_the_rest_is_still_checked(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLAYPROOF_PROT", "1")
    code, lines = report(capsys)
    assert code == 1
    (settings,) = [line for line in lines if line["check"] == "settings"]
    assert "did you mean PLAYPROOF_PORT?" in settings["found"]
    assert lines[-1]["check"] == "keys"


def test_the_table_names_every_check(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor", "--port", "0", "--format", "table"]) == 0
    out = capsys.readouterr().out
    assert all(f" {check} " in out for check in ("python", "sqlite", "model", "data folder", "keys"))


def test_machine_code_that_cannot_be_kept_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    assert only(checks.check_machine_code()).state == "ok"
    compiled.prepare()
    monkeypatch.setattr(compiled, "kept_in", lambda: None)
    assert only(checks.check_machine_code()).state == "ok"
    monkeypatch.setattr(compiled, "ready", lambda: False)
    line = only(checks.check_machine_code())
    assert (line.state, bool(line.advice)) == ("warn", True)


def test_settings_are_shown_with_their_source_and_secrets_with_stars() -> None:
    reading = read_settings({"port": "1"}, environ={"PLAYPROOF_ADMIN_KEY": "hidden-value"})
    found = [line.found for line in checks.check_settings(reading)]
    assert found == ["port = 1 (from: flag)", "admin_key = *** (from: environment)"]


def test_packages_that_differ_from_the_tested_are_named(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    lock.write_text("msgspec==0.0.1 \\\n    --hash=sha256:00\nnot-installed==1 ; sys_platform == 'win32' \\\n", "utf-8")
    line = only(checks.check_packages(lock))
    assert line.state == "warn"
    assert "msgspec" in line.found
    assert "(tested: 0.0.1)" in line.found
    assert "not-installed" not in line.found


def test_packages_that_are_missing_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "lock").write_text("", "utf-8")
    monkeypatch.setattr("importlib.metadata.requires", lambda _: ["not-installed>=1", "neither[extra]>=2; extra == 'train'"])
    line = only(checks.check_packages(tmp_path / "lock"))
    assert (line.state, line.found) == ("fail", "missing: not-installed")


def test_the_lock_is_found() -> None:
    lock = checks.lock_file()
    assert lock is not None
    assert "numpy==" in lock.read_text("utf-8")


def test_a_sqlite_that_cannot_be_shared_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import sqlite3

    from playproof.store.sqlite.driver import Driver

    monkeypatch.setattr("playproof.store.sqlite.driver.find_driver", lambda: Driver(sqlite3, (3, 51, 2)))
    line = only(checks.check_sqlite())
    assert line.state == "warn"
    assert "older than 3.51.3" in line.found


def test_a_model_that_cannot_be_loaded_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Path) -> Any:
        raise ArtefactError("the hash is wrong")

    monkeypatch.setattr("playproof.scoring.local.load_artefact", refuse)
    line = only(checks.check_model(Settings(model=Path("elsewhere"))))
    assert (line.state, line.found) == ("fail", "the hash is wrong")
    assert "PLAYPROOF_MODEL" in line.advice


def test_a_data_folder_that_is_not_there_yet_is_well(tmp_path: Path) -> None:
    first, *_ = checks.check_data_folder(Settings(data_dir=tmp_path / "a" / "b"))
    assert first.state == "ok"
    assert "made at the first start" in first.found


def test_a_data_folder_that_others_can_read_is_warned_about(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    first, *_ = checks.check_data_folder(Settings(data_dir=tmp_path))
    assert (first.state, first.advice) == ("warn", f"chmod 700 {tmp_path}")
    tmp_path.chmod(0o700)
    assert next(checks.check_data_folder(Settings(data_dir=tmp_path))).state == "ok"


def test_a_data_folder_that_is_a_file_fails(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert only(checks.check_data_folder(Settings(data_dir=tmp_path / "file" / "data"))).state == "fail"


def test_a_data_folder_that_cannot_be_written_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    line = only(checks.check_data_folder(Settings(data_dir=tmp_path)))
    assert (line.state, line.found) == ("fail", f"{tmp_path} cannot be written")


@pytest.mark.parametrize(("free", "state"), [(2 * 1024**3, "ok"), (512 * 1024**2, "warn"), (1024**2, "fail")])
def test_a_disk_that_fills_up_is_named(free: int, state: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    (disk,) = [line for line in checks.check_data_folder(Settings(data_dir=tmp_path)) if line.check == "disk"]
    assert disk.state == state


def test_a_network_file_system_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("playproof.store.sqlite.lock.network_file_system", lambda _: "nfs4")
    *_, last = checks.check_data_folder(Settings(data_dir=tmp_path))
    assert (last.state, last.found) == ("warn", f"{tmp_path} is on nfs4")


def test_a_port_that_is_taken_is_warned_about() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        line = only(checks.check_port(Settings(port=taken.getsockname()[1])))
    assert line.state == "warn"
    assert "in use" in line.found


def test_an_address_that_is_not_ours_is_warned_about() -> None:
    assert only(checks.check_port(Settings(host="192.0.2.1", port=0))).state == "warn"


def test_serving_others_without_a_key_fails() -> None:
    line = only(checks.check_exposure(with_environment(PLAYPROOF_HOST="0.0.0.0")))
    assert line.state == "fail"
    assert "PLAYPROOF_API_KEYS" in line.found


def test_keys_that_might_be_guessed_are_named_and_not_shown() -> None:
    settings = with_environment(PLAYPROOF_API_KEYS="shop:guess,blog:long-enough-to-stay", PLAYPROOF_METRICS_TOKEN="token")
    line = only(checks.check_exposure(settings))
    assert line.state == "warn"
    assert line.found == "short enough to be guessed: API key shop, PLAYPROOF_METRICS_TOKEN"


def test_keys_that_will_do_are_counted() -> None:
    settings = with_environment(PLAYPROOF_HOST="0.0.0.0", PLAYPROOF_API_KEYS="shop:long-enough-to-stay")
    assert only(checks.check_exposure(settings)).found == "1 API key"


def test_test_keys_that_others_could_use_are_warned_about() -> None:
    states = {
        line.state
        for line in (
            only(checks.check_test_keys(with_environment())),
            only(checks.check_test_keys(with_environment(PLAYPROOF_HOST="0.0.0.0", PLAYPROOF_TEST_KEYS="off"))),
        )
    }
    assert states == {"ok"}
    warned = only(checks.check_test_keys(with_environment(PLAYPROOF_HOST="0.0.0.0")))
    assert (warned.state, "PLAYPROOF_TEST_KEYS=off" in warned.advice) == ("warn", True)
    assert only(checks.check_test_keys(with_environment(PLAYPROOF_ALLOWED_HOSTS="verify.example"))).state == "warn"
