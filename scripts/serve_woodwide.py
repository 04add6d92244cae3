"""Start the service with a hosted model, without a key: the emulator stands in for Woodwide, and the people are made up.

The first start makes people, uploads them and trains a model; later ones find it in the folder. Ctrl-C stops both.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np

from playproof.cli.loading import load_kernels
from playproof.cli.woodwide_words import told_version
from playproof.clock import SystemClock
from playproof.emulator.core import Pace
from playproof.emulator.server import serving
from playproof.emulator.service import Emulated
from playproof.errors import HostedError, PlayproofError
from playproof.ids import process_name
from playproof.settings import ApiKey, Secret, Settings, load_settings
from playproof.store import HostedModelRecord, Store, store_of
from playproof.telemetry import Labels, Session
from playproof.testing import human_session
from playproof.woodwide import Connection, Woodwide, connect
from playproof.woodwide.company import LiveCompany
from playproof.woodwide.corpus import SYNTHETIC, Gatherer
from playproof.woodwide.statements import version_statement
from playproof.woodwide.supply import TRAINING_DATASET
from playproof.woodwide.trainer import Trainer

ROOT = Path(__file__).resolve().parent.parent
KEY = "sk_the_emulator_takes_any"
PEOPLE, EACH, TARGETS = 180, 7, 6
"""So many that enough are kept out for hosted scores to decide."""
SEED = 1
PACE = Pace(ingest=0.2, train=0.5, infer=0.2)
OURS = ("WOODWIDE_API_KEY", "WOODWIDE_BASE_URL", "ANOMALY_MODEL_ID")
"""What variables begin with that the service gets from here, whatever the environment says."""


def main() -> int:
    """Train where that is to be done, then serve until a signal; the exit code of the service."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--folder", type=Path, default=ROOT / "playproof-woodwide", help="keeps both sides' data for the next start")
    parser.add_argument("--port", type=int, help="where the service listens; PLAYPROOF_PORT or 8000 where absent, 0 takes a free one")
    arguments = parser.parse_args()
    for name in [name for name in os.environ if name.startswith(OURS)]:
        del os.environ[name]
    data = arguments.folder / "service"
    settings = load_settings({"data_dir": str(data), "port": None if arguments.port is None else str(arguments.port)})
    load_kernels()
    with Emulated(arguments.folder / "emulator", pace=PACE) as emulated, serving(emulated) as url:
        print(f"The emulator stands in for Woodwide on {url}", flush=True)
        model_id = trained(settings, url)
        environment = {"WOODWIDE_BASE_URL": url, "WOODWIDE_API_KEY": KEY, "ANOMALY_MODEL_ID": model_id}
        for name, value in environment.items():
            print(f"  {name}={value}")
        print(f"  with these set, `playproof woodwide check --data-dir {data}` looks at it from another terminal")
        print("A session to try, and its hosted verdict:")
        print(f"  curl -s http://{settings.host}:{settings.port or 'PORT'}/api/v1/score -H 'Content-Type: application/json' "
              f"--data @{ROOT / 'examples' / 'straight-line.json'}\n", flush=True)  # fmt: skip
        return served(["--data-dir", str(data), "--port", str(settings.port)], environment)


def trained(settings: Settings, url: str) -> str:
    """The id of a model that is ready in the service's store, and known to the emulator."""
    connection = Connection(base_url=url, keys=(ApiKey("emulator", Secret(KEY)),))

    async def work(store: Store) -> HostedModelRecord:
        async with connect(connection) as woodwide:
            return await ready(woodwide, store) or await made(woodwide, store, settings)

    with closing(store_of(settings)) as store:
        record = asyncio.run(work(store))
    print("\n".join(told_version(version_statement(record))), flush=True)
    return record.model_id


async def ready(woodwide: Woodwide, store: Store) -> HostedModelRecord | None:
    """The newest version that is ready, if the emulator knows it too."""
    for record in store.hosted.models():
        if record.state == "ready":
            try:
                await woodwide.training.model(record.model_id)
            except HostedError:
                return None
            return record
    return None


async def made(woodwide: Woodwide, store: Store, settings: Settings) -> HostedModelRecord:
    """A version trained on people who are made up."""
    print(f"Making {PEOPLE * EACH} sessions of {PEOPLE} people ...", flush=True)
    gatherer = Gatherer()
    for session, labels in people():
        gatherer.add(session, labels, SYNTHETIC)
    print("Uploading them, training, and scoring those who were kept out ...", flush=True)
    clock = SystemClock()
    company = LiveCompany(store, settings.woodwide_persistent_dataset, settings.dataset_company_rows, clock)
    trainer = Trainer(woodwide, store, company, holder=process_name(os.urandom), clock=clock)
    upload = await trainer.supply.plan(gatherer.corpus(), TRAINING_DATASET, settings.woodwide_persistent_dataset)
    begun = await trainer.begin(upload.id, mode="fast")
    return await trainer.finished(begun.version_id)


def people() -> Iterator[tuple[Session, Labels]]:
    """Sessions as the shipped builders make them, always the same."""
    for person in range(PEOPLE):
        for play in range(EACH):
            rng = np.random.default_rng([SEED, person, play])
            session = human_session(rng, session_id=f"made-up-{person}-{play}", targets=TARGETS)
            yield session, Labels("human", source=SYNTHETIC, subject=str(person))


def served(arguments: list[str], environment: dict[str, str]) -> int:
    """Run the service until it ends; what would end this process ends it."""
    command = [sys.executable, "-m", "playproof", "serve", *arguments]
    service = subprocess.Popen(command, env={**os.environ, **environment})
    signal.signal(signal.SIGINT, lambda *_: None)  # a terminal's reaches the service as well
    signal.signal(signal.SIGTERM, lambda *_: service.terminate())
    return service.wait()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except PlayproofError as refusal:
        sys.exit(f"Error: {refusal}")
    except KeyboardInterrupt:
        sys.exit(130)
