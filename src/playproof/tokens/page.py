"""The page for the developer of a site, written from the tables that tokens are answered by."""

from __future__ import annotations

from playproof.tokens.dialects import BANDS, Reasoned, Siteverify
from playproof.tokens.faults import FAULTS, PATHS, Dialect, Fault, codes
from playproof.tokens.inquiry import BODY_BYTES, LONGEST_FIELD
from playproof.tokens.outcome import HALF_HUMAN, MOST_REASONS, Metadata
from playproof.tokens.token import LONGEST_RESPONSE, LONGEST_SECONDS, SHORTEST_SECONDS
from playproof.tokens.trial import TRIAL_TOKEN, TRIALS

EXAMPLE = """import os

from playproof.client import Client

client = Client(secret=os.environ["SHOP_SECRET"], url=os.environ["PLAYPROOF_URL"])


def sign_up(form: dict[str, str]) -> tuple[int, str]:
    checked = client.verify(form.get("playproof-response"), expected_action="signup")
    if checked.spent or checked.expired:
        return 422, "Please send the form once more."  # the widget fetches another token
    if checked.decision == "review":
        return 202, "Thank you, we will look at it."  # a message to confirm, a person who looks
    if not checked.success:
        return 403, "This did not work. Write to help@shop.example."
    return 200, "Welcome."
"""

RECIPE = """def test_sign_up(page, shop):  # its page names pk_test_pass, its backend has sk_test_pass
    page.goto(f"{shop}/sign-up")
    page.get_by_label("E-mail").fill("test@example.com")
    page.locator("play-proof").get_by_role("button").first.click()
    page.wait_for_function("document.querySelector('[name=playproof-response]')?.value")
    page.get_by_role("button", name="Sign up").click()
    page.get_by_text("Welcome").wait_for()
"""

_ASKED = {
    "secret": ("required", "the site's secret, or that of a test key"),
    "response": ("required", f"the token, from the form's field `playproof-response`; at most {LONGEST_RESPONSE} characters"),
    "remoteip": (
        "optional",
        "the address that the form came from; the answer says in `metadata.same_network` whether the challenge was begun from there",
    ),
    "idempotency_key": ("optional", "a UUID; the question asked again with it gets the same answer, whatever became of the verdict"),
    "sitekey": ("optional", "the public key that the token is expected to be for"),
    "expected_action": ("optional", "the action that the widget is expected to have named"),
    "expected_hostname": ("optional", "the host that the page is expected to be on"),
}

_ANSWERED = {
    "success": "let the visitor through: the decision is `pass`, or `review` where the site says that this will do",
    "decision": "`pass`, `review` or `fail` ([what decides](verdict.md))",
    "status": "`final`, or `preliminary` where the verdict may still change; the answer about this token does not. A [webhook](webhooks.md) "
    "tells when it did",
    "human_score": "0 to 1, higher is more human; `null` where no calibrated model scored, as of keyboard play",
    "reasons": f"[codes](verdict.md#reasons), those that decide first; at most {MOST_REASONS}",
    "challenge_ts": "when the challenge was finished, RFC 3339, UTC",
    "hostname": "of the page that it was played on",
    "action": "as the widget named it, else `null` (in other services' words: empty)",
    "cdata": "as the widget named it, else `null` (in other services' words: empty)",
    "event_id": "of the session: for your log, and to [erase](http.md) it",
    "model_version": "of the model that scored",
    "policy_version": "changes whenever what decides for this action does",
    "metadata": "what was played: `game`, `input_class` (mouse, touch, trackpad, stylus, keyboard), `way` (`game`, or `pow` for proof of work "
    "instead), `test_key`, and `same_network` (`null` without `remoteip`): people change networks between playing and sending a form, so it "
    "decides nothing",
    "error-codes": "why the answer is not what was expected; empty where it is",
    "score": "in other services' words alone, see below",
    "score_reason": "in hCaptcha's words alone: the same as `reasons`",
}

