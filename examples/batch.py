"""Queue sessions for a batch over HTTP, have them processed, and fetch each its final verdict. Needs nothing but Python.

    playproof serve                     # in one terminal
    python examples/batch.py            # in another

Leaves with exit code 1, and a line that says so, where anything is not as it should be.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import secrets
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from email.message import Message
from pathlib import Path
from typing import Any, NamedTuple

PATIENCE_SECONDS = 60


class Wrong(Exception):
    """Something is not as it should be."""


class Answer(NamedTuple):
    """What the service answered."""

    status: int
    headers: Message
    body: Any


class Service:
    """PlayProof over HTTP."""

    def __init__(self, url: str, api_key: str | None, admin_key: str | None) -> None:
        self._url = url.rstrip("/")
        self._keys = {"api": api_key, "admin": admin_key}

    def ask(self, method: str, path: str, body: object = None, *, key: str = "api") -> Answer:
        """Send a request, and read the JSON of the answer, whatever its status."""
        headers = {"Accept": "application/json"}
        if self._keys[key]:
            headers["Authorization"] = f"Bearer {self._keys[key]}"
        data = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            data = json.dumps(body).encode()
        request = urllib.request.Request(self._url + path, data, headers, method=method)
        try:
            try:
                answer = urllib.request.urlopen(request, timeout=PATIENCE_SECONDS)
            except urllib.error.HTTPError as error:
                answer = error
            with answer:
                return Answer(answer.status, answer.headers, json.load(answer))
        except OSError as error:
            raise Wrong(f"{self._url} cannot be reached: {error}; is `playproof serve` running?") from error
        except ValueError as error:
            raise Wrong(f"{self._url} answers something else than JSON; is that PlayProof?") from error

    def must(self, status: int, method: str, path: str, body: object = None, *, key: str = "api") -> Answer:
        """The same, where only one status will do."""
        answer = self.ask(method, path, body, key=key)
        said = answer.body.get("detail", answer.body)
        require(answer.status == status, f"{method} {path} answered {answer.status}, not {status}: {said}")
        return answer


def require(true: bool, otherwise: str) -> None:
    """Raise `Wrong` where something is not true."""
    if not true:
        raise Wrong(otherwise)


def play(name: str, chance: random.Random) -> dict[str, object]:
    """A session of a pointer that visits six places in straight lines at an even pace, as a program would."""
    t, x, y = [0.0], [200.0], [200.0]
    visits = []
    for _ in range(6):
        left, top = x[-1], y[-1]
        right, bottom = chance.uniform(50, 950), chance.uniform(50, 650)
        for step in range(1, 41):
            t.append(t[-1] + 16)
            x.append(round(left + (right - left) * step / 40, 1))
            y.append(round(top + (bottom - top) * step / 40, 1))
        visits.append(len(t) - 1)
    clicks = {"t": [t[visit] for visit in visits], "x": [x[visit] for visit in visits], "y": [y[visit] for visit in visits]}
    return {"sessionId": name, "gameType": "targets", "deviceType": "mouse", "movements": {"t": t, "x": x, "y": y}, "clicks": clicks}


def queue(service: Service, sessions: list[dict[str, object]]) -> dict[str, str]:
    """Queue sessions; by id where the service says that each result will be."""
    places: dict[str, str] = {}
    for session in sessions:
        name = str(session["sessionId"])
        answer = service.must(202, "POST", "/api/v1/score", {**session, "options": {"useBatch": True}})
        require(answer.body["sessionId"] == name, f"{name} was answered the verdict of {answer.body['sessionId']}")
        require(answer.body["status"] == "preliminary", f"{name} is {answer.body['status']} before there was a batch")
        places[name] = answer.headers["Location"]
    return places


def final(service: Service, name: str, place: str) -> dict[str, Any]:
    """The final verdict on a session; waits where another process is at work at it."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        answer = service.ask("GET", place)
        if answer.status == 200 and answer.body["status"] == "final":
            require(answer.body["sessionId"] == name, f"{name} was given the verdict of {answer.body['sessionId']}")
            require(answer.body["revision"] == 2, f"{name} is final for the {answer.body['revision']}th time")
            return dict(answer.body)
        require(answer.status in (200, 202), f"{place} answered {answer.status}")
        require(time.monotonic() < deadline, f"{name} is not final yet; does the hosted model answer?")
        time.sleep(0.2)


def show(service: Service, count: int) -> None:
    """The whole way of so many sessions."""
    chance = random.Random(secrets.randbits(64))
    run = f"example-{secrets.token_hex(4)}"
    names = [f"{run}-{number}" for number in range(count)]
    sessions = [play(name, chance) for name in names]

    places = queue(service, sessions)
    print(f"queued     {count} sessions, each with a preliminary verdict")

    first = service.ask("GET", places[names[0]])
    require(first.status in (200, 202), f"{places[names[0]]} answered {first.status}")
    if first.status == 202:
        print(f"waiting    {names[0]} is number {first.body['position']}, since {first.body['ageSeconds']:.1f} s")
    stats = service.must(200, "GET", "/api/v1/batch/stats", key="admin").body
    print(f"stats      {stats['queued']} queued, {stats['claimed']} claimed, {stats['settled']} settled, {stats['buried']} buried")

    done = service.must(200, "POST", "/api/v1/batch/process", key="admin").body
    print(f"processed  {done['sessions']} sessions in {done['batches']} batches: {done['final']} final, {done['postponed']} put off")

    verdicts = [final(service, name, place) for name, place in places.items()]
    for verdict in verdicts[:4]:
        score = verdict["anomaly"]["anomalyScore"]
        print(f"result     {verdict['sessionId']}: {verdict['decision']}, score {score}, by {verdict['anomaly']['source']}")
    tally = Counter(verdict["decision"] for verdict in verdicts)
    print(f"results    {count} final: {', '.join(f'{number} {decision}' for decision, number in sorted(tally.items()))}")

    service.must(404, "GET", f"/api/v1/batch/result/{run}-of-nobody")
    print("unknown    a session that was never sent has no result")


def main() -> int:
    """Run the example; its exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:8000", help="where the service is; default: %(default)s")
    parser.add_argument("--sessions", type=int, default=12, help="how many; default: %(default)s")
    parser.add_argument("--data-dir", type=Path, default=Path("playproof-data"), help="where admin.key is; default: %(default)s")
    given = parser.parse_args()
    if given.sessions < 1:
        parser.error("--sessions: there has to be one")
    admin_key = os.environ.get("PLAYPROOF_ADMIN_KEY")
    if admin_key is None and (file := given.data_dir / "admin.key").exists():
        admin_key = file.read_text("ascii").strip()
    service = Service(given.url, os.environ.get("PLAYPROOF_API_KEY"), admin_key)
    try:
        # Else the scheduler may be quicker than we are, and there is nothing left to see.
        stopped = service.must(200, "POST", "/api/v1/batch/scheduler/stop", key="admin").body
        print("scheduler  stopped for now")
        try:
            show(service, given.sessions)
        finally:
            if stopped["changed"]:
                service.must(200, "POST", "/api/v1/batch/scheduler/start", key="admin")
                print("scheduler  runs again")
    except Wrong as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
