// The states of a widget and the ways between them. Nothing else decides what may follow what.

/**
 * @typedef {"idle" | "asking" | "playing" | "working" | "finishing" | "verified" | "expired" | "spent" | "overdue" | "error" | "unsupported"} State
 * @typedef {"start" | "issue" | "work" | "play" | "token" | "expire" | "spend" | "overrun" | "fail" | "refuse"} Cause
 */

const OPEN = { fail: "error", overrun: "overdue", start: "asking" };

/** What each cause makes of each state; `reset` is not among them, because it makes every state but the last `idle`. */
export const EDGES = Object.freeze({
  idle: { start: "asking", refuse: "unsupported" },
  asking: { issue: "playing", work: "working", token: "verified", ...OPEN },
  playing: { play: "finishing", ...OPEN },
  working: { play: "finishing", ...OPEN },
  finishing: { token: "verified", ...OPEN },
  verified: { expire: "expired", spend: "spent", start: "asking" },
  expired: { start: "asking" },
  spent: { start: "asking" },
  overdue: { start: "asking" },
  error: { start: "asking" },
  unsupported: {},
});

/** States in which a challenge is open or being asked for. */
export const BUSY = Object.freeze(["asking", "playing", "working", "finishing"]);

/** Where a widget is. `moved` is told of each change. */
export class Machine {
  #moved;

  /** @param {(state: State, before: State) => void} moved */
  constructor(moved) {
    /** @type {State} */
    this.state = "idle";
    this.#moved = moved;
  }

  /**
   * Go where `cause` leads from here.
   *
   * @param {Cause} cause
   * @returns {boolean} whether it leads anywhere
   */
  go(cause) {
    const next = EDGES[this.state][cause];
    if (next) this.#enter(next);
    return Boolean(next);
  }

  /** Go back to the beginning, from anywhere but where the browser cannot do it at all. */
  reset() {
    if (this.state !== "unsupported" && this.state !== "idle") this.#enter("idle");
  }

  #enter(next) {
    const before = this.state;
    this.state = next;
    this.#moved(next, before);
  }
}
