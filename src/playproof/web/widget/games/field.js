// What all games share with the server: the playfield, the kinds of events, and where a target may lie.

/** @typedef {{x: number, y: number, radius: number, key: number, toX?: number, toY?: number}} Target */
/** @typedef {{t: number, x: number, y: number, kind: number, value: number, trusted: boolean}} Input */
/** @typedef {{target: Target, shown: number}} Sight */

export const WIDTH = 1000;
export const HEIGHT = 600;

export const Kind = Object.freeze({ MOVE: 0, DOWN: 1, UP: 2, CANCEL: 3, KEY: 4, RELEASE: 5, SHOWN: 6, TICK: 7 });
export const Key = Object.freeze({ UP: 0, RIGHT: 1, DOWN: 2, LEFT: 3, ACT: 4 });
export const Mark = Object.freeze({ NOTHING: 0, HIT: 1, MISS: 2 });
export const TOUCH = 1;

/** Across and down, by arrow. */
export const WAYS = Object.freeze([[0, -1], [1, 0], [0, 1], [-1, 0]]);

const TRIES = 12;

/**
 * The first drawn place that is at least `far` from all of `awayFrom`; the farthest of twelve where none is.
 *
 * @param {import("./generator.js").Generator} generator
 * @param {{margin: number, far: number}} parameters
 * @param {Array<[number, number]>} awayFrom
 * @returns {[number, number]}
 */
export function drawnPlace(generator, { margin, far }, awayFrom) {
  let best = [0, 0];
  let farthest = -1;
  for (let tries = 0; tries < TRIES; tries += 1) {
    const x = generator.between(margin, WIDTH - margin);
    const y = generator.between(margin, HEIGHT - margin);
    const away = awayFrom.length ? Math.min(...awayFrom.map(([a, b]) => (x - a) ** 2 + (y - b) ** 2)) : far ** 2;
    if (away > farthest) [best, farthest] = [[x, y], away];
    if (away >= far ** 2) break;
  }
  return best;
}

/** @returns {boolean} whether the pointer of `event` is on a disc, with the slack of its device */
export function within(event, parameters, x, y, radius) {
  const slack = event.value === TOUCH ? parameters.touchSlack : parameters.slack;
  return (event.x - x) ** 2 + (event.y - y) ** 2 <= (radius + slack) ** 2;
}
