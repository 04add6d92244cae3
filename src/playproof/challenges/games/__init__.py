"""The games, by the name that `gameType` has."""

from collections.abc import Mapping

from playproof.challenges.games.archery import Archery
from playproof.challenges.games.base import Game
from playproof.challenges.games.bubble_pop import BubblePop
from playproof.challenges.games.osu import Osu
from playproof.challenges.games.snake import Snake

_ALL: tuple[Game, ...] = (BubblePop(), Osu(), Snake(), Archery())

GAMES: Mapping[str, Game] = {game.name: game for game in _ALL}
"""Every game of this build."""

__all__ = ["GAMES", "Game"]
