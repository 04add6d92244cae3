// The sum, beside the page. It is told a puzzle, and tells how far it is and what it found.

import { search } from "./search.js";

const CHUNK = 5_000;

addEventListener("message", ({ data: puzzle }) => {
  for (let from = 0; from <= puzzle.maxnumber; from += CHUNK) {
    const number = search(puzzle, from, CHUNK);
    if (number !== null) {
      postMessage({ number });
      return;
    }
    postMessage({ tried: from + CHUNK });
  }
  postMessage({ number: null });
});
