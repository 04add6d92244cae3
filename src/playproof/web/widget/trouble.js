// What can go wrong between a widget and its service, by a code that a visitor can tell and a site can act on.

/** Codes that a new try may cure without anybody doing anything. */
export const PASSING = Object.freeze(["network", "busy", "rate-limited"]);

/** Why a challenge came to nothing. */
export class Trouble extends Error {
  /**
   * @param {string} code `network`, `busy`, `rate-limited`, `overdue`, `module`, `work`, or the code of the service's problem document.
   * @param {number} [retryAfter] Milliseconds after which the service may be asked again, where it said so.
   */
  constructor(code, retryAfter = 0) {
    super(code);
    this.code = code;
    this.retryAfter = retryAfter;
  }
}
