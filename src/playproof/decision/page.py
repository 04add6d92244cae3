"""The page about verdicts, written from the reasons themselves."""

from __future__ import annotations

from playproof.decision.policy import Rules
from playproof.decision.reasons import MEANINGS

_HEAD = """# The verdict

This page is written from the code by `make docs`.

One session gets one verdict. Over HTTP, on the command line and in Python it is the same object:

| field | meaning |
| --- | --- |
| `sessionId` | as sent, or made by the server |
| `decision` | `pass`, `review` or `fail` |
| `confidence` | share of 200 calibrations, each on people drawn anew, that decide alike; at most 0.5 where evidence is short |
| `policy` | `score` or `verify` |
| `anomaly.anomalyScore` | -log10 of the share of people at least this unusual: 2.0 is one person in a hundred; `null` where no model scored |
| `anomaly.rawScore` | the detector's own output, higher is less human; ranks sessions where the anomaly score no longer can |
| `anomaly.isAnomaly` | the score is above the pass threshold |
| `anomaly.source` | who answered: `woodwide` (the hosted model), `local` (the embedded one) or `heuristic` (rules alone) |
| `anomaly.modelId`, `modelVersion` | which model; the version changes whenever a score could |
| `calibration` | the people compared with: `sessions`, `people`, the session's `stratum`, its `status`, the `reference` stratum whose people they are, \
and `resolvedTo`, the highest score that still promises a rate |
| `reasons` | the grounds, each a stable `code`, a `detail` in words and, where one is meant, the `feature` |
| `featureSummary` | how much evidence there was, and the features that lie furthest out ([catalogue](features.md)) |
| `status`, `revision` | `final` means that nothing further will be asked; `preliminary` that the hosted model's answer is still to come \
([real time](realtime.md)); `revision` counts answers |
| `earlierDecision` | what the preliminary verdict had decided, where there was one, else `null` |
| `hosted` | what the hosted model said: `modelId`, `modelVersion`, `rawScore` as the provider answered it, whether it `flagged` the session, \
`anomalyScore` and `standing` (`shown`, `reviews`, `decides`: how far it counts); `null` where none was asked or has answered |
| `fallbackReason` | why a lower scorer answered than the one configured, else `null` |
| `scoredAt`, `latencyMs` | when, and how long it took from decoded session to verdict |

## From score to decision

| policy | who asks | rule |
| --- | --- | --- |
| `score` | the command line, Python, `/api/v1/score` | pass up to {pass_threshold}, review up to {review_threshold}, fail above |
| `verify` | challenges | the same, but a fail that rests on the movement score alone becomes review |

The thresholds are settings (`ANOMALY_THRESHOLD_PASS`, `ANOMALY_THRESHOLD_REVIEW`). A *stratum* is a game and an input class. Where too few
people of it are known it is `observing`: the score is shown, but can do no worse than review. A session with too little movement never passes.

## Reasons

The codes are stable: one may be added, none is renamed. `fail` and `review` are the least that a reason does to the decision; a `note` explains.

| code | effect | meaning |
| --- | --- | --- |
"""


def render() -> str:
    """The text of `docs/verdict.md`."""
    rules = Rules()
    head = _HEAD.format(pass_threshold=rules.pass_threshold, review_threshold=rules.review_threshold)
    return head + "".join(f"| `{code}` | {meaning.effect} | {meaning.meaning} |\n" for code, meaning in MEANINGS.items())
