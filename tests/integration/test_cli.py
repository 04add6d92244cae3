"""The group of commands: what it lists, how it loads, how it ends."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import rich_click as click

from playproof import __version__
from playproof.cli import main, run
from playproof.cli.group import COMMANDS, load_command
from playproof.cli.group import playproof as group
from playproof.cli.loading import load_kernels
from playproof.cli.options import with_settings
from playproof.errors import ArtefactError, InvalidSession, PlayproofError, SettingsError
from playproof.settings import Settings


@pytest.fixture
def probe(monkeypatch: pytest.MonkeyPatch) -> Callable[[click.Command], None]:
    """Put a command in place of `playproof doctor`."""

    def install(command: click.Command) -> None:
        monkeypatch.setattr("playproof.cli.group.load_command", lambda _: command)

    return install


def raising(error: BaseException) -> click.Command:
    def callback() -> None:
        raise error

    return click.RichCommand(name="doctor", callback=callback)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_listed_command_imports_and_says_of_itself_what_the_list_says(name: str) -> None:
    command = load_command(name)
    assert command.name == name
    assert command.help is not None
    assert " ".join(command.help.split()).startswith(COMMANDS[name].summary.removesuffix("."))


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_renders(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([name, "--help"]) == 0
    assert f"playproof {name}" in capsys.readouterr().out


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_has_a_meaning(name: str) -> None:
    bare = [option.name for option in load_command(name).params if isinstance(option, click.Option) and not option.help]
    assert bare == []


def test_the_list_of_commands_renders(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    out = capsys.readouterr().out
    assert all(entry.summary in out for entry in COMMANDS.values())


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out.strip() == f"playproof, version {__version__}"


def test_help_imports_neither_the_web_nor_the_store_nor_numpy() -> None:
    program = "import sys; from playproof.cli import run; run(['--help']); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "playproof.cli.group" in loaded
    assert loaded.isdisjoint({"litestar", "uvicorn", "sqlalchemy", "numpy", "playproof.web", "playproof.store", "playproof.scoring"})


def test_score_does_not_import_the_web() -> None:
    program = "import sys; from playproof.cli.group import load_command; load_command('score'); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "playproof.cli.score" in loaded
    assert loaded.isdisjoint({"litestar", "uvicorn", "sqlalchemy", "playproof.web", "playproof.store"})


def test_python_m_playproof_is_the_same_command() -> None:
    done = subprocess.run([sys.executable, "-m", "playproof", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"playproof, version {__version__}"


def test_an_unknown_command_is_a_wrong_call(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["scroe"]) == 2
    assert "No such command 'scroe'" in capsys.readouterr().err


def test_main_leaves_with_the_exit_code() -> None:
    with pytest.raises(SystemExit) as left:
        main(["scroe"])
    assert left.value.code == 2


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (SettingsError("a setting is wrong"), 2),
        (ArtefactError("an artefact is damaged"), 1),
        (InvalidSession("no movement", path="$.movements", expected="a list"), 1),
        (PlayproofError("something else"), 1),
    ],
)
def test_errors_of_ours_are_one_line(
    error: PlayproofError, code: int, probe: Callable[[click.Command], None], capsys: pytest.CaptureFixture[str]
) -> None:
    probe(raising(error))
    assert run(["doctor"]) == code
    assert capsys.readouterr().err == f"Error: {error}\n"


def test_an_interruption_ends_without_a_traceback(probe: Callable[[click.Command], None], capsys: pytest.CaptureFixture[str]) -> None:
    probe(raising(KeyboardInterrupt()))
    assert run(["doctor"]) == 130
    assert capsys.readouterr().err.strip() == "Interrupted."


def test_errors_that_are_not_ours_keep_their_traceback(probe: Callable[[click.Command], None]) -> None:
    probe(raising(ZeroDivisionError()))
    with pytest.raises(ZeroDivisionError):
        run(["doctor"])


def test_a_command_sets_the_exit_code_by_what_it_returns(probe: Callable[[click.Command], None]) -> None:
    probe(click.RichCommand(name="doctor", callback=lambda: 1))
    assert run(["doctor"]) == 1


def test_a_closed_pipe_ends_quietly() -> None:
    program = (
        "import sys, click; from playproof.cli import group; import playproof.cli as cli\n"
        "group.load_command = lambda _: click.Command('doctor', callback=lambda: print('x' * 1_000_000))\n"
        "sys.exit(cli.run(['doctor']))"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 1


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="only Linux has a device that is always full")
@pytest.mark.parametrize("arguments", [["doctor", "--help"], ["doctor", "--format", "json"]])
def test_output_that_cannot_be_written_is_one_line(arguments: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run([sys.executable, "-m", "playproof", *arguments], stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 1
    assert done.stderr == b"Error: cannot write the output: No space left on device\n"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of files")
def test_output_beyond_the_limit_of_files_is_one_line_too(tmp_path: Path) -> None:
    command = f"ulimit -f 0; exec {sys.executable} -m playproof doctor --help > out"
    done = subprocess.run(command, shell=True, stderr=subprocess.PIPE, check=False, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (1, b"Error: cannot write the output: File too large\n")


def test_closed_streams_break_nothing(tmp_path: Path) -> None:
    load_kernels()  # what has to be compiled first is said on standard error
    command = f"exec {sys.executable} -m playproof score - <&- >&-"
    done = subprocess.run(command, shell=True, stderr=subprocess.PIPE, check=False, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_command_receives_the_settings_its_flags_ask_for(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Settings] = []

    @click.command("doctor")
    @with_settings("port", "data_dir")
    def command(settings: Settings) -> None:
        seen.append(settings)

    monkeypatch.setattr("playproof.cli.group.load_command", lambda _: command)
    monkeypatch.setenv("PLAYPROOF_PORT", "1")
    monkeypatch.setenv("PLAYPROOF_WORKERS", "2")
    assert run(["doctor", "--port", "3"]) == 0
    assert (seen[0].port, seen[0].workers) == (3, 2)


def test_a_wrong_flag_is_named_as_a_flag(probe: Callable[[click.Command], None], capsys: pytest.CaptureFixture[str]) -> None:
    probe(click.command("doctor")(with_settings("port")(lambda settings: None)))
    assert run(["doctor", "--port", "many"]) == 2
    assert capsys.readouterr().err == "Error: --port is 'many': expected a whole number from 0 to 65535\n"


def test_near_misses_are_warned_about(
    probe: Callable[[click.Command], None], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANOMALY_TRESHOLD_PASS", "1")
    probe(click.command("doctor")(with_settings()(lambda settings: None)))
    assert run(["doctor"]) == 0
    assert "did you mean ANOMALY_THRESHOLD_PASS?" in capsys.readouterr().err


def test_the_group_has_no_commands_besides_the_listed() -> None:
    assert group.list_commands(click.Context(group)) == list(COMMANDS)
