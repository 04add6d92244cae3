"""The page about features, written from the catalogue."""

from __future__ import annotations

from itertools import groupby

from playproof.features import path, texture
from playproof.features.catalogue import CATALOGUE, CATALOGUE_VERSION, MODEL_FEATURES

_HEAD = f"""# Features

This page is written from the code by `make docs`. Catalogue {CATALOGUE_VERSION}: {len(CATALOGUE)} features, of which the embedded model sees {len(MODEL_FEATURES)}.

## What they are computed on

A recorder's habits must not decide. So positions are rounded to whole pixels first and taken from the first one; events are put in
order of time, and those that do not move are dropped. The straight lines between events are averaged over cells of {path.STEP_MS:.0f} ms and
smoothed by a binomial filter over five of them. Where nothing came for {path.REST_MS:.0f} ms the pointer rested. Rests are cut to
{path.LONGEST_REST_MS / 1000.0:.0f} s and the path ends after {path.LONGEST_PATH_MS / 1000.0:.0f} s of that shortened time, so that hours cost no more than a minute.
*Motion* is what is above {path.MOVING_PX_S:.0f} px/s; a *stroke* is motion between two rests. *Fast* motion is quick enough for its
direction to be more than rounding, unless said otherwise.

Moving the whole session by whole pixels, or rounding it beforehand, changes nothing at all. Logging the same movement 60 or 125 instead of 250
times a second, or half a pixel further on, moves a feature by less than its *tolerance*, a share of the distance between the 10 % and the 90 %
quantile of sessions (`tests/unit/test_features_invariance.py`). How regularly events came, how many there were and where on the
screen are no features.

What cannot be measured is NaN, never a guess: without clicks there is no rest around them.
"""

_GROUPS = {
    "evidence": "How much there is to judge by. The rules use it; the model does not see it.",
    "kinematics": "How fast, how the speed changes, and how acceleration follows itself.",
    "curvature": "How the path bends, and how speed and bending go together.",
    "smoothness": "How smooth the strokes are.",
    "geometry": "The shape of the strokes.",
    "profile": "How the speed rises and falls over the time of the strokes.",
    "submovements": "The bells of speed that strokes are made of, and the corrections among them.",
    "pauses": "Rests between strokes, and what goes on in them.",
    "clicks": "How the pointer comes to a click and rests there. A click may be the press or the release: what depends on which is left out.",
    "variability": "How strokes differ from one another, and how their time, speed and shape go together. People vary; generators repeat.",
    "residual": "What smoothing takes off.",
    "texture": "The grain of motion: a mouse counts in whole steps on each axis. Here and below a *step* is that from one cell to the next, before "
    f"smoothing; slow steps are of {texture.LEAST_PX:g} to {texture.SLOW_PX:g} px, fast ones longer.",
    "grain": "The same at greater length: what a mouse does with the lesser coordinate while it goes along the other axis.",
    "phases": "How strokes set in, rise, fall and cease, and how their ripple follows.",
    "context": "Aim and reaction, where the server knows the targets. NaN otherwise, and never fed to the embedded model.",
}
"""Group to what it is about."""


def render() -> str:
    """The text of docs/features.md."""
    parts = [_HEAD]
    for group, features in groupby(CATALOGUE, lambda feature: feature.group):
        parts.append(
            f"\n## {group.capitalize()}\n\n{_GROUPS[group]}\n\n| feature | unit | meaning | source | tolerance |\n| --- | --- | --- | --- | --- |\n"
        )
        parts.extend(
            f"| `{f.name}` | {f.unit} | {f.meaning} | {f.source} | {f.tolerance if f.role == 'model' else ''} |\n" for f in features
        )
    return "".join(parts)
