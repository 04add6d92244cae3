// Proof of work by the protocol of the `altcha` library: in a worker where the browser lets us have one, else between two frames.

import { Trouble } from "./trouble.js";

const LONGEST_MS = 60_000;
const CHUNK = 200;
const CHUNK_MS = 6;
const WORKER = new URL("./worker.js", import.meta.url);

/** What a page that lets nobody start scripts unchecked has to allow by name. */
let policy = null;

/**
 * Solve `puzzle`.
 *
 * @param {import("./client.js").Puzzle} puzzle
 * @param {AbortSignal} signal
 * @param {{progress?: (share: number) => void, worker?: boolean}} [how] `progress` is told how much of the numbers is tried, 0 to 1;
 *   `worker` says whether to try for one.
 * @returns {Promise<string>} what the service takes as the solution; rejects with `Trouble` after a minute
 */
export async function solve(puzzle, signal, { progress = () => {}, worker = true } = {}) {
  if (puzzle.algorithm !== "SHA-256") throw new Trouble("work");
  const stop = new AbortController();
  const abort = () => stop.abort();
  const timer = setTimeout(abort, LONGEST_MS);
  signal.addEventListener("abort", abort);
  if (signal.aborted) abort();
  const told = (tried) => progress(Math.min(tried / (puzzle.maxnumber + 1), 1));
  try {
    const number = (worker ? await beside(puzzle, stop.signal, told) : null) ?? (await between(puzzle, stop.signal, told));
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
  if (WORKER.origin !== location.origin || typeof Worker === "undefined") return Promise.resolve(null);
  return new Promise((resolve) => {
    let worker = null;
    const done = (number) => {
      worker?.terminate();
      signal.removeEventListener("abort", quit);
      resolve(number);
    };
    const quit = () => done(null);
    try {
      policy ??= window.trustedTypes?.createPolicy("playproof", { createScriptURL: () => WORKER.href }) ?? { createScriptURL: () => WORKER };
      worker = new Worker(policy.createScriptURL(""), { type: "module" });
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
    await next();
  }
  return null;
}

/** Let the browser do whatever else there is to do; a timer would have it wait for longer than that. */
function next() {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.addEventListener("message", resolve, { once: true });
    port1.start();
    port2.postMessage(null);
  });
}
