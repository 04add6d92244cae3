"""The page about the hosted scorer's client, written from the tables that it works by."""

from __future__ import annotations

from collections.abc import Mapping

from playproof.scoring.strata import MINIMUM_PEOPLE
from playproof.settings.table import BY_NAME
from playproof.woodwide.breaker import LONGEST_GROWTH
from playproof.woodwide.calibration import FAILS_FROM, KEPT_OUT, REVIEWS_FROM
from playproof.woodwide.calls import CALLS, Call
from playproof.woodwide.check import LONGEST_SECONDS as CHECK_SECONDS
from playproof.woodwide.corpus import REFERENCES, SYNTHETIC
from playproof.woodwide.desk import LOOK_SECONDS as NEWEST_SECONDS
from playproof.woodwide.failures import LONGEST_DETAIL
from playproof.woodwide.files import DIRECT_BYTES
from playproof.woodwide.following import FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS
from playproof.woodwide.jobs import FIRST_POLL_SECONDS, LONGEST_POLL_SECONDS
from playproof.woodwide.mapping import MODEL_COLUMNS
from playproof.woodwide.publishing import LOST
from playproof.woodwide.reasons import WHY, Remedy
from playproof.woodwide.retry import FIRST_SECONDS, LONGEST_SECONDS, PASSING
from playproof.woodwide.supply import TRAINING_DATASET
from playproof.woodwide.trainer import CHUNK

_REMEDIES: Mapping[Remedy, str] = {
    "wait": "passes by itself; work is put off",
    "operator": "somebody has to act; work is put off until then",
    "rows": "may lie in the rows; counts as an attempt at them",
}

