"""What the OpenAPI document allows and forbids, drawn at random and sent to a running service; all of schemathesis' checks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings

from playproof.telemetry import LIMITS
from playproof.web.openapi import openapi_document
from playproof.web.routes.score import RESULT_PATH
from tests.emulating import API_KEY, running_emulator
from tests.serving import Serving, serving

ADMIN_KEY = "the-admin-key-of-the-fuzz"
OPERATORS = ("/api/v1/batch/", "/api/v1/datasets/", "/api/v1/operator/", "/api/v1/training/")

pytest_plugins = ("schemathesis.pytest.plugin",)

CONFIG = schemathesis.Config.from_dict(
    {
        "checks": {
            # Too many entries are a matter of size.
            "negative_data_rejection": {"expected-statuses": [400, 401, 403, 404, 405, 406, 409, 413, 415, 422, 429]},
            # That columns are equally long is a rule no JSON schema can say, so what fits the schema may still be 422.
            "positive_data_acceptance": {"expected-statuses": ["2xx", 401, 403, 404, 409, 413, 422]},
        },
        "generation": {"deterministic": True},
    }
)


@schemathesis.serializer("application/x-ndjson")
def lines(_: Any, value: object) -> bytes:
    """What is drawn as text goes as it is."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A service whose admin key the test knows."""
    with (
        running_emulator() as emulator,
        serving(
            tmp_path_factory.mktemp("fuzz") / "data",
            PLAYPROOF_ADMIN_KEY=ADMIN_KEY,
            PLAYPROOF_LOG_LEVEL="warning",
            PLAYPROOF_WRONG_SECRETS_PER_ADDRESS="1000000",
            WOODWIDE_BASE_URL=emulator.url,
            WOODWIDE_API_KEY=API_KEY,
        ) as running,
    ):
        yield running


schema = schemathesis.openapi.from_dict(openapi_document(LIMITS.body_bytes, 2**28), config=CONFIG)


@schema.parametrize()
@settings(max_examples=100, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_service_keeps_to_its_document(case: Any, served: Serving) -> None:
    operators = case.method == "DELETE" or (case.path.startswith(OPERATORS) and not case.path.startswith(RESULT_PATH))
    headers = {"Authorization": f"Bearer {ADMIN_KEY}"} if operators else {}
    case.call_and_validate(base_url=served.url, headers=headers)


def test_nothing_broke(served: Serving) -> None:
    assert "internal error" not in served.log.read_text()
    assert served.process.poll() is None
