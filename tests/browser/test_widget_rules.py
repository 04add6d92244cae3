"""The parts of the widget by themselves: its states, its sums, its words, its weight."""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from playproof.web.widget_files import WIDGET_FILES, WIDGET_VERSION, snippet
from tests.browser.offering import Service, service
from tests.browser.visiting import visit

LARGEST_CORE = 30_000
"""Bytes compressed of all that is fetched before a game is begun."""
LATER = ("games/", "worker.js", "words/")


@pytest.fixture(scope="module")
def offered() -> Iterator[Service]:
    """A service whose modules are looked at."""
    with service() as running:
        yield running


@pytest.fixture(scope="module")
def bare(offered: Service, browser: Browser) -> Iterator[Page]:
    """A page of the service's own origin with nothing on it."""
    offered.pages["/bare"] = "<!doctype html><title>Bare</title>", ""
    page = browser.new_page()
    page.goto(f"{offered.url}/bare")
    yield page
    page.close()


def module(page: Page, name: str, use: str, argument: Any = None) -> Any:
    """What `use`, a function of the module and an argument, makes of it."""
    script = f"async ([path, argument]) => ({use})(await import(path), argument)"
    return page.evaluate(script, [f"/widget/{WIDGET_VERSION}/{name}", argument])


def test_every_edge_leads_where_it_says_and_nothing_else_leads_anywhere(bare: Page) -> None:
    edges = module(bare, "machine.js", "({ EDGES }) => EDGES")
    causes = sorted({cause for ways in edges.values() for cause in ways})
    assert {state for ways in edges.values() for state in ways.values()} | {"idle"} == set(edges), "every state can be reached"
    went = module(
        bare,
        "machine.js",
        """({ EDGES, Machine }, causes) => Object.keys(EDGES).flatMap((state) => causes.map((cause) => {
            const told = [];
            const machine = new Machine((...moved) => told.push(moved));
            machine.state = state;
            return [state, cause, machine.go(cause), machine.state, told];
        }))""",
        causes,
    )
    assert len(went) == len(edges) * len(causes)
    for state, cause, moved, after, told in went:
        expected = edges[state].get(cause)
        assert (moved, after) == (expected is not None, expected or state)
        assert told == ([[expected, state]] if expected else [])


def test_from_everywhere_there_is_a_way_on_and_a_way_back(bare: Page) -> None:
    edges = module(bare, "machine.js", "({ EDGES }) => EDGES")
    assert all("start" in ways for state, ways in edges.items() if state != "unsupported"), "no state is a dead end"
    assert all({"fail", "overrun"} <= set(edges[state]) for state in module(bare, "machine.js", "({ BUSY }) => BUSY"))
    back = module(
        bare,
        "machine.js",
        """({ EDGES, Machine }) => Object.keys(EDGES).map((state) => {
            const machine = new Machine(() => {});
            machine.state = state;
            machine.reset();
            return [state, machine.state];
        })""",
    )
    assert back == [[state, "unsupported" if state == "unsupported" else "idle"] for state in edges]


def test_sums_are_right(bare: Page) -> None:
    texts = ["", "abc", "x" * 55, "x" * 56, "x" * 64, "é" * 100, "a?for=ch_1&work=5&12345"]
    digests = module(
        bare,
        "sha256.js",
        "({ sha256 }, texts) => texts.map((text) => [...sha256(text)].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join(''))",
        texts,
    )
    assert digests == [hashlib.sha256(text.encode()).hexdigest() for text in texts]


@pytest.mark.parametrize("number", [0, 1, 4_999, 5_000, 12_345, None])
@pytest.mark.parametrize("worker", [True, False])
def test_numbers_are_found_and_what_has_none_is_given_up(bare: Page, number: int | None, worker: bool) -> None:
    salt = "a1b2?for=ch_1&"
    digest = hashlib.sha256(f"{salt}{number}".encode()).hexdigest()
    puzzle = {"algorithm": "SHA-256", "challenge": digest, "salt": salt, "signature": "s", "maxnumber": number or 12_345}
    found = module(
        bare,
        "work.js",
        """async ({ solve }, [puzzle, worker]) => {
            const shares = [];
            try {
                const payload = await solve(puzzle, new AbortController().signal, { progress: (share) => shares.push(share), worker });
                return [JSON.parse(atob(payload)), shares];
            } catch (trouble) {
                return [trouble.code, shares];
            }
        }""",
        [puzzle, worker],
    )
    solved = {name: value for name, value in puzzle.items() if name != "maxnumber"} | {"number": number}
    assert found[0] == ("work" if number is None else solved)
    assert found[1] == sorted(found[1]) if number is not None else found[1]
    assert all(0 < share <= 1 for share in found[1])