_PAGE = """# Woodwide

This page is written from the code by `make docs`.

`playproof.woodwide` asks [Woodwide](https://woodwide.ai) to score sessions, by way of its official SDK. This page says what that client
promises. Its settings are in [settings.md](settings.md); what it counts is in [metrics.md](metrics.md). How
the service asks it in real time is in [realtime.md](realtime.md).

    async with connect(connection_of(load_settings())) as woodwide:
        upload = await woodwide.uploads.direct(csv_file(rows, Columns()), Target(name="people"))
        await woodwide.jobs.wait(upload.job_id, "dataset_ingest")
        training = await woodwide.training.start(upload.version_id, MODEL_COLUMNS)
        await woodwide.jobs.wait(training.job_id, "train")
        scores = await woodwide.inference.at_once(training.model_id, training.version_id, csv_file(new_rows, Columns()))

Whatever begins something answers with its ids at once, so that they can be kept before anything is waited for. A process that kept them
waits again after a restart, instead of beginning again.

To try it without a key, start `playproof emulator` and set `WOODWIDE_BASE_URL` to its address and `WOODWIDE_API_KEY` to any text.

## What leaves the house

The {columns} features that the embedded model is fed too, by their catalogue names (see [features.md](features.md)), as CSV or Parquet.
A value that could not be measured is an empty cell. No id, no time, no game, no address: which row is whose is known here alone. A
column that is no feature of this catalogue is refused before anything is sent (`column_mismatch`), because Woodwide would take it for
empty and score all the same.

## Calls

| call | what for | may take | sent again after a failure that may have had its effect |
| --- | --- | --- | --- |
{calls}

* **Time.** The limit is that of one try as a whole: a connection that hangs, and an answer that trickles in, end with it. The default is
  in brackets.
* **Again.** The SDK's own repetitions are switched off, because it would send uploads, trainings and inferences again that may have
  had their effect. What fails for now ({passing}) is sent up to `WOODWIDE_ATTEMPTS` ({attempts}) times in all: always where it surely had
  no effect (429, no connection), and else where the table says so. The error says `uncertain` where it is left open; rows are
  then sent again as another version, and a training is looked for with `training.begun`.
* **Waiting.** Before the second try anything up to {first} s, drawn evenly, up to twice that before each further one, at most {longest} s. A
  `Retry-After` comes before that; one over `WOODWIDE_RETRY_PATIENCE` ({patience}) is not waited for, but handed on with the error.
* **Jobs** are asked for after {poll} s, then at intervals that grow to {slowest} s, for `WOODWIDE_JOB_TIMEOUT` ({job}). After that the job goes
  on, and can be waited for again.
* **Files** up to {direct} MiB go directly or are scored at once; larger ones go through a signed address, which may be
  done again as a whole under the same key without making anything twice. Signed addresses never see the API key.
* **Versions** are pinned: an answer by another version of the model or of the dataset than the one that was asked for is no answer.

## Keys

`WOODWIDE_API_KEYS` is a list that is tried in order; without it there is `WOODWIDE_API_KEY`. All have to be of one organisation, because ids
of one are not known to another. After 401 a key is left alone for `WOODWIDE_KEY_REST` ({rest}), after 402 for calls that may cost credits,
after 403 for that call. Where every key rests, nobody is asked, and the error has the reason of the first that comes back.
`WOODWIDE_CUSTOM_HEADERS` and `WOODWIDE_LOG` are the SDK's own, and pass through to it.

Neither keys nor signatures of addresses get into errors, log lines or metrics. Errors are made anew, with at most {detail} characters of
what Woodwide says, keys blotted out: those of the SDK hold the request, and with it the key.

## Reasons

Everything that goes wrong ends as one `HostedError` with one of these. They are what metrics, log lines and verdicts show.

| reason | meaning | what follows |
| --- | --- | --- |
{reasons}

Scores are found by the row numbers in the answer, never by their place. Fewer rows, more rows, other rows, ids alone, an empty body: no
answer for any row, because nobody knows which is meant. A score that is no finite number is no answer for its row. None of these is
ever taken for "not anomalous".

## Flights

A hosted call takes seconds, however many rows it carries. So one is on its way at a time (`Flights`), and sessions that arrive meanwhile
share the next: the number of calls depends on how long they take, not on how many sessions there are. Each gets the score of its own row.
A session whose caller stops waiting stays aboard, and its answer still comes. `expected_seconds` says how long the next will likely wait, so
that a slow provider need not cost every request its deadline.

* **inline**: the new rows and their company go as one file, and come back scored in the same call.
* **dataset**: the window of the live dataset, the new rows in it, becomes a version of one dataset (`Publishing`), which is scored as a
  whole: one call to send it, one to begin, and one to read the scores of the new rows, as soon as they are there. What is known of a
  publication is kept in a ledger, and after a death anywhere, or a failure that passes, its sessions board again and it is carried on: no second batch,
  and no second version but where nobody knows whether the first arrived. A job is waited for as long as scoring at once may take
  (`WOODWIDE_INFER_TIMEOUT`); then others fly, and its sessions come back to it. Where the dataset was deleted or takes the rows no more
  ({lost}), one replacement takes its place, and the sessions go inline meanwhile. See [dataset.md](dataset.md).

## Calibration

Woodwide promises neither a range nor a direction of its scores. {kept_out:.0%} of the people are kept out of the training upload; the trained version
scores them, and hosted scores are then shares of these people, as the embedded model's are of its own. The direction is the one in which the
rows lie that Woodwide itself calls anomalous.

| rows of people kept out | people | what a hosted score does (`standing`) |
| --- | --- | --- |
| fewer than {reviews} | any | `shown`: it is shown, and the embedded model decides |
| any | 1 | `shown` |
| fewer than {fails} | any | `reviews`: it gets to `review` at most |
| any | fewer than {people} | `reviews`: alike rows of few people say too little of the others |
| {fails} or more | {people} or more | `decides` |

They are scored in files of at most {chunk} rows, each in the company that new rows have: where a model's scores depend on company, so do those it is
calibrated with. In real time fewer new rows stand beside that company; `check` tells whether that makes a difference.

## Training

`playproof woodwide upload` and `train`, or [over HTTP](http.md#training-a-hosted-model):

1. **Gather.** Sessions of people with enough movement. Bots (`labels.label`), keyboard play, repeated sessions and those that show too little are
   left out and counted. Whose a session is says `labels.subject`, together with its source; one without counts as a person of its own,
   and that is said, because a person's sessions on both sides would flatter the calibration.
2. **Keep out** {kept_out:.0%} of the people. Who that is depends on their names alone. Their rows stay here.
3. **Upload** the others' features under an id of ours, so that it can be sent again without being made twice. Uploads under one name
   (`{dataset}` unless told otherwise) are versions of one dataset. At most {references} of these rows, taken from everybody in turn, become the rows that
   the [live dataset](dataset.md) begins with, where it has none.
4. **Train.** With `--model` a new version of a model that was trained from here; else a new model.
5. **Calibrate** on those who were kept out. Then the version is ready, and the service asks it within {newest:g} s.

Each step is kept in the data folder before the next: `planned`, `announced`, `ingested` for an upload, `training`, `calibrating`, `ready` for a
version, `failed` for both. A process that dies anywhere, even by `kill -9`, leaves what another carries on: the service by itself, `train` when it is called
again. One process at a time carries on one thing. A training whose answer was lost is found again by its upload. What Woodwide refuses for
good, such as a failed job, is over; all else, such as spent credits, is tried again after {first_pause} s and ever more rarely, at least every {longest_pause} minutes.

An upload all of whose sessions have the source `{synthetic}` is synthetic. Versions that come of it say so, and verdicts they decide
have the reason `synthetic_model`: they demonstrate, and prove nothing. `make serve-woodwide` does that with the emulator.

Rows of a training upload have no ids, here or at Woodwide, so erasing a session does not reach them; the live dataset's first rows keep
theirs, and are erased. An upload of an older feature catalogue cannot be trained on any more.

## Check

`playproof woodwide check` (`Check`) tries a configuration, in {check:g} s at most: key and dataset, model, calibration, one row, the row in company. The rows are those of
people who were kept out, else the first ones of the live dataset. It tells what was found, small files that are answered
with nothing included, and whether the row has the same score both times. The exit code is 1 where something is not as it should be.

## Breaker

After `WOODWIDE_BREAKER_FAILURES` ({failures}) failures in a row that do not lie in the rows, nobody is asked for `WOODWIDE_BREAKER_REST`
({breaker}). Then one call tries: where it is answered the breaker closes, where it fails the rest doubles, up to {growth} times the first.
"""


