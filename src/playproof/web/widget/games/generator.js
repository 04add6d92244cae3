// The twin of `challenges/generator.py`: xoshiro128** 1.1 (Blackman and Vigna; https://prng.di.unimi.it/, public domain).

/** Whole numbers from a seed, the same as the server's from the same seed. */
export class Generator {
  #state;

  /** @param {string} seed 16 bytes in hexadecimal; four little-endian words are the first state. */
  constructor(seed) {
    const bytes = Uint8Array.from(seed.match(/../g) ?? [], (pair) => parseInt(pair, 16));
    const view = new DataView(bytes.buffer);
    this.#state = [0, 4, 8, 12].map((at) => view.getUint32(at, true));
  }

  /** @returns {number} the next 32 bits, 0 to 2**32 - 1 */
  word() {
    const [a, b, c, d] = this.#state;
    const result = Math.imul(turned(Math.imul(b, 5), 7), 9) >>> 0;
    const third = c ^ a;
    const fourth = d ^ b;
    this.#state = [a ^ fourth, b ^ third, third ^ (b << 9), turned(fourth, 11)];
    return result;
  }

  /** @param {number} count @returns {number} one of `count` whole numbers from 0 on, all as likely */
  below(count) {
    const full = 2 ** 32 - (2 ** 32 % count);
    let word = this.word();
    while (word >= full) word = this.word();
    return word % count;
  }

  /** @param {number} low @param {number} high @returns {number} a whole number, both ends among them */
  between(low, high) {
    return low + this.below(high - low + 1);
  }
}

function turned(word, by) {
  return (word << by) | (word >>> (32 - by));
}