def test_a_sum_of_another_kind_or_too_long_is_given_up(bare: Page) -> None:
    codes = module(
        bare,
        "work.js",
        """async ({ solve }) => {
            const tried = (puzzle, signal) => solve(puzzle, signal, { worker: false }).catch(({ code }) => code);
            const hard = { algorithm: "SHA-256", challenge: "0".repeat(64), salt: "", signature: "", maxnumber: 1e12 };
            const stop = new AbortController();
            const hopeless = tried(hard, stop.signal);
            stop.abort();
            return [await tried({ ...hard, algorithm: "SHA-1" }, new AbortController().signal), await hopeless];
        }""",
    )
    assert codes == ["work", "work"]


def test_every_language_says_everything(bare: Page) -> None:
    told = module(
        bare,
        "words/index.js",
        """async ({ LANGUAGES, wordsOf, directionOf }) => {
            const games = (await import(new URL("../games/words.js", new URL("/widget/v/words/index.js", location.href)).href)).WORDS;
            const all = {};
            for (const language of LANGUAGES) all[language] = { ...(await wordsOf(language)), direction: directionOf(language) };
            return [all, games];
        }""".replace("/widget/v/", f"/widget/{WIDGET_VERSION}/"),
    )
    languages, games = told
    english = languages["en"]["words"]
    assert len(languages) >= 10
    assert "rtl" in {each["direction"] for each in languages.values()}
    assert {f"words/{language}.js" for language in languages} | {"words/index.js"} == {
        name for name in WIDGET_FILES if name.startswith("words/")
    }
    for language, each in languages.items():
        assert each["language"] == language
        if language == "en":
            continue
        for ours, theirs in ((english, each["words"]), (games, each["games"])):
            assert ours.keys() == theirs.keys(), language
            for key, text in ours.items():
                assert places(text) == places(theirs[key]), (language, key)
                assert theirs[key] != text or key in SAME, (language, key)


SAME = {"code", "step"}
"""Keys that may read the same in two languages."""


def places(text: str | list[str]) -> list[str] | int:
    """What is filled in, or how many texts there are."""
    return sorted(re.findall(r"\{\w+\}", text)) if isinstance(text, str) else len(text)


def test_the_core_is_light() -> None:
    core = [content for name, content in WIDGET_FILES.items() if not name.startswith(LATER)]
    core += [WIDGET_FILES["words/en.js"], WIDGET_FILES["words/index.js"]]
    assert sum(len(gzip.compress(content, 9)) for content in core) <= LARGEST_CORE


def test_the_core_is_all_that_is_fetched_at_first(offered: Service, window: BrowserContext) -> None:
    asked: list[str] = []
    window.on("request", lambda request: asked.append(request.url.partition(f"/{WIDGET_VERSION}/")[2]))
    visit(offered, window)
    core = {name for name in WIDGET_FILES if not name.startswith(LATER)} | {"words/en.js", "words/index.js"}
    assert set(filter(None, asked)) | {"sha256.js", "search.js"} == core


BARRED = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|console\.|\.cookie|localStorage|sessionStorage"


def test_modules_keep_to_what_strict_pages_allow() -> None:
    assert {name: found for name, content in WIDGET_FILES.items() if (found := re.findall(BARRED, content.decode()))} == {}


def with_map(service: Service) -> str:
    """The elements that `snippet` gives."""
    return snippet(service.url).html


def test_the_snippet_of_a_page_is_checked_by_the_browser(offering: Service, window: BrowserContext) -> None:
    at = visit(offering, window, head=with_map(offering))
    at.begin()
    at.wait_for(0)


