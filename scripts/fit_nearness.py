"""Write how near people's plays come to each other: medians, spreads and quantiles of distances alone, no row of anybody's.

    python scripts/fit_nearness.py FOLDER

FOLDER holds human-train.jsonl.gz, of which the source that tells people apart is used.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from playproof.challenges.campaign import Nearness
from playproof.evaluation.corpora import read_corpus
from playproof.evaluation.outcomes import person_of
from playproof.features import CATALOGUE, extract_many

SOURCE = "sapimouse"
PLACE = Path(__file__).parent.parent / "src/playproof/challenges/nearness.json"


def main() -> None:
    """Read, fit, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    records = [each for each in read_corpus([folder / "human-train.jsonl.gz"]).records if each.labels.source == SOURCE]
    model = np.array([feature.role == "model" for feature in CATALOGUE])
    rows = np.ascontiguousarray(extract_many([record.session for record in records])[:, model])
    person = np.unique([person_of(record.labels) for record in records], return_inverse=True)[1]
    PLACE.write_bytes(Nearness.fitted(rows, person).encoded() + b"\n")
    print(f"{PLACE}: {len(records)} plays of {person.max() + 1} people")


if __name__ == "__main__":
    main()
