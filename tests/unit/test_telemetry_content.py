"""The canonical content: equal for equal plays, different for different ones, and a session again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from playproof.telemetry import Session, canonical, decode, digest, from_canonical
from playproof.testing import columns_body, human_session, rows_body


@pytest.fixture(scope="module")
def session() -> Session:
    flagged = human_session(np.random.default_rng(1), session_id="s", trusted=True)
    return replace(flagged, click_hit=np.resize(np.array([1, 0, -1], np.int8), len(flagged.click_t)), hits=9, misses=3)


def test_rows_and_columns_have_one_content(session: Session) -> None:
    content = canonical(session)
    assert canonical(decode(rows_body(session))) == content
    assert canonical(decode(columns_body(session))) == content
    assert canonical(decode(columns_body(session, unknown=1))) == content


def test_content_is_a_session_again(session: Session) -> None:
    again = from_canonical(canonical(session), "other")
    assert again.id == "other"
    for name in Session.__dataclass_fields__:
        if name not in {"id", "ignored_fields"}:
            before, after = getattr(session, name), getattr(again, name)
            assert np.array_equal(before, after), name
            if isinstance(before, np.ndarray):
                assert after.dtype == before.dtype
                assert after.flags.c_contiguous


def test_an_empty_session_survives() -> None:
    empty = decode(b'{"movements":[]}')
    assert canonical(from_canonical(canonical(empty))) == canonical(empty)
    assert from_canonical(canonical(empty)).t.shape == (0,)


def test_the_id_is_no_content(session: Session) -> None:
    assert canonical(replace(session, id="another", ignored_fields=5)) == canonical(session)


def test_everything_else_is(session: Session) -> None:
    nudged = session.x.copy()
    nudged[-1] += 1.0
    changes: list[dict[str, object]] = [
        {"game_type": "other"},
        {"device_type": "touch"},
        {"duration_ms": session.duration_ms + 0.1},
        {"x": nudged},
        {"trusted": None},
        {"click_hit": None},
        {"hits": 10},
        {"misses": None},
        {"t": session.t[:-1], "x": session.x[:-1], "y": session.y[:-1], "trusted": None},
    ]
    contents = {canonical(replace(session, **change)) for change in changes} | {canonical(session)}  # type: ignore[arg-type]
    assert len(contents) == len(changes) + 1
    assert len({digest(content) for content in contents}) == len(contents)
    assert {len(digest(content)) for content in contents} == {32}


def test_the_content_of_a_known_session_does_not_change() -> None:
    # Stored digests tell repeats from conflicts: another layout needs another version, and old ones must stay readable.
    movements = b'{"t":[0,8.1],"x":[1,2],"y":[3,-4.5],"trusted":[1,null]}'
    known = decode(b'{"gameType":"g","movements":%s,"clicks":{"t":[9],"x":[2],"y":[-4]}}' % movements)
    assert digest(canonical(known)).hex() == "aa7c94adf42f1d8fc0748a942b792edaf293c25f00112091b8ea68504b56a4ee"


EMPTY = canonical(decode(b'{"movements":[]}'))
POINT = canonical(decode(b'{"movements":{"t":[1],"x":[1],"y":[1]}}'))


@pytest.mark.parametrize("damaged", [b"", b"\x00", b"\xff\xff\xff", EMPTY + b"x", POINT[:-1]])
def test_what_is_no_content_is_refused(damaged: bytes) -> None:
    with pytest.raises(ValueError, match="not the content of a session"):
        from_canonical(damaged)


def test_another_version_is_refused(session: Session) -> None:
    content = bytearray(canonical(session))
    assert content[3] == 1
    content[3] = 2
    with pytest.raises(ValueError, match="version 2 is not known"):
        from_canonical(bytes(content))
