"""The page about webhooks, written from the tables that they are sent by."""

from __future__ import annotations

from collections.abc import Iterable

from playproof.settings.webhooks import PREFIX, SHORTEST_KEY
from playproof.store.retention import KEEP_LETTERS
from playproof.webhooks.addresses import NEVER, PRIVATE
from playproof.webhooks.delivery import AT_ONCE, GRACE_SECONDS, HOLD_SECONDS, POLL_SECONDS
from playproof.webhooks.notice import FINAL, TEST
from playproof.webhooks.schedule import FIRST_SECONDS, GIVE_UP_SECONDS, LONGEST_SECONDS
from playproof.webhooks.sender import ANSWER_BYTES, ATTEMPT_SECONDS
from playproof.webhooks.signing import ID, SIGNATURE, TIMESTAMP, TOLERANCE

_PAGE = """# Webhooks

This page is written from the code by `make docs`.

Where a verdict was answered as preliminary and becomes final later ([real time](realtime.md)), the site is told so: with one `POST` to
`PLAYPROOF_WEBHOOK_URL`, signed with `PLAYPROOF_WEBHOOK_SECRET`. A verdict that was final when it was answered is not told again. Without
an address nothing is put in, and `GET /api/v1/sessions/{{id}}` says what became of a session.

    python3 -c 'import base64, os; print("{prefix}" + base64.b64encode(os.urandom(32)).decode())'     # a secret
    playproof webhooks test                                                                   # does the site listen?

## What arrives

| header | says |
| --- | --- |
| `{id}` | which webhook it is: the same at every attempt |
| `{timestamp}` | when this attempt was made, in seconds since 1970, UTC |
| `{signature}` | `v1,` and the signature in base64; with several secrets as many, with spaces between them |
| `Content-Type` | `application/json` |

    {{"type": "{final}", "timestamp": "2026-01-01T12:00:00.000Z", "data": {{"scope": "shop", "verdict": {{...}}}}}}

`timestamp` is when the verdict became final, `scope` the name of the API key that asked for it, and `verdict` the whole
[verdict](verdict.md), as `GET /api/v1/sessions/{{id}}` answers it. `playproof webhooks test` sends the type `{test}` with empty `data`. Be
ready for types that are not there yet, and answer them with success.

Signatures are those of [Standard Webhooks](https://www.standardwebhooks.com), for which there are libraries in most languages: HMAC-SHA256
over id, time and body, with full stops between them. The secret is `{prefix}` and base64, of at least {shortest} bytes, whose bytes are the key;
any other text of that length is a key as it stands, which those libraries may not know.

## A site that receives them

```python
{example}
```

`verify` compares in constant time and refuses times more than {tolerance} minutes away, so that what somebody overheard cannot be
sent again later. Look at the signature before anything else, and at the bytes as they came: JSON that was decoded and encoded again is
other bytes. **Any webhook may come more than once**, and they may come in any order: keep the ids for a day or so, or make what you do
with a verdict harmless to repeat.

Answer quickly, with any status from 200 to 299, and work afterwards.

## Attempts

The letter is put into the store in the transaction that makes the verdict final: there is none without the other, whatever crashes.
From there it is sent until it is delivered or given up.

| what came back | what follows |
| --- | --- |
| 200 to 299 | delivered; the body of the answer does not matter, and of a long one no more than {answer} KiB are taken in |
| 410 | given up at once |
| 429, 503 with `Retry-After` | sent again, not before that, unless that is over {longest} |
| anything else, redirections included; no whole answer within {attempt} s; no connection | sent again |

* **Waiting.** Before the second attempt anything up to {first} s, drawn evenly, up to twice that before each further one, at most {longest}.
* **Giving up.** The last attempt is made {give_up} after the letter was put in. What is given up is logged (`webhook given up`), counted,
  listed by `playproof webhooks list --given-up`, and put back for another {give_up} by `playproof webhooks retry`.
* **At once** a process has up to {at_once} under way, so a slow answer does not hold up the rest.
* **Several processes** share the work: whoever takes a letter is alone with it for {hold} s, and lets go of it when it stops. What a
  process that was killed had taken is sent by another after that at the latest, with the same id. What one process puts in another finds
  within {poll} s.
* **Stopping** waits {grace} s for those under way.
* **Kept** are delivered and given-up letters for {keep} days, unless their session goes before; erasing a session removes its letters.
  Where the address is taken out of the settings, what waits stays until its session goes.

`playproof_webhooks_waiting` and `playproof_webhooks_total` ([metrics](metrics.md)) show whether the site listens.

## Changing the secret

1. Put the new one beside the old: `PLAYPROOF_WEBHOOK_SECRET=new,old`, and restart. Webhooks now have both signatures.
2. Have the site verify with the new one.
3. Take the old one out, and restart.

## Where they go, and where not

The address is `https`, without user, password and fragment. Its name is looked up once for an attempt, every address that it has is
checked, and the connection goes to one of those that were checked, whatever the name says by then; the certificate has to be that of the name.
Where any of them is in this table, nothing is sent. Redirections are not followed, proxies of the environment are not used.

| network | what it is | with `PLAYPROOF_WEBHOOK_PRIVATE=true` |
| --- | --- | --- |
{networks}

Everything in IPv6 outside of `2000::/3` is treated as private too. With `PLAYPROOF_WEBHOOK_PRIVATE=true` a private address may also be plain
`http`, as that of a site on the same machine; a public one never.
"""

