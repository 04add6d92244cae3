"""The page about errors over HTTP, written from the errors themselves."""

from __future__ import annotations

from playproof.web.problems import MEDIA_TYPE, TYPE_PREFIX, problem_types, title_of

_HEAD = """# Errors over HTTP

This page is written from the code by `make docs`.

Every error is a problem document (RFC 9457), `Content-Type: {media_type}`:

| field | meaning |
| --- | --- |
| `type` | `{prefix}` and the code below; stable, and what a program should look at |
| `title` | what kind of error it is |
| `status` | the HTTP status again |
| `detail` | what went wrong this time |
| `instance` | the path that was asked for |
| `path` | JSON path of the offending value, where the body is at fault: `$.movements.x[17]`; `$` is the whole body, `?name` a parameter of the query |
| `expected` | what would have been accepted there |
| `reason` | why the hosted model gave no usable answer, where that is it ([reasons](woodwide.md#reasons)) |
| `verdict` | the final verdict, stored, where the code is `queue-full` and a session was sent |

| status | code | meaning |
| --- | --- | --- |
"""

_TAIL = """
* `401` comes with `WWW-Authenticate`, `405` with `Allow`, `503` with `Retry-After` where asking again may help.
* After `503` nothing was stored, and the same request may be sent again; after `queue-full` the verdict in it was. After `504`, or where
  the answer got lost on its way, the verdict may have been stored: with a `sessionId` of your own, asking again answers the stored one.
* An `internal-error` is a fault of the service. Its detail has an id, under which the log has the whole story.
"""


def render() -> str:
    """The text of docs/errors.md."""
    rows = [f"| {kind.status} | `{kind.code}` | {title_of(kind)} |" for kind in problem_types()]
    return _HEAD.format(media_type=MEDIA_TYPE, prefix=TYPE_PREFIX) + "\n".join(rows) + "\n" + _TAIL
