"""Windows of people, and windows that hold a campaign: how often each raises an alarm."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from playproof.challenges.campaign import Nearness, campaigns
from playproof.evaluation import warps
from playproof.evaluation.corpora import Record, read_corpus
from playproof.evaluation.metrics import wilson
from playproof.evaluation.outcomes import generator_of, person_of
from playproof.features import CATALOGUE, extract_many
from playproof.features.numbers import Floats

BOTS = "bots-train.jsonl.gz"
SENT = 20
WINDOW = 200
DRAWS = 5
_SEED = 11
_MODEL = np.array([feature.role == "model" for feature in CATALOGUE])


def campaign_table(records: Sequence[Record], folder: Path) -> list[str]:
    """Alarms, in windows of people and in windows with 20 sessions of one generator or from one play among 180 of people."""
    rng = np.random.default_rng(_SEED)
    groups = {name: [record for record in records if record.labels.source == name] for name in ("sapimouse", "freihaut", "delbot", "wafer")}
    rows = {name: _rows(group) for name, group in groups.items()}
    people = np.unique([person_of(record.labels) for record in groups["sapimouse"]], return_inverse=True)[1]
    half = people % 2 == 0
    nearness = Nearness.fitted(rows["sapimouse"][half], people[half])
    rows["sapimouse"], people = rows["sapimouse"][~half], people[~half]
    lines = ["| window | alarms |", "| --- | ---: |"]
    for name, own in rows.items():
        for size in (20, 100, 500):
            if size <= len(own):
                drawn = [own[rng.choice(len(own), size, replace=False)] for _ in range(20_000 // size)]
                lines.append(_line(f"{size} sessions of people: {name}", drawn, nearness))
    each = [rows["sapimouse"][people == person] for person in np.unique(people)]
    lines.append(_line("all sessions of one person: sapimouse", each, nearness))
    bots = read_corpus([folder / BOTS]).records
    found, generators = [], sorted({generator_of(record.labels) for record in bots})
    for generator in generators:
        families = sorted({f"{r.labels.family}/{r.labels.variant}" for r in bots if generator_of(r.labels) == generator})
        caught = []
        for family in families:
            sent = _rows([r for r in bots if f"{r.labels.family}/{r.labels.variant}" == family])
            caught += [_caught(rows["sapimouse"], sent[rng.permutation(len(sent))[:SENT]], nearness, rng) for _ in range(DRAWS)]
        found.append((np.mean(caught), generator))
    always = [name for rate, name in found if rate >= 0.5]
    name = f"{SENT} sessions of one generator among {WINDOW - SENT} of people: generators found in half of the windows or more"
    lines.append(f"| {name} | {len(always)}/{len(found)}: {', '.join(always)} |")
    seeds = [groups["freihaut"][i].session for i in rng.choice(len(groups["freihaut"]), 20, replace=False)]
    for name, jitter, aim in (("shifted and turned, jitter of 0.5 px", 0.5, False), ("aimed anew, jitter of 1 px and 1 ms", 1.0, True)):
        caught = []
        for seed in seeds:
            made = [warps.reaimed(seed, rng) if aim else warps.placed(seed, np.exp(1j * rng.uniform(0, 6.3))) for _ in range(SENT)]
            sent = extract_many([warps.jittered(each, jitter, jitter, rng) for each in made])[:, _MODEL]
            caught.append(_caught(rows["sapimouse"], sent, nearness, rng))
        lines.append(
            f"| {SENT} sessions made from one play ({name}) among {WINDOW - SENT} of people | {_share(sum(caught), len(caught))} |"
        )
    return lines


def _rows(records: Sequence[Record]) -> Floats:
    return np.ascontiguousarray(extract_many([record.session for record in records])[:, _MODEL])


def _line(name: str, drawn: Sequence[Floats], nearness: Nearness) -> str:
    return f"| {name} | {_share(sum(bool(campaigns(each, nearness)) for each in drawn), len(drawn))} |"


def _share(hits: int, total: int) -> str:
    low, high = wilson(hits, total)
    return f"{hits}/{total}: {hits / total:.1%} ({low:.1%} to {high:.1%})"


def _caught(people: Floats, sent: Floats, nearness: Nearness, rng: np.random.Generator) -> bool:
    """Whether a campaign of which most was sent is found among people."""
    kept = people[rng.choice(len(people), WINDOW - len(sent), replace=False)]
    found = campaigns(np.concatenate([kept, sent]), nearness)
    return any(sum(row >= len(kept) for row in each.rows) * 2 > len(each.rows) for each in found)
