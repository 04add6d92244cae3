"""Several processes with one database."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from playproof.store import Live, open_store
from playproof.testing import session_record

SECONDS = 60
IDS = 600

PROGRAM = """
import json, sys
from pathlib import Path
from playproof.store import Live, open_store
from playproof.testing import session_record

url, name, step, content, ids = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4].encode(), int(sys.argv[5])
store = open_store(Path(), database_url=url, live=Live("live", 100))
print("open", flush=True)
sys.stdin.readline()
futures = {}
for number in list(range(ids))[::step]:
    record = session_record(f"s{number}", content=content, verdict=json.dumps({"by": name}).encode())
    futures[number] = store.put(record)
print(json.dumps({number: [future.result().status, future.result().number, json.loads(future.result().verdict)["by"]]
                  for number, future in futures.items()}))
store.close()
"""


def together(url: str, *arguments: tuple[str, int, str]) -> dict[str, dict[str, tuple[str, int, str]]]:
    """What each process was answered, all told to begin at once."""
    commands = [[sys.executable, "-c", PROGRAM, url, name, str(step), content, str(IDS)] for name, step, content in arguments]
    children = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for command in commands]
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == "open\n"
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    said = [json.loads(child.communicate(timeout=SECONDS)[0]) for child in children]
    return {name: answers for (name, _, _), answers in zip(arguments, said, strict=True)}


@pytest.mark.parametrize("same", [True, False], ids=["same content", "other content"])
def test_processes_that_store_the_same_ids_at_once_store_each_once(url: str, same: bool) -> None:
    # One from the first, one from the last: they meet in the middle, in groups that hold each other's ids.
    answers = together(url, ("first", 1, "content"), ("last", -1, "content" if same else "another"))
    for number in map(str, range(IDS)):
        both = {name: answers[name][number] for name in answers}
        (winner,) = (name for name, (status, _, _) in both.items() if status == "stored")
        (loser,) = both.keys() - {winner}
        status, session_number, by = both[loser]
        assert by == winner
        assert (status, session_number) == (("replayed", both[winner][1]) if same else ("conflict", 0))
    assert all(any(status == "stored" for status, _, _ in answers[name].values()) for name in answers)
    with psycopg.connect(url) as connection:
        for table in ("session", "live_row", "telemetry"):
            assert connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone() == (IDS,)


def test_the_window_is_cut_once_whoever_stores(url: str) -> None:
    together(url, ("first", 1, "content"), ("last", -1, "content"), ("again", 1, "content"))
    with closing(open_store(Path(), database_url=url, live=Live("live", 100))) as store:
        dataset = store.live.find("live")
        assert dataset is not None
        counts = store.live.counts(dataset)
        assert counts.rows == IDS
        assert 100 <= counts.window <= 110


def test_numbers_given_up_leave_the_window_as_long_as_it_should_be(url: str) -> None:
    with closing(open_store(Path(), database_url=url, live=Live("live", 10))) as store:
        for number in range(40):
            with psycopg.connect(url) as connection:  # as a transaction does that was rolled back
                connection.execute("SELECT nextval('live_row_seq_seq') FROM generate_series(1, 50)")
            store.put(session_record(f"s{number}")).result(SECONDS)
            dataset = store.live.find("live")
            assert dataset is not None
            window = [row.session_id for row in store.live.window(dataset)]
            assert min(number + 1, 10) <= len(window) <= 11
            assert window == [f"s{one}" for one in range(number + 1)][-len(window) :]
