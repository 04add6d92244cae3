"""`playproof sites policy`: what a site makes of the verdicts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec
import rich_click as click

from playproof.cli.options import format_option, with_settings
from playproof.cli.site_words import find, opened, site_argument, told, update
from playproof.settings import Settings

if TYPE_CHECKING:
    from playproof.tokens.site import SitePolicy

_TERMS = ("pass_threshold", "review_threshold", "corroborate", "review_is_success", "strict", "accessible")
_OF_SITES = ("games", "token_seconds")


@click.command()
@site_argument
@click.option("--action", help="Change what holds for this action alone.")
@click.option("--pass-threshold", type=float, help="Highest anomaly score that passes.")
@click.option("--review-threshold", type=float, help="Highest anomaly score that is only reviewed.")
@click.option("--corroborate/--no-corroborate", default=None, help="Whether movement alone may at most be reviewed.")
@click.option("--review-is-success/--review-is-no-success", default=None, help="Whether siteverify says success for review.")
@click.option("--strict/--no-strict", default=None, help="Whether what costs trust, such as events that came late, rules out a pass.")
@click.option("--accessible", type=click.Choice(["pass", "review"]), help="The best that whoever goes the accessible way can get.")
@click.option("--game", "games", multiple=True, help="A game that is offered; as often as there are some. Not by action.")
@click.option("--token-seconds", type=click.IntRange(120, 300), help="How long a token is good for. Not by action.")
@click.option(
    "--unset", multiple=True, type=click.Choice([name.replace("_", "-") for name in _TERMS + _OF_SITES]), help="Leave this open again."
)
@format_option
@with_settings("data_dir")
def policy(settings: Settings, /, site: str, action: str | None, unset: tuple[str, ...], output: str | None, **given: Any) -> None:
    """Change what a site decides otherwise than the settings do, for all its actions or for one, and show it.

    A challenge is judged by what holds when it is finished, and siteverify says success by what holds when it is asked. What an action
    leaves open is the site's, and what that leaves open is the operator's.
    """
    from playproof.tokens.site import encoded, policy_of

    changes = {name: value for name, value in given.items() if value is not None and value != ()}
    if action is not None and ({*changes, *(name.replace("-", "_") for name in unset)} & {*_OF_SITES}):
        raise click.UsageError("--game and --token-seconds hold for all actions.")
    _check_games(changes.get("games", ()))
    with opened(settings) as store:
        record = find(store, site)
        changed = _changed(policy_of(record.policy), action, changes, [name.replace("-", "_") for name in unset])
        try:
            stored = encoded(changed)
        except ValueError as error:
            raise click.ClickException(str(error)) from None
        if stored != record.policy:
            update(store, msgspec.structs.replace(record, policy=stored))
    told({"name": record.name, "policy": msgspec.json.decode(stored)}, output)


def _changed(policy: SitePolicy, action: str | None, changes: Mapping[str, Any], unset: list[str]) -> SitePolicy:
    from playproof.tokens.site import SitePolicy, Terms

    if action is None:
        usual = SitePolicy()
        return msgspec.structs.replace(policy, **{name: getattr(usual, name) for name in unset}, **changes)
    terms = msgspec.structs.replace(policy.actions.get(action, Terms()), **dict.fromkeys(unset), **changes)
    actions = {**policy.actions, action: terms}
    if terms == Terms():
        del actions[action]
    return msgspec.structs.replace(policy, actions=actions)


def _check_games(games: tuple[str, ...]) -> None:
    from playproof.challenges import GAMES

    unknown = [game for game in games if game not in GAMES]
    if unknown:
        raise click.BadParameter(f"there is no game {unknown[0]!r}; there are {', '.join(GAMES)}", param_hint="--game")
