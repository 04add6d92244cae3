"""The keys, tried in turn; one that was refused is left alone for a while."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from playproof.clock import Clock
from playproof.errors import HostedError, HostedNotConfigured, HostedReason
from playproof.settings import ApiKey
from playproof.woodwide.calls import Call

REFUSALS = frozenset({HostedReason.UNAUTHORIZED, HostedReason.FORBIDDEN, HostedReason.CREDITS_EXHAUSTED})
"""Reasons that lie in the key."""

_WHOLE = "everything"
_SPENDING = "what costs"


class KeyRing:
    """Which key a call goes out with.

    401 rests a key for every call, 402 for every call that may cost credits, 403 for the call it was answered to.
    """

    def __init__(self, keys: Sequence[ApiKey], clock: Clock, rest: float) -> None:
        """`rest` is how many seconds a refused key is left alone. Raises `HostedNotConfigured` where there is no key."""
        if not keys:
            raise HostedNotConfigured
        self._keys = tuple(keys)
        self._clock = clock
        self._rest = rest
        self._resting: dict[tuple[ApiKey, str], tuple[float, HostedReason]] = {}

    def __iter__(self) -> Iterator[ApiKey]:
        return iter(self._keys)

    def choose(self, call: Call) -> ApiKey:
        """The first key in order that is not resting for `call`.

        Raises `HostedError` with the reason of the key that is back first, and how long that is, where all are.
        """
        soonest: tuple[float, HostedReason] | None = None
        for key in self._keys:
            back = self._back(key, call)
            if back is None:
                return key
            soonest = back if soonest is None else min(soonest, back)
        assert soonest is not None, "there is at least one key"
        wait, reason = soonest
        told = f"{call.name}: every key was refused lately; the first is tried again in {wait:.0f} s"
        raise HostedError(told, reason=reason, retry_after=wait)

    def refused(self, key: ApiKey, call: Call, reason: HostedReason) -> None:
        """Leave `key` alone for a while, as far as `reason` says."""
        if reason is HostedReason.UNAUTHORIZED:
            topic = _WHOLE
        elif reason is HostedReason.CREDITS_EXHAUSTED and call.spends:
            topic = _SPENDING
        else:
            topic = call.name
        self._resting[key, topic] = (self._clock.monotonic() + self._rest, reason)

    def _back(self, key: ApiKey, call: Call) -> tuple[float, HostedReason] | None:
        """In how many seconds `key` may be tried again and why it rests; None where it does not."""
        now = self._clock.monotonic()
        latest: tuple[float, HostedReason] | None = None
        for topic in (_WHOLE, call.name, *((_SPENDING,) if call.spends else ())):
            until, reason = self._resting.get((key, topic), (now, HostedReason.UNAUTHORIZED))
            if until <= now:
                self._resting.pop((key, topic), None)
            elif latest is None or until - now > latest[0]:
                latest = (until - now, reason)
        return latest
