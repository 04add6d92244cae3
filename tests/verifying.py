"""Verdicts, tokens and sites for tests of what a site's backend is told."""

from __future__ import annotations

import hashlib

import msgspec

from playproof.decision import Anomaly, Calibration, Decision, Reason, Verdict
from playproof.store import Awaiting, ChallengeRecord, Final, SecretRecord, SiteRecord, Store, TokenRecord
from playproof.testing import session_record
from playproof.testing.records import RECEIVED_AT
from playproof.tokens.keys import hint, new_secret, new_sitekey, secret_digest
from playproof.tokens.origins import hostname_of
from playproof.tokens.site import Site, SitePolicy, encoded, site_of
from playproof.tokens.token import digest, token_text

TOKEN_KEY = bytes(range(32))
SECONDS = 60


def verdict(
    decision: Decision = Decision.PASS,
    *,
    score: float | None = 0.3,
    calibrated: bool = True,
    reasons: tuple[str, ...] = (),
    final: bool = True,
) -> bytes:
    """A verdict as JSON, as a challenge's session has it."""
    status = "calibrated" if calibrated else "observing"
    made = Verdict(
        session_id="pp_1",
        decision=decision,
        confidence=0.9,
        policy="verify",
        anomaly=Anomaly(score, score, None if score is None else score > 2.0, "reference", "m7", "local"),
        calibration=None if score is None else Calibration(5000, 900, "bubble-pop/mouse", status, "targets/mouse", 2.95),  # type: ignore[arg-type]
        reasons=tuple(Reason(code, f"because of {code}") for code in reasons),
        feature_summary={},
        status="final" if final else "preliminary",
        revision=1,
        fallback_reason=None,
        scored_at="2026-01-01T00:00:00.000Z",
        latency_ms=1.0,
    )
    return msgspec.json.encode(made)


def add_site(store: Store, name: str = "shop", policy: SitePolicy | None = None) -> tuple[Site, str]:
    """A site in `store`, and its secret."""
    secret = new_secret(lambda count: hashlib.sha256(name.encode()).digest()[:count])
    record = SiteRecord(
        id=f"site_{name}",
        name=name,
        sitekey=new_sitekey(lambda count: hashlib.sha256(b"key" + name.encode()).digest()[:count]),
        origins=(f"https://{name}.example",),
        policy=encoded(policy or SitePolicy()),
        created_at=RECEIVED_AT,
    )
    assert store.sites.create(record, SecretRecord(digest=secret_digest(secret), hint=hint(secret), created_at=RECEIVED_AT))
    return site_of(record), secret


def add_token(
    store: Store,
    site: Site,
    name: str,
    found: bytes | None = None,
    *,
    now: int = RECEIVED_AT,
    action: str | None = "signup",
    awaited: bool = False,
    address: bytes = b"a",
) -> str:
    """A token of `site` for a challenge called `name` that was finished at `now`, whose session has the verdict `found`."""
    token = token_text(TOKEN_KEY, name)
    hostname = hostname_of(site.origins[0])
    challenge = ChallengeRecord(
        id=name, site=site.id, way="game", game="osu", state=b"s", action=action, cdata="order-7", hostname=hostname, address=address,
        issued_at=now, expires_at=now + 120_000,
    )  # fmt: skip
    assert store.challenges.issue(challenge).result(SECONDS) is None
    assert store.challenges.close(name, 0, b"s", b"c", None, None, now).result(SECONDS) == 0
    record = TokenRecord(
        digest=digest(token), challenge=name, site=site.id, scope=f"site:{site.id}", session_id=name, action=action, cdata="order-7",
        hostname=hostname, issued_at=now, expires_at=now + site.policy.token_seconds * 1000, way="game", game="osu", device="touch",
    )  # fmt: skip
    session = session_record(name, scope=f"site:{site.id}", content=name.encode(), verdict=found or verdict())
    session = msgspec.structs.replace(session, received_at=now)  # what is old goes when a service starts
    if awaited:
        session = msgspec.structs.replace(session, awaited=Awaiting(assessment=b"{}", next_at=now, holder="nobody", held_until=now))
    assert store.challenges.conclude(name, session, record, now).result(SECONDS).status == "stored"
    return token


def make_final(store: Store, found: bytes) -> None:
    """Have the one session in `store` whose verdict is preliminary have the verdict `found` from now on."""
    (awaited,) = store.awaited.claim("judge", 60.0, 2)
    final = Final(
        number=awaited.number,
        verdict=found,
        decision="fail",
        anomaly_score=5.0,
        raw_score=5.0,
        source="woodwide",
        model_version="mv",
        eligible=False,
    )
    assert store.awaited.finalise([final]) == [True]
