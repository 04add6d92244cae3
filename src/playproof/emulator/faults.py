"""What can be made to go wrong, where, and how often."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Literal, NamedTuple

import msgspec

from playproof.emulator.refusal import invalid
from playproof.ids import RandomBytes

When = Literal["before", "after"]

INFER = "models.infer"
DOWNLOAD = "results.download"
PAGE = "jobs.retrieve_result_rows"
BATCH = ("models.infer_batch", "models.infer_async")
ROUTES = (
    *(f"datasets.{verb}" for verb in ("create", "upload", "complete", "list", "retrieve", "update", "delete")),
    *(f"datasets.{verb}" for verb in ("retrieve_preview", "rows_lookup", "retrieve_models", "versions.list", "versions.retrieve")),
    *(f"models.{verb}" for verb in ("train", "infer", "infer_async", "infer_batch", "list", "retrieve", "delete")),
    *(f"models.versions.{verb}" for verb in ("list", "retrieve")),
    *(f"jobs.{verb}" for verb in ("list", "retrieve", "cancel", "retry", "retrieve_results", "retrieve_result_rows")),
    *("uploads.put", "results.download", "results.download_combined"),
)
"""The names of the routes: those of the official SDK's methods, and those of the storage behind signed URLs."""

WORK = ("datasets.create", "datasets.complete", "models.train", *BATCH)


class Kind(NamedTuple):
    """A way to go wrong."""

    meaning: str
    routes: tuple[str, ...] = ()
    """Where it happens when no route is named; every route where empty."""
    also: tuple[str, ...] = ()
    """Where else it can be asked for."""

    @property
    def places(self) -> tuple[str, ...]:
        """Every route where it can happen."""
        return tuple(dict.fromkeys((*self.routes, *self.also))) or ROUTES


_SERVED = (INFER, DOWNLOAD, PAGE)

KINDS: Mapping[str, Kind] = {
    "latency": Kind("The answer takes `seconds` longer, or until the fault is taken away."),
    "rate_limited": Kind("429, with `Retry-After: seconds`."),
    "server_error": Kind("An answer with `status`, 503 unless given."),
    "reset": Kind("The connection is reset without an answer."),
    "drip": Kind("The body of the answer comes in `pieces`, over `seconds` in all; the rest at once when the fault is taken away."),
    "unauthorized": Kind("401: the key is not known."),
    "no_credits": Kind("402: the credits are used up."),
    "forbidden": Kind("403: the key may not do this."),
    "empty_body": Kind(
        "The answer has its status and its type, and no body.", (INFER,), tuple(route for route in ROUTES if route != INFER)
    ),
    "job_failed": Kind("The job that the call starts ends as `failed`.", WORK),
    "job_rejected": Kind("The job that the call starts ends as `rejected`.", WORK),
    "job_stuck": Kind("The job that the call starts keeps running until the fault is taken away.", WORK),
    "fewer_rows": Kind("The last `rows` rows are missing from the result.", _SERVED, BATCH),
    "more_rows": Kind("The result has `rows` rows that nobody sent.", _SERVED, BATCH),
    "shuffled_rows": Kind("The rows of the result come in another order, each with its id.", _SERVED, BATCH),
    "ids_only": Kind("Ids of anomalous rows are answered where scores were asked for.", _SERVED, BATCH),
    "nan_scores": Kind("The scores are NaN; null in JSON.", _SERVED, BATCH),
    "relative_scores": Kind("A score is the share of rows of the same call that are no more anomalous.", _SERVED, BATCH),
    "stale_version": Kind("Another version than the one asked for answers: the oldest.", (INFER, *BATCH)),
    "expired_url": Kind("The signed URLs that are handed out have expired.", ("jobs.retrieve_results", "datasets.upload")),
    "empty_small": Kind(
        "The legacy beta: nothing at all is answered for a file or dataset of at most `rows` rows, or a dataset younger than `seconds`.",
        (INFER, *BATCH),
    ),
}
"""Every kind of fault by name."""

ROW_FAULTS = ("fewer_rows", "more_rows", "shuffled_rows", "ids_only", "nan_scores", "relative_scores")