EXAMPLE = """
import json
import os
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

from playproof.errors import InvalidWebhook
from playproof.webhooks import verify

seen = set()  # in earnest: a table with a unique id, written together with what the webhook leads to


class Hooks(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            webhook = verify(body, self.headers, os.environ["WEBHOOK_SECRET"], datetime.now(UTC))
        except InvalidWebhook:
            self.send_error(400)
            return
        if webhook not in seen:
            seen.add(webhook)
            event = json.loads(body)
            if event["type"] == "session.final":
                verdict = event["data"]["verdict"]
                print(verdict["sessionId"], verdict["decision"])
        self.send_response(204)
        self.end_headers()


HTTPServer(("127.0.0.1", 8001), Hooks).serve_forever()
"""
"""A site's backend; a test runs it."""


def render() -> str:
    """The text of docs/webhooks.md."""
    return _PAGE.format(
        prefix=PREFIX,
        shortest=SHORTEST_KEY,
        id=ID,
        timestamp=TIMESTAMP,
        signature=SIGNATURE,
        final=FINAL,
        test=TEST,
        example=EXAMPLE.strip(),
        tolerance=_whole(TOLERANCE.total_seconds() / 60),
        answer=ANSWER_BYTES // 1024,
        attempt=_whole(ATTEMPT_SECONDS),
        first=_whole(FIRST_SECONDS),
        longest=_hours(LONGEST_SECONDS),
        give_up=_hours(GIVE_UP_SECONDS),
        at_once=AT_ONCE,
        hold=_whole(HOLD_SECONDS),
        poll=_whole(POLL_SECONDS),
        grace=_whole(GRACE_SECONDS),
        keep=KEEP_LETTERS.days,
        networks="\n".join([*_rows(NEVER, "refused too"), *_rows(PRIVATE, "allowed")]),
    )


def _rows(table: Iterable[tuple[object, str]], then: str) -> list[str]:
    """A row for each kind of network, in the order they are first met."""
    networks: dict[str, list[str]] = {}
    for network, what in table:
        networks.setdefault(what, []).append(f"`{network}`")
    return [f"| {', '.join(those)} | {what} | {then} |" for what, those in networks.items()]


def _whole(number: float) -> str:
    return f"{number:g}"


def _hours(seconds: float) -> str:
    hours = seconds / 3600
    return f"{hours:g} hour{'' if hours == 1 else 's'}"
