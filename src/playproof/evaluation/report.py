"""The evaluation as one HTML page that needs nothing from anywhere else."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

import numpy as np

from playproof.evaluation.charts import Bar, Curve, bars, det_chart, histogram
from playproof.evaluation.metrics import det_curve
from playproof.evaluation.outcomes import Outcome, calibrated, generator_of
from playproof.evaluation.result import Evaluation
from playproof.evaluation.summary import Count, Figures, PeopleRow, Separation, Standing, generator_weights, scores_of
from playproof.evaluation.tables import (
    Table,
    bots_table,
    ends,
    errors_table,
    files_table,
    means_table,
    people_table,
    percent,
    rules_table,
)

LISTED_ERRORS = 200
KINDS = {
    Standing.HELD_OUT: "bots",
    Standing.UNSEEN: "bots",
    Standing.NEW_DRIVER: "driver",
    Standing.SEEN: "seen",
    Standing.UNKNOWN: "seen",
}
"""The style sheet's class of each standing."""


def render(evaluation: Evaluation, outcomes: Sequence[Outcome]) -> str:
    """The page, as HTML."""
    style = Path(__file__).with_name("report.css").read_text(encoding="utf-8")
    figures = evaluation.figures
    people = [outcome for outcome in calibrated(outcomes) if outcome.human]
    bots = [outcome for outcome in calibrated(outcomes) if not outcome.human]
    parts = [_head(evaluation), _cards(figures)]
    if figures.people:
        parts.append(_people(figures))
    if figures.generators:
        parts.append(_generators(figures))
    if people and bots:
        parts += [_scores(evaluation, people, bots), _trade_off(evaluation, people, bots)]
    if figures.rules:
        parts.append(
            _section("Rules that speak against a pass", "How often each fired, whatever the score said.", _table(rules_table(figures)))
        )
    if evaluation.errors:
        parts.append(_errors(evaluation))
    parts.append(_section("Files", "", _table(files_table(evaluation))))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>PlayProof evaluation</title><style>{style}</style></head><body><main>{''.join(parts)}</main></body></html>\n"
    )


def _head(evaluation: Evaluation) -> str:
    flag = '<p class="warning">In-sample: the model may have been fitted on these sessions.</p>' if evaluation.in_sample else ""
    return (
        f"<header><h1>PlayProof evaluation</h1><p>{escape(evaluation.described())}</p>"
        f"<p>A session passes up to a score of {evaluation.pass_threshold:g} and fails above {evaluation.review_threshold:g}; "
        "<em>not passed</em> is review or fail. The decisions are those of policy <code>score</code>, rules included. "
        f"Intervals are 95 %.</p>{flag}</header>"
    )


def _cards(figures: Figures) -> str:
    cards = [
        _card("people", f"People of {row.source} not passed{_observing(row)}", percent(row.not_passed.rate), _note(row.not_passed))
        for row in figures.people
    ]
    cards += [
        _card(
            KINDS[row.standing],
            f"Bots not passed, {row.standing}",
            percent(row.not_passed),
            f"mean of {row.generators} generators · {ends(row.not_passed_interval)} · "
            f"worst {row.worst} {percent(row.worst_not_passed.rate)}",
        )
        for row in figures.means
    ]
    if figures.separation:
        low, high = figures.separation.mean_interval
        title = "ROC AUC, mean over generators"
        cards.append(_card("", title, f"{figures.separation.mean_roc_auc:.4f}", f"{low:.4f} to {high:.4f}"))
    return f'<div class="cards">{"".join(cards)}</div>'


def _observing(row: PeopleRow) -> str:
    return ", stratum only observed" if row.observing == row.not_passed.total else ""


def _note(count: Count) -> str:
    return f"{count} · {ends(count.bootstrap)}"


def _card(kind: str, title: str, value: str, note: str) -> str:
    return f'<div class="card {kind}"><h2>{escape(title)}</h2><p class="value">{escape(value)}</p><p class="note">{escape(note)}</p></div>'