class Fault(msgspec.Struct, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One thing that goes wrong."""

    kind: str
    route: str = "*"
    """Name of a route, such as ``models.infer``; ``models.*`` and the like match several."""
    times: int | None = None
    """How many calls it hits; without end when absent."""
    after: int = 0
    """How many matching calls it lets pass first."""
    when: When = "before"
    """Whether it comes before the call has an effect, or after."""
    seconds: float = 1.0
    status: int = 503
    rows: int = 1
    pieces: int = 10
    key: str | None = None
    """The API key whose calls it hits; every key's when absent."""
    id: str = ""
    seen: int = 0
    """Matching calls so far."""

    def covers(self, route: str) -> bool:
        """Whether it can hit `route`."""
        kind = KINDS[self.kind]
        if self.route == "*":
            return not kind.routes or route in kind.routes
        return fnmatchcase(route, self.route) and route in kind.places

    @property
    def spent(self) -> bool:
        """Whether it has hit as often as it may."""
        return self.times is not None and self.seen >= self.after + self.times


def read_fault(text: str) -> Fault:
    """The fault written as ``KIND[@ROUTE][,NAME=VALUE...]``. Raises `Refusal`."""
    head, *options = text.split(",")
    kind, _, route = head.partition("@")
    given = {"kind": kind.strip(), "route": route.strip() or "*"}
    for option in options:
        name, equals, value = option.partition("=")
        if not equals or name.strip() not in Fault.__struct_fields__ or name.strip() in ("id", "seen", *given):
            raise invalid(name, f"{option.strip()!r} is not an option of a fault")
        given[name.strip()] = value.strip()
    try:
        fault = msgspec.convert(given, Fault, strict=False)
    except msgspec.ValidationError as error:
        raise invalid("fault", str(error)) from error
    check(fault)
    return fault


def check(fault: Fault) -> None:
    """Return where there is such a fault. Raises `Refusal`."""
    if fault.kind not in KINDS:
        raise invalid("kind", f"no such kind of fault: {fault.kind}; there are {', '.join(KINDS)}")
    if not any(fault.covers(route) for route in ROUTES):
        raise invalid("route", f"{fault.kind} cannot happen on {fault.route}; it can on {', '.join(KINDS[fault.kind].places)}")


class Faults:
    """The faults in force; safe to use from several threads."""

    def __init__(self, random: RandomBytes, faults: Iterable[Fault] = ()) -> None:
        self._random = random
        self._lock = threading.Lock()
        self._faults: dict[str, Fault] = {}
        for fault in faults:
            self.add(fault)

    def add(self, fault: Fault) -> Fault:
        """Put `fault` in force under a new id. Raises `Refusal` where there is no such kind, or it cannot happen there."""
        check(fault)
        with self._lock:
            fault = msgspec.structs.replace(fault, id=f"fault_{self._random(8).hex()}", seen=0)
            self._faults[fault.id] = fault
        return fault

    def all(self) -> list[Fault]:
        """Those in force, and those that are spent."""
        with self._lock:
            return [msgspec.structs.replace(fault) for fault in self._faults.values()]

    def remove(self, fault_id: str) -> bool:
        """Take one away; whether there was one."""
        with self._lock:
            return self._faults.pop(fault_id, None) is not None

    def clear(self) -> None:
        """Take all away."""
        with self._lock:
            self._faults.clear()

    def there(self, fault_id: str) -> bool:
        """Whether it has not been taken away."""
        with self._lock:
            return fault_id in self._faults

    def hit(self, route: str, key: str | None, kinds: Iterable[str], *, named: bool = False) -> list[Fault]:
        """Those of `kinds` that hit this call, which is counted for each; with `named` only those for a named route."""
        with self._lock:
            found = []
            for fault in self._faults.values():
                if fault.kind not in kinds or not fault.covers(route) or fault.spent or (named and fault.route == "*"):
                    continue
                if fault.key is not None and fault.key != key:
                    continue
                fault.seen += 1
                if fault.seen > fault.after:
                    found.append(msgspec.structs.replace(fault))
            return found
