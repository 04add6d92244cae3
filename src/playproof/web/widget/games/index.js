// The games by the name that a challenge gives; each is fetched when it is played.

const GAMES = {
  "bubble-pop": () => import("./bubble-pop.js"),
  osu: () => import("./osu.js"),
  snake: () => import("./snake.js"),
  archery: () => import("./archery.js"),
};

/**
 * Mount the game that `view` names in `element`; see `Options` in play.js.
 *
 * @param {Element} element
 * @param {import("./play.js").View} view
 * @param {import("./play.js").Options} options
 * @returns {Promise<{surface: Element, destroy: () => void}>} rejects where there is no such game
 */
export async function mount(element, view, options) {
  const load = GAMES[view.game];
  if (!load) throw new RangeError(`there is no game named ${view.game}`);
  return (await load()).mount(element, view, options);
}