def _people(figures: Figures) -> str:
    lines = [
        Bar(row.source, row.not_passed.share, *(row.not_passed.bootstrap or row.not_passed.wilson), str(row.not_passed), "people")
        for row in figures.people
    ]
    highest = min(1.0, max(0.02, 1.1 * max(line.high for line in lines)))
    return _section(
        "People, by source",
        "Bars are the share not passed; whiskers the bootstrap over people, who are drawn with all their sessions. "
        "Wilson's interval takes sessions for independent and is the wider where nobody, or one person, was flagged. "
        "Observing counts sessions of games and devices of which too few people are known: their score promises no rate, "
        "and cannot fail them.",
        bars(lines, highest, "People not passed, by source"),
        _table(people_table(figures)),
    )


def _generators(figures: Figures) -> str:
    rows = sorted(figures.generators, key=lambda row: (row.not_passed.share, row.name))
    lines = [Bar(row.name, row.not_passed.share, *row.not_passed.wilson, str(row.not_passed), KINDS[row.standing]) for row in rows]
    return _section(
        "Bots, by generator",
        "Bars are the share not passed, whiskers Wilson's interval. The means weigh every generator the same, "
        "and their intervals draw generators.",
        _table(means_table(figures)),
        bars(lines, 1.0, "Bots not passed, by generator"),
        _folded(f"All {len(rows)} generators as a table", bots_table(figures.generators, "generator")),
        _folded(f"All {len(figures.families)} families, a generator with its driver", bots_table(figures.families, "family")),
    )


def _scores(evaluation: Evaluation, people: Sequence[Outcome], bots: Sequence[Outcome]) -> str:
    human, bot = scores_of(people), scores_of(bots)
    return _section(
        "Scores",
        "Shares of people (blue) and of bots (orange, every generator weighing the same) in calibrated strata. "
        f"{int(np.isinf(human).sum())} sessions of people and {int(np.isinf(bot).sum())} of bots have too little movement for a score; "
        "the rules alone judge them, and they stand in the last bin.",
        histogram(human, bot, generator_weights(bots), _thresholds(evaluation)),
    )


def _trade_off(evaluation: Evaluation, people: Sequence[Outcome], bots: Sequence[Outcome]) -> str:
    standing = {row.name: row.standing for row in evaluation.figures.generators}
    human = scores_of(people)
    curves = []
    for what in dict.fromkeys(row.standing for row in evaluation.figures.generators):
        group = [outcome for outcome in bots if standing[generator_of(outcome.labels)] is what]
        curves.append(Curve(f"generators {what}", det_curve(human, scores_of(group), generator_weights(group)), KINDS[what]))
    return _section(
        "Detection error trade-off",
        "What every threshold on the score alone would flag of people and miss of bots, on normal deviate axes; the dots are the two "
        f"thresholds in use. Rules add to what the score flags. {_separation(evaluation.figures.separation)}",
        det_chart(curves, _thresholds(evaluation)),
    )


def _separation(separation: Separation | None) -> str:
    if separation is None:
        return ""
    return (
        f"ROC AUC {separation.roc_auc:.4f} over sessions, {separation.mean_roc_auc:.4f} as the mean over generators; "
        f"equal error rate {percent(separation.equal_error)}."
    )


def _thresholds(evaluation: Evaluation) -> list[tuple[str, float]]:
    return [("pass", evaluation.pass_threshold), ("review", evaluation.review_threshold)]


def _errors(evaluation: Evaluation) -> str:
    more = len(evaluation.errors) - LISTED_ERRORS
    unlisted = f" {more} more are not listed here; --format json lists all." if more > 0 else ""
    return _section(
        f"Lines that could not be judged ({len(evaluation.errors)})",
        f"They are in no count above.{unlisted}",
        _table(errors_table(evaluation, LISTED_ERRORS)),
    )


def _section(title: str, lead: str, *parts: str) -> str:
    words = f"<p>{escape(lead)}</p>" if lead else ""
    return f"<section><h2>{escape(title)}</h2>{words}{''.join(parts)}</section>"


def _folded(title: str, table: Table) -> str:
    return f"<details><summary>{escape(title)}</summary>{_table(table)}</details>"


def _table(table: Table) -> str:
    def cells(tag: str, values: Sequence[str]) -> str:
        return "".join(
            f"<{tag}>{escape(value)}</{tag}>" if index < table.text_columns else f'<{tag} class="figure">{escape(value)}</{tag}>'
            for index, value in enumerate(values)
        )

    body = "".join(f"<tr>{cells('td', row)}</tr>" for row in table.rows)
    return f'<div class="wide"><table><thead><tr>{cells("th", table.heads)}</tr></thead><tbody>{body}</tbody></table></div>'
