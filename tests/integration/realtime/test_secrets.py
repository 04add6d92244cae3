"""Neither a key nor the secret of webhooks leaves a running service, whatever goes wrong at the provider."""

from __future__ import annotations

import asyncio
import base64
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from playproof.errors import HostedReason as R
from tests.emulating import API_KEY, Running, running_emulator
from tests.parrot import parrot
from tests.realtime import hosted_environment, taught
from tests.receiving import Receiver, receiving
from tests.serving import PATIENCE_SECONDS, Serving, body, serving

KEYS = ("sk_live_wandering_0123456789", "sk_live_wondering_9876543210")
HOOK = base64.b64encode(b"a secret that signs webhooks").decode()
FAULTS = {
    "expired_url": R.EXPIRED_URL,
    "unauthorized": R.UNAUTHORIZED,
    "forbidden": R.FORBIDDEN,
    "no_credits": R.CREDITS_EXHAUSTED,
    "server_error": R.SERVER_ERROR,
    "reset": R.UNREACHABLE,
}
LOOKS_A_SECOND = 20
HURRIED = {
    "WOODWIDE_DEADLINE_MS": "10",
    "WOODWIDE_ATTEMPTS": "1",
    "WOODWIDE_KEY_REST": "1s",
    "WOODWIDE_BREAKER_REST": "100ms",
}


def environment(emulator: Running, model_id: str, receiver: Receiver, **given: str) -> dict[str, Any]:
    """A service that tells its log all that it may."""
    return hosted_environment(
        emulator,
        model_id,
        WOODWIDE_API_KEYS=",".join(f"key{number}:{key}" for number, key in enumerate(KEYS)),
        WOODWIDE_LOG="debug",
        PLAYPROOF_LOG_LEVEL="debug",
        PLAYPROOF_WEBHOOK_URL=receiver.url(),
        PLAYPROOF_WEBHOOK_SECRET=f"whsec_{HOOK}",
        PLAYPROOF_WEBHOOK_PRIVATE="true",
        **{**HURRIED, **given},
    )


class Listener:
    """All that a service lets out, but for its admin key."""

    def __init__(self, service: Serving, folder: Path) -> None:
        self._service = service
        self._folder = folder
        self._heard = [service.banner.encode()]

    def note(self, answer: httpx.Response) -> httpx.Response:
        """Keep an answer."""
        self._heard += [str(answer.headers).encode(), answer.content]
        return answer

    def get(self, path: str) -> httpx.Response:
        """Ask, and keep the answer."""
        return self.note(httpx.get(f"{self._service.url}{path}", timeout=PATIENCE_SECONDS))

    def until(self, path: str, word: str) -> str:
        """The answer of a page once it has `word` in it."""
        for _ in range(PATIENCE_SECONDS * LOOKS_A_SECOND):
            if word in (text := self.get(path).text):
                return text
            time.sleep(1 / LOOKS_A_SECOND)
        raise AssertionError(f"{path} never says {word}")

    def all_of_it(self, receiver: Receiver) -> bytes:
        """Everything, the files of the data folder and the webhooks included; the service has stopped."""
        while not receiver.arrivals.empty():
            arrival = receiver.arrivals.get()
            self._heard += [str(arrival.headers).encode(), arrival.body]
        files = [path for path in self._folder.rglob("*") if path.is_file() and path.name != "admin.key"]
        assert files
        return b"\0".join([*self._heard, self._service.log.read_bytes(), *(path.read_bytes() for path in files)])


def assert_kept(told: bytes) -> None:
    """Nothing secret is in `told`, in none of its forms."""
    for secret in (*KEYS, API_KEY, HOOK):
        assert secret.encode() not in told
        assert base64.b64encode(secret.encode()).strip(b"=") not in told
    assert base64.b64decode(HOOK) not in told
    assert b"signature=" not in told


def test_through_a_session_of_every_fault(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with receiving() as receiver, running_emulator(api_keys=[*KEYS, API_KEY]) as emulator:
        model_id = asyncio.run(taught(folder, emulator))
        with serving(folder, **environment(emulator, model_id, receiver, WOODWIDE_STRATEGY="dataset")) as service:
            listener = Listener(service, folder)
            for number, (kind, reason) in enumerate(FAULTS.items()):
                emulator.fault(kind)
                assert listener.note(service.post(body(number, sessionId=kind))).json()["status"] == "preliminary"
                listener.until("/metrics", f'playproof_postponed_total{{reason="{reason}"}}')
                emulator.heal()
                listener.until(f"/api/v1/sessions/{kind}", '"status":"final"')
                receiver.next()
            for path in ("/ready", "/health", "/metrics", "/api/v1/sessions/nobody", "/openapi.json"):
                listener.get(path)
            listener.note(service.post(b"{"))
            listener.note(
                httpx.get(f"{service.url}/api/v1/sessions/x", headers={"Authorization": f"Bearer {KEYS[0]}"}, timeout=PATIENCE_SECONDS)
            )
            service.stop()
            told = listener.all_of_it(receiver)
    assert b"woodwide_call_failed" in told
    assert_kept(told)


@pytest.mark.parametrize("status", [401, 402, 500])
def test_where_the_provider_repeats_the_key(tmp_path: Path, status: int) -> None:
    folder = tmp_path / "data"
    with receiving() as receiver, running_emulator() as emulator, parrot(status, "") as url:
        model_id = asyncio.run(taught(folder, emulator))
        with serving(folder, **environment(emulator, model_id, receiver, WOODWIDE_BASE_URL=url)) as service:
            listener = Listener(service, folder)
            listener.note(service.post(body(1, sessionId="one")))
            listener.until("/metrics", "playproof_postponed_total{")
            listener.get("/ready")
            service.stop()
            told = listener.all_of_it(receiver)
    assert b"who is Bearer" in told
    assert_kept(told)
