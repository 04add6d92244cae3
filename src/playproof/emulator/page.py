"""The page about the emulator, with its tables of faults and routes."""

from __future__ import annotations

from playproof.emulator.detector import FEWEST_ROWS, FLAGGED_SHARE
from playproof.emulator.exchange import DIRECT_BYTES
from playproof.emulator.faults import KINDS, ROUTES, Fault
from playproof.emulator.rows import MOST_ROWS

_HEAD = """# The emulator

This page is written from the code by `make docs`.

`playproof emulator` is a local server that speaks the HTTP API of Woodwide, the hosted scorer. It is for two things: to see the whole
system work without a key, and to test what happens when a hosted service misbehaves. The official SDK (`woodwide` 0.9) and the official
command line (`woodwide-cli` 0.1.1) talk to it unchanged; tests hold it to that.

    playproof emulator --data-dir emulator-data
    export WOODWIDE_BASE_URL=http://127.0.0.1:8787 WOODWIDE_API_KEY=sk_local
    python -c "import woodwide; print(woodwide.WoodWide().datasets.list())"

`make serve-woodwide` starts it together with the service, trains a model on people that are made up, and shows hosted verdicts.

## What is real

* **Uploads** are parsed: CSV (UTF-8, comma, a header) and Parquet (any compression), told apart by their content, directly up to
  {direct} MB or through a signed URL. What is no table fails its ingest job, with the line in the message.
* **Versions**: an upload with `dataset_id` makes the next version, and the one before keeps serving until it is ready. A name is taken once.
  An `Idempotency-Key` gives the same answer again.
* **Models** are fitted to the uploaded rows: each column becomes a normal score through its distribution in training, and a row's distance is
  the Mahalanobis distance of its scores under their shrunk correlation (a Gaussian copula). Scores lie in [0, 1), higher is more anomalous.
  The threshold flags {flagged} of rows like those of the training, read off rows that the distance was not fitted to. A row's score
  depends on the row and the model alone: it is the same alone and in company, to the last digit. Training needs {fewest} rows.
* **Jobs** wait, run and end by the clock (`--job-seconds`); what is due is done when somebody next asks. They can be listed, cancelled and, when failed,
  retried. A batch that was asked for before is not run again without `force_rerun`; a training on the same rows and columns names the
  model that is there, without `force_retrain`.
* **Results**: in the answer, as files behind signed URLs (CSV, JSON, Parquet; alone or beside the input) and as pages of up to {most} rows that can be
  searched, filtered and sorted.
* **State** lives in memory, or in `--data-dir`, where a restart finds it, a killed process's jobs included. One emulator holds a folder at a time.

Any key is good, unless `--api-key` names those that are.

## Faults

A fault is put in force at the start by `--fault KIND[@ROUTE][,NAME=VALUE...]`, or while it runs:

    curl -X POST $WOODWIDE_BASE_URL/_emulator/faults -H "Authorization: Bearer $ADMIN_KEY" \\
         -H 'Content-Type: application/json' -d '{{"kind": "rate_limited", "route": "models.infer", "times": 3, "seconds": 2}}'

`GET /_emulator/faults` shows them and how many calls each has seen, `DELETE /_emulator/faults` takes all away and `DELETE
/_emulator/faults/ID` one. `GET /_emulator/calls` counts calls, bytes received and statuses by route; `DELETE` starts anew. These routes
take the admin key: `PLAYPROOF_ADMIN_KEY`, else the one kept in `admin.key` in the data folder (the service's, when the emulator has none).

| kind | what happens | where, unless a route is named | where else it can be named |
| --- | --- | --- | --- |
"""

_OPTIONS = """
| option | default | meaning |
| --- | --- | --- |
| `route` | `*` | name of a route; `models.*` and the like match several |
| `times` | {times} | how many calls it hits |
| `after` | {after} | how many matching calls it lets pass first |
| `when` | `{when}` | `before`: the call has no effect. `after`: it had its effect, and the answer is lost |
| `seconds` | {seconds:g} | of delay, of `Retry-After`, of youth |
| `status` | {status} | of a server error |
| `rows` | {rows} | too many, missing, or still small |
| `pieces` | {pieces} | of a body that drips |
| `key` | every key | the API key whose calls it hits; signed URLs are used without one |

Faults of rows bend what is served, so that the same job answers rightly once they are gone. Named for `models.infer_batch` or
`models.infer_async` they are written into the result of the job that the call starts, and stay there.

Routes bear the names of the SDK's methods: {routes}.

## In tests

`tests/emulating.py` starts one in the process of a test, on a free port, with its faults and counts at hand:

    with running_emulator() as emulator:
        emulator.fault("rate_limited", "models.infer", times=2, seconds=0.01)
        ...
        assert emulator.count("models.infer").calls == 3

With `clock=FakeClock()` and `pace=Pace(ingest=10)` jobs take ten seconds of a clock that the test moves.

## What it does not emulate

* Model types other than `anomaly`; `label_column`, chains of jobs (`parent_job_id`, `filters`), `params` and `training_mode` (taken, and
  without effect), explanations as jobs of their own, data connections, the dashboard's activity, feedback, organisations, API keys. What is not there
  answers 404, what is asked of a route that is there 422.
* Woodwide's own models: scores, thresholds and explanations are of the same shape, not of the same value. Whether the hosted model's
  score of a row depends on its company is not known; here it does not.
* What the provider leaves open, and what was chosen here: unfinished results are 409; `override` replaces the rows of the latest version under its id, and
  with a name that is taken those of that dataset; booleans in CSV are `true` and `false`; `ids_only` files have one column, `anomalous_ids`; a column
  of your own called `id` is used by models but gives way to the row's index where rows are shown.
* Load: one process, one request's work at a time. Training 10,000 rows holds the others up for seconds.
* Damage: a Parquet file that was cut short fails its job, but one whose inner sizes are absurd ends the process: its reader gives up
  that way. After the second time its job fails. Files are written whole or not at all, and not flushed to the disk: a killed process loses nothing, a power cut may.
* Credits, prices and limits of rate, other than as faults. Organisations: every key sees everything.
"""


def render() -> str:
    """The text of docs/emulator.md."""
    default = Fault(kind="latency")
    kinds = [f"| `{name}` | {kind.meaning} | {_names(kind.routes) or 'every route'} | {_also(kind.also)} |" for name, kind in KINDS.items()]
    head = _HEAD.format(direct=DIRECT_BYTES // 1024**2, flagged=f"{FLAGGED_SHARE:.0%}", fewest=FEWEST_ROWS, most=MOST_ROWS)
    options = _OPTIONS.format(
        times="without end",
        after=default.after,
        when=default.when,
        seconds=default.seconds,
        status=default.status,
        rows=default.rows,
        pieces=default.pieces,
        routes=_names(ROUTES),
    )
    return head + "\n".join(kinds) + "\n" + options


def _also(routes: tuple[str, ...]) -> str:
    return "every other" if routes == ROUTES else _names(routes)


def _names(routes: tuple[str, ...]) -> str:
    return ", ".join(f"`{route}`" for route in routes)
