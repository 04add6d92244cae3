// The protocol of a challenge: issued, played in batches, finished. What got lost on the way is sent again, unchanged.

import { PASSING, Trouble } from "./trouble.js";

const KEY = 4; // the kind of event that is a key going down; those below are of pointers
const POINTERS = ["mouse", "touch", "stylus"]; // by what is in the low byte of a pointer event's flags
const CALL_MS = 15_000;
const [FIRST_PAUSE_MS, LONGEST_PAUSE_MS] = [300, 4_000];
const PREFIX = "urn:playproof:problem:";

/**
 * @typedef {object} Puzzle Of the `altcha` library's protocol.
 * @property {string} algorithm
 * @property {string} challenge SHA-256 of salt and number, in hexadecimal.
 * @property {string} salt
 * @property {string} signature
 * @property {number} maxnumber
 */

/** One challenge. Everything that waits ends when it is closed or its time is over. */
export class Challenge {
  #root;
  #view;
  #stop = new AbortController();
  #deadline;
  #sequence = 0;
  #receipt;
  #offline;
  #keys;
  #proofs = {}; // by device, of those that cost something

  /**
   * @param {URL} root Of the service.
   * @param {object} view What it gave when it issued the challenge.
   * @param {{offline: (is: boolean) => void, keys: (puzzle: Puzzle, signal: AbortSignal) => Promise<string>}} hooks
   *   `offline` is told when the connection goes and comes; `keys` solves what a play by other means than a mouse costs.
   */
  constructor(root, view, hooks) {
    this.#root = root;
    this.#view = view;
    this.#receipt = view.receipt;
    this.#offline = hooks.offline;
    this.#keys = hooks.keys;
    this.#deadline = performance.now() + view.expiresIn;
  }

  /**
   * Ask for a challenge.
   *
   * @param {URL} root
   * @param {{sitekey: string, game?: string, way?: string, action?: string, cdata?: string}} wanted
   * @param {AbortSignal} signal
   * @returns {Promise<object>} its view; rejects with `Trouble`
   */
  static async ask(root, wanted, signal) {
    return (await call(new URL("api/v1/challenges", root), wanted, signal)).body;
  }

  get view() {
    return this.#view;
  }

  /** @returns {AbortSignal} of the challenge's end */
  get signal() {
    return this.#stop.signal;
  }

  /** Nothing is sent any more. */
  close() {
    this.#stop.abort();
  }

  /**
   * Send events; the next batch waits for the answer.
   *
   * @param {{events: number[][]}} batch
   * @returns {Promise<{reveal: {step: number, seed: string} | null}>} rejects with `Trouble`
   */
  async send({ events }) {
    for (const device of new Set(events.map(deviceOf))) {
      if (device) this.#proofs[device] ??= this.#prove(device).catch(() => undefined);
    }
    this.#sequence += 1;
    const answer = await this.#insist("events", { sequence: this.#sequence, receipt: this.#receipt, events });
    this.#receipt = answer.receipt;
    return answer;
  }

  /**
   * Have the play closed. One that could not be paid for is closed unpaid, and weighed by the service.
   *
   * @param {string} [pow] The solution, where the way of the challenge is work.
   * @returns {Promise<{token: string, expiresIn: number}>} rejects with `Trouble`
   */
  async finish(pow) {
    return this.#insist("finish", { receipt: this.#receipt, pow: pow ?? (await this.#paid()) });
  }

  async #prove(device) {
    return this.#keys(await this.#insist("pow", { device }), this.#stop.signal);
  }

  /** The proof for what the play counts as: by keys where there was any. */
  #paid() {
    const { keyboard, touch, stylus } = this.#proofs;
    return keyboard ?? touch ?? stylus;
  }

  /** POST until there is an answer, at the latest at the end of the challenge. */
  async #insist(what, content) {
    const url = new URL(`api/v1/challenges/${encodeURIComponent(this.#view.id)}/${what}`, this.#root);
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      try {
        const { body } = await call(url, content, this.#stop.signal);
        this.#offline(false);
        return body;
      } catch (trouble) {
        if (this.#stop.signal.aborted || !PASSING.includes(trouble.code)) throw trouble;
        const wait = Math.max(pause, trouble.retryAfter);
        if (performance.now() + wait >= this.#deadline) throw trouble;
        this.#offline(trouble.code === "network");
        await paused(wait, this.#stop.signal);
      }
    }
  }
}

/** What of those that cost something made an event; nothing where it was a mouse, or nobody. */
function deviceOf([, , , kind, flags]) {
  if (kind === KEY) return "keyboard";
  const pointer = kind < KEY ? POINTERS[flags & 0xff] : "mouse";
  return pointer === "mouse" ? null : pointer;
}

/** Wait, but no longer than until the browser says that it is back on the network. */
function paused(milliseconds, signal) {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      window.removeEventListener("online", done);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    window.addEventListener("online", done);
    signal.addEventListener("abort", done);
  });
}

async function call(url, content, signal) {
  const stop = new AbortController();
  const abort = () => stop.abort();
  const timer = setTimeout(abort, CALL_MS);
  signal.addEventListener("abort", abort);
  try {
    if (signal.aborted) throw new Trouble("network");
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(content),
      mode: "cors",
      credentials: "omit",
      cache: "no-store",
      signal: stop.signal,
    });
    const body = await response.json();
    if (response.ok) return { body };
    throw new Trouble(codeOf(response.status, body), Number(response.headers.get("retry-after")) * 1000 || 0);
  } catch (error) {
    throw error instanceof Trouble ? error : new Trouble("network");
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  }
}

function codeOf(status, body) {
  if (status === 429) return "rate-limited";
  if (status >= 500) return "busy";
  if (status === 410) return "overdue";
  const type = String(body?.type ?? "");
  return type.startsWith(PREFIX) ? type.slice(PREFIX.length) : `http-${status}`;
}
