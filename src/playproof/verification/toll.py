"""Tolls: proof of work, by the protocol of the `altcha` library, for those who do not play by mouse.

A machine pays it as well as a person does, so it keeps nobody out: it makes many attempts cost something, beside the rates.
"""

from __future__ import annotations

import base64
import binascii
from typing import Final
from urllib.parse import parse_qs

import msgspec
from altcha.v1 import ChallengeOptions, Payload, create_challenge, verify_solution

from playproof.ids import RandomBytes

ALGORITHM: Final = "SHA-256"
LONGEST_PAYLOAD = 1024
"""Characters of a solution."""
_SALT_BYTES = 12


class Toll(msgspec.Struct, frozen=True):
    """What a browser has to work out: the number up to `maxnumber` with which `salt` has the hash `challenge`."""

    algorithm: str
    challenge: str
    salt: str
    signature: str
    maxnumber: int


class _Solution(msgspec.Struct, frozen=True):
    algorithm: str
    challenge: str
    number: int
    salt: str
    signature: str


def toll(challenge_id: str, way: str, work: int, key: str, random: RandomBytes) -> Toll:
    """A toll for going the way `way` through the challenge of that id: about `work` hashes on average, signed with `key`."""
    most = 2 * work
    made = create_challenge(
        ChallengeOptions(
            algorithm=ALGORITHM,
            max_number=most,
            number=int.from_bytes(random(8), "big") % (most + 1),
            salt=random(_SALT_BYTES).hex(),
            params={"for": challenge_id, "way": way, "work": str(work)},
            hmac_key=key,
        )
    )
    return Toll(made.algorithm, made.challenge, made.salt, made.signature, most)


def paid(payload: str | None, challenge_id: str, way: str, work: int, key: str) -> bool:
    """Whether `payload`, base64 of JSON, solves a toll of this challenge and way that asked for so much work or more.

    It says nothing of when: a challenge ends with its first finish, and a solution with it.
    """
    if not payload or len(payload) > LONGEST_PAYLOAD:
        return False
    try:
        solution = msgspec.json.decode(base64.b64decode(payload, validate=True), type=_Solution)
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        return False
    if solution.algorithm != ALGORITHM:
        return False
    named = parse_qs(solution.salt.partition("?")[2])
    if named.get("for") != [challenge_id] or named.get("way") != [way] or not _at_least(named.get("work", []), work):
        return False
    told = Payload(ALGORITHM, solution.challenge, solution.number, solution.salt, solution.signature)
    right, _ = verify_solution(told, key, check_expires=False)  # that would be by a clock which nobody handed over
    return right


def _at_least(given: list[str], work: int) -> bool:
    return len(given) == 1 and given[0].isascii() and given[0].isdigit() and int(given[0]) >= work