_HEAD = """# Verify a visitor

This page is written from the code by `make docs`. It is for whoever builds a form: a widget on the page, a question by the backend.

## From nothing to a checked form

1. **A site.** On the machine of the service, or any that shares its database:

       playproof sites create shop --origin https://shop.example --origin http://localhost:3000

   It prints the `sitekey`, which is public, and the `secret`, which is shown this once. Origins are those of the pages that show the widget.

2. **The page.** The widget goes into the form; it adds a hidden field, `playproof-response`, with the token.

   ```html
   <script type="module" src="https://verify.example/widget/playproof.js"></script>
   <form method="post" action="/sign-up">
     <label>E-mail <input type="email" name="email"></label>
     <play-proof sitekey="pk_..." action="signup"></play-proof>
     <button>Sign up</button>
   </form>
   ```

3. **The backend.** It asks once, when the form arrives, and before it does anything with it.

```python
{example}```

That is all of it. Without the Python client it is one `POST`, as a form or as JSON:

    curl https://verify.example/api/v1/siteverify -d secret=sk_... -d response=TOKEN

A token says nothing: the browser gets one for a pass, a review and a fail alike, and only the holder of the secret learns which. It is good once,
for {longest} seconds (a site may choose from {shortest} on), for this site, and has the page's host and action in it. **Asking spends it.** Say
what you expect (`expected_action`), so that a token that was played for a newsletter does not open a cash desk.

## The question

`POST`, `application/x-www-form-urlencoded`, `application/json` or `multipart/form-data`, at most {body} KiB, not compressed. A field that is there
twice is refused; one that is empty, or null, counts as absent; others than these are passed over. All but secret and response have at most
{field} characters.

| field | | meaning |
| --- | --- | --- |
{asked}

Ask with an `idempotency_key` where you repeat requests that failed: else an answer that got lost on its way leaves a spent token behind. The Python
client does.

## The answer

HTTP 200, whether the token is good or not; another status where the question could not be dealt with.

| field | meaning |
| --- | --- |
{answered}

**The human score** is p / (p + {half}), where p is the share of people who move at least this unusually (10 to the power of minus the
[anomaly score](verdict.md)). One half is one person in a hundred, up to where the default policy passes; 91 of 100 people have more than 0.9. It is
about movement alone: a replayed play has a good one, and fails. So let `decision`, or `success`, decide.

**Who does not play by pointer** is not scored by movement, and pays with work of the computer: `metadata.input_class` is `keyboard`, or `metadata.way` is
`pow`. Such a visitor passes where nothing speaks against it, because nobody must be shut out for how they use a computer. Where that is too cheap
for what an action opens, have it looked at, for that action alone: `playproof sites policy shop --action cash --accessible review`.

## Other services' words

A backend that speaks with another service needs another address and another secret, and no other code:

| path | words | `score` |
| --- | --- | --- |
{paths}

All have the fields above, under those names. `score` is the human score, held within the band of the decision, so that a threshold of a half means
what it does elsewhere: {bands}; the middle of the band where nothing was scored,
and 0 (a bot's) where the token is not what was expected.

## Codes

| | status | our words | Turnstile | reCAPTCHA | hCaptcha |
| --- | --- | --- | --- | --- | --- |
{codes}

Where there is no answer about the token, there are `success` (false) and `error-codes` alone. {status_429} and 503 come with `Retry-After`.

**A token that was spent** is the most frequent of all: a form that came back with a mistake in it is sent again, with the token of before. The widget
fetches another one; the client says `spent`, so that you can tell this visitor from others.

## Tests

Public keys, the same everywhere, so that tests need nobody to play, and no keys of their own:

| sitekey | secret | |
| --- | --- | --- |
{trials}

With each the widget puts the same token into the form, `{trial_token}`, which can be asked about again and
again. Test secrets answer for it alone, and echo what is expected of host and action. **A site's own secret refuses it**, so a test key that is left on a page lets nobody in; a test
*secret* that is left in a backend lets everybody in who knows it is there, so look for `metadata.test_key` in what you log. `PLAYPROOF_TEST_KEYS=off` turns all of
them off. `playproof doctor` warns where they are on in a service that other machines reach, and `playproof_siteverify_total` counts them apart (`source`).

In the browser, with Playwright:

```python
{recipe}```

The same with `review`, `fail` and `spent` shows what visitors see then, and `interactive` how the game looks in your page.

## When something is out

| what | what happens |
| --- | --- |
| the secret is wrong, the site is disabled, the address of the service is wrong | nobody is let in, whatever `on_error` says: a mistake must not open the door |
| too many wrong secrets from one address | 429, and nobody is let in |
| the hosted model | the embedded model decides at once; the verdict may be `preliminary` |
| every model | the rules decide, at best as `PLAYPROOF_FAIL_DIRECTION` says (`review`) |
| the store, when a challenge is begun or played | 503 with `Retry-After`; the widget tries again and says so |
| the store, when the backend asks | 503, `success` false, `service-degraded`: nobody is let in. Ask again with the same `idempotency_key`: whether the token was spent is not known |
| the service as a whole, or the network, seen from the backend | the client's `on_error`: `closed` (nobody, the default), `open` (everybody) or `review` |

```python
client = Client(secret, url, on_error="review", timeout=3.0, retries=2, on_unanswered=metrics.count)
client.opened  # how many were let in unasked, where on_error is open
```

`timeout` is for all attempts together, so that a form waits no longer. All of them carry one `idempotency_key`. `on_unanswered` is told of each result
that was decided without an answer. `AsyncClient` is the same for asyncio. The package that both are in, `playproof.client`, loads nothing of the service.

## Secrets and policy

    playproof sites rotate shop --keep 24h                            # a new secret; the old one is taken for another day
    playproof sites policy shop --action login --review-is-success    # per action, or for all
    playproof sites policy shop --action checkout --strict --pass-threshold 1.5
    playproof sites disable shop

Secrets are kept as hashes alone, and two at most are taken at a time. What a site does not decide is the operator's
([settings](settings.md)); all of it is under [`playproof sites`](cli.md#sites).
"""


