"""The page about verdicts, written from the reasons themselves."""

from __future__ import annotations

from collections.abc import Sequence

from playproof.decision.policy import Rules, decide
from playproof.decision.reasons import EFFECT_MEANINGS, MEANINGS, Effect, ReasonCode

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

The thresholds are settings (`ANOMALY_THRESHOLD_PASS`, `ANOMALY_THRESHOLD_REVIEW`), and so is whether a challenge asks for a second ground
(`PLAYPROOF_CORROBORATE`); a site may have its own of each. A *stratum* is a game and an input class. Where too few people of it are known,
and none of another game lend theirs, it is `observing`: the score is shown, but can do no worse than review, and in a challenge decides
nothing. A session with too little movement never passes. Keyboard play has no score.

Whatever makes a preliminary verdict final (the hosted model, a batch) goes by the rules and the findings that the session was first judged by.

### Challenges, case by case

What `verify` decides, by what the movement score alone would (the rows) and the gravest thing found beside it (the columns, which are
effects of the reasons below). `short` is too little movement, itself a reason to review. A hosted score that few people's stand behind fails
nobody in any of them.

"""

_MOVEMENTS = (("pass", 0.0), ("review", 2.25), ("fail", 9.0))
"""Scores beside the thresholds of `Rules`."""
_COLUMNS: dict[str, tuple[Effect, ...]] = {
    "nothing, or `note`": (),
    "`strict`, strict site": ("strict",),
    "`corroborates`": ("corroborates",),
    "`review`": ("review",),
    "`fail`": ("fail",),
}

_UNSCORED = """
Without a score there are two cases. Where movement is not to be judged, as of keyboard play, the decision is that of the rules for it: pass for
who took the accessible way and paid its toll at a site that has it so, else review. Where the model failed it is `PLAYPROOF_FAIL_DIRECTION`. What
is found beside it can only make either severer.

"""

_REASONS = """## Reasons

The codes are stable: one may be added, none is renamed. Each has an effect on the decision:

| effect | what the reason does |
| --- | --- |
"""


def render() -> str:
    """The text of `docs/verdict.md`."""
    rules = Rules()
    head = _HEAD.format(pass_threshold=rules.pass_threshold, review_threshold=rules.review_threshold)
    effects = "".join(f"| `{effect}` | {meaning} |\n" for effect, meaning in EFFECT_MEANINGS.items())
    codes = [(f"`{code}`", meaning.effect, meaning.meaning) for code, meaning in MEANINGS.items()]
    return head + _cases() + _UNSCORED + _REASONS + effects + "\n" + _table(("code", "effect", "meaning"), codes)


def _cases() -> str:
    """Every case of a challenge with a score, as `decide` has it."""
    rows = []
    for calibrated in (True, False):
        for enough in (True, False):
            for movement, score in _MOVEMENTS:
                stratum = "calibrated, or borrowing people" if calibrated else "observing"
                short: tuple[Effect, ...] = () if enough else (MEANINGS[ReasonCode.INSUFFICIENT_EVIDENCE].effect,)
                cells = [_decision(score, (*short, *found), calibrated, enough) for found in _COLUMNS.values()]
                alone = _decision(score, short, calibrated, enough, corroborate=False)
                rows.append((stratum, "enough" if enough else "short", movement, *cells, alone))
    return _table(("stratum", "movement", "its score alone", *_COLUMNS, "nothing, `PLAYPROOF_CORROBORATE=false`"), rows)


def _decision(score: float, effects: Sequence[Effect], calibrated: bool, enough: bool, *, corroborate: bool = True) -> str:
    rules = Rules(policy="verify", corroborate=corroborate, strict=True)
    return decide(score, effects, calibrated=calibrated, enough=enough, fallback=False, rules=rules).decision


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