@pytest.mark.parametrize("name", ["playproof.js", "client.js", "games/bubble-pop.js"])
def test_a_module_that_somebody_changed_is_not_run(offering: Service, browser: Browser, name: str) -> None:
    offering.spoilt = name
    window = browser.new_context()
    body = '<form><play-proof sitekey="pk_site" retry="never"></play-proof></form>'
    if name.startswith("games/"):
        at = visit(offering, window, body, head=with_map(offering))
        at.widget.locator("button.row").click()
        at.until("error")
        assert at.told("error") == [{"code": "module"}]
    else:
        failed = "<script type=module>document.documentElement.dataset.defined = String(Boolean(customElements.get('play-proof')))</script>"
        offering.pages["/spoilt"] = f"<!doctype html><title>Spoilt</title>{with_map(offering)}{failed}{body}", ""
        page = window.new_page()
        page.goto(f"{offering.site}/spoilt")
        page.wait_for_selector("html[data-defined=false]", state="attached")
    window.close()


def test_the_page_about_the_widget_says_what_it_is(offered: Service, bare: Page, repository: Path) -> None:
    told = (repository / "docs/widget.md").read_text("utf-8")
    part = {name: text for name, _, text in (each.partition("\n") for each in told.split("\n## "))}
    rows = {name: re.findall(r"^\| `([^`]+)` \|(?: (.*?) \|)?", text, re.MULTILINE) for name, text in part.items()}

    attributes, callbacks = module(bare, "settings.js", "({ ATTRIBUTES, CALLBACKS }) => [ATTRIBUTES, CALLBACKS]")
    said = {name: value if isinstance(value, list) else [value] for name, value in attributes.items()}
    values = {name: ", ".join(f"`{each}`" for each in choices) if choices[0] else "text" for name, choices in said.items()}
    assert dict(rows["Attributes"][: len(values)]) == values
    assert [name for name, _ in rows["Attributes"][len(values) :]] == callbacks

    widget = WIDGET_FILES["widget.js"].decode()
    assert {name for name, _ in rows["Events"]} == set(re.findall(r'#tell\("(\w+)"', widget))
    states = module(bare, "machine.js", "({ EDGES }) => Object.keys(EDGES)")
    assert re.findall(r"`(\w+)`", re.findall(r"The states are (.*?)\.", part["Events"], re.DOTALL)[0]) == states
    codes = {
        code
        for name in ("client.js", "work.js", "round.js", "widget.js")
        for code in re.findall(r'Trouble\("([\w-]+)"', WIDGET_FILES[name].decode())
    }
    assert codes - {"overdue"} <= set(re.findall(r"`([\w-]+)`", part["Events"].partition("The codes are")[2]))

    assert [name for name, _ in rows["Methods"]] == module(bare, "playproof.js", "() => Object.keys(window.playproof)")
    assert re.findall(r"`(\w\w)`", part["Languages"]) == module(bare, "words/index.js", "({ LANGUAGES }) => LANGUAGES")
    styles = (WIDGET_FILES["style.js"] + WIDGET_FILES["games/style.js"]).decode()
    assert {name for name, _ in rows["Look"]} == set(re.findall(r"var\((--playproof-[\w-]+)", styles))


def test_the_types_name_what_there_is(bare: Page, repository: Path) -> None:
    types = (repository / "src/playproof/web/widget/playproof.d.ts").read_text("utf-8")
    attributes, callbacks = module(bare, "settings.js", "({ ATTRIBUTES, CALLBACKS }) => [ATTRIBUTES, CALLBACKS]")
    options = re.findall(r'^  "?([\w-]+)"?\?: (.*);$', types.partition("interface PlayProofOptions")[2].partition("\n}")[0], re.MULTILINE)
    told = {name: kind for name, kind in options if name != "cData"}
    assert list(told) == [*attributes, *callbacks]
    for name, choices in attributes.items():
        assert isinstance(choices, str) or set(choices) <= set(re.findall(r'"([\w-]+)"', told[name])), name
    states = re.findall(r'\| "(\w+)"', types.partition("interface")[0])
    assert states == module(bare, "machine.js", "({ EDGES }) => Object.keys(EDGES)")
    assert set(re.findall(r'"playproof:(\w+)"', types)) == set(re.findall(r'#tell\("(\w+)"', WIDGET_FILES["widget.js"].decode()))
    methods = re.findall(r"^  (\w+)\(", types.partition("interface PlayProofApi")[2].partition("\n}")[0], re.MULTILINE)
    assert methods == module(bare, "playproof.js", "() => Object.keys(window.playproof)")