def render() -> str:
    """The text of docs/woodwide.md."""
    return _PAGE.format(
        columns=len(MODEL_COLUMNS),
        calls="\n".join(map(_call_row, CALLS)),
        passing=", ".join(f"`{reason}`" for reason in sorted(PASSING)),
        attempts=_default("woodwide_attempts"),
        first=FIRST_SECONDS,
        longest=LONGEST_SECONDS,
        patience=_default("woodwide_retry_patience"),
        poll=FIRST_POLL_SECONDS,
        slowest=LONGEST_POLL_SECONDS,
        job=_default("woodwide_job_timeout"),
        direct=DIRECT_BYTES // 1024**2,
        rest=_default("woodwide_key_rest"),
        detail=LONGEST_DETAIL,
        reasons="\n".join(f"| `{reason}` | {why.meaning} | {_REMEDIES[why.remedy]} |" for reason, why in WHY.items()),
        lost=", ".join(f"`{reason}`" for reason in sorted(LOST)),
        kept_out=KEPT_OUT,
        reviews=REVIEWS_FROM,
        fails=FAILS_FROM,
        people=MINIMUM_PEOPLE,
        chunk=CHUNK,
        dataset=TRAINING_DATASET,
        references=REFERENCES,
        first_pause=f"{FIRST_PAUSE_SECONDS:g}",
        longest_pause=f"{LONGEST_PAUSE_SECONDS / 60:g}",
        synthetic=SYNTHETIC,
        newest=NEWEST_SECONDS,
        check=CHECK_SECONDS,
        failures=_default("woodwide_breaker_failures"),
        breaker=_default("woodwide_breaker_rest"),
        growth=f"{LONGEST_GROWTH:g}",
    )


def _call_row(call: Call) -> str:
    name = f"woodwide_{call.limit}"
    limit = f"`{BY_NAME[name].env}` ({_default(name)})"
    return f"| `{call.name}` | {call.meaning} | {limit} | {'yes' if call.repeatable else 'no'} |"


def _default(name: str) -> str:
    row = BY_NAME[name]
    return row.show(row.default)