def render() -> str:
    """The text of docs/verify.md."""
    answered = {**dict.fromkeys(_names(Siteverify)), **dict.fromkeys(_names(Reasoned))}
    assert {*Metadata.__struct_fields__} <= {*_ANSWERED["metadata"].replace("`", " ").split()}
    return _HEAD.format(
        example=EXAMPLE,
        recipe=RECIPE,
        longest=LONGEST_SECONDS,
        shortest=SHORTEST_SECONDS,
        body=BODY_BYTES // 1024,
        field=LONGEST_FIELD,
        half=HALF_HUMAN,
        asked="\n".join(f"| `{name}` | {need} | {meaning} |" for name, (need, meaning) in _ASKED.items()),
        answered="\n".join(f"| `{name}` | {_ANSWERED[name]} |" for name in answered),
        paths="\n".join(f"| `POST {path}` | {_WORDS[dialect][0]} | {_WORDS[dialect][1]} |" for path, dialect in PATHS.items()),
        bands=", ".join(f"{decision.value} {low:g} to {high:g}" for decision, (low, high) in BANDS.items()),
        codes="\n".join(_code_row(fault) for fault in FAULTS),
        status_429=FAULTS[Fault.TOO_MANY].status,
        trials="\n".join(f"| `{key.sitekey}` | `{key.secret}` | {key.meaning} |" for key in TRIALS),
        trial_token=TRIAL_TOKEN,
    )


_WORDS = {
    Dialect.PLAYPROOF: ("ours", "none"),
    Dialect.TURNSTILE: ("Cloudflare Turnstile's", "none"),
    Dialect.RECAPTCHA: ("reCAPTCHA's", "1 is human"),
    Dialect.HCAPTCHA: ("hCaptcha's", "1 is a bot"),
}


def _names(kind: type[Siteverify]) -> list[str]:
    return [name.replace("error_codes", "error-codes") for name in kind.__struct_fields__]


def _code_row(fault: Fault) -> str:
    each = [" ".join(f"`{code}`" for code in codes(dialect, [fault])) or "none" for dialect in Dialect]
    return f"| {FAULTS[fault].meaning} | {FAULTS[fault].status} | {' | '.join(each)} |"
