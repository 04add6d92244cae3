// The sum that is asked of a browser: which number, put after the salt, has this digest.

import { sha256 } from "./sha256.js";

/**
 * Look among the numbers from `from` on, `count` of them.
 *
 * @param {import("./client.js").Puzzle} puzzle
 * @param {number} from
 * @param {number} count
 * @returns {number | null}
 */
export function search(puzzle, from, count) {
  const wanted = Int32Array.from(puzzle.challenge.match(/.{8}/g) ?? [], (word) => parseInt(word, 16) | 0);
  const end = Math.min(from + count, puzzle.maxnumber + 1);
  for (let number = from; number < end; number += 1) {
    const found = sha256(puzzle.salt + number);
    if (found[0] === wanted[0] && found.every((word, index) => word === wanted[index])) return number;
  }
  return null;
}
