// Proof of work by the protocol of the `altcha` library: in a worker where the browser lets us have one, else between two frames.

import { Trouble } from "./trouble.js";

const LONGEST_MS = 60_000;
const CHUNK = 500;
const CHUNK_MS = 8;

/**
 * Solve `puzzle`.
 *
 * @param {import("./client.js").Puzzle} puzzle
 * @param {AbortSignal} signal
 * @param {(share: number) => void} [progress] Told how much of the numbers is tried, 0 to 1.
 * @returns {Promise<string>} what the service takes as the solution; rejects with `Trouble` after a minute
 */
export async function solve(puzzle, signal, progress = () => {}) {
  if (puzzle.algorithm !== "SHA-256") throw new Trouble("work");
  const stop = new AbortController();
  const abort = () => stop.abort();
  const timer = setTimeout(abort, LONGEST_MS);
  signal.addEventListener("abort", abort);
  if (signal.aborted) abort();
  const told = (tried) => progress(Math.min(tried / (puzzle.maxnumber + 1), 1));
  try {
    const number = (await beside(puzzle, stop.signal, told)) ?? (await between(puzzle, stop.signal, told));
    if (number === null) throw new Trouble("work");
    const { algorithm, challenge, salt, signature } = puzzle;
    return btoa(JSON.stringify({ algorithm, challenge, number, salt, signature }));
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  }
}

/** In a worker; null where there is none to be had. A page may only start those of its own origin. */
function beside(puzzle, signal, told) {
  const url = new URL("./worker.js", import.meta.url);
  if (url.origin !== location.origin || typeof Worker === "undefined") return Promise.resolve(null);
  return new Promise((resolve) => {
    let worker = null;
    const done = (number) => {
      worker?.terminate();
      signal.removeEventListener("abort", quit);
      resolve(number);
    };
    const quit = () => done(null);
    try {
      worker = new Worker(url, { type: "module" });
    } catch {
      resolve(null);
      return;
    }
    signal.addEventListener("abort", quit);
    worker.addEventListener("error", quit);
    worker.addEventListener("message", ({ data }) => ("tried" in data ? told(data.tried) : done(data.number)));
    worker.postMessage(puzzle);
  });
}

/** On the page, a few milliseconds at a time. */
async function between(puzzle, signal, told) {
  const { search } = await import("./search.js");
  let from = 0;
  while (from <= puzzle.maxnumber && !signal.aborted) {
    for (const until = performance.now() + CHUNK_MS; performance.now() < until; from += CHUNK) {
      const number = search(puzzle, from, CHUNK);
      if (number !== null) return number;
    }
    told(from);
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  return null;
}
