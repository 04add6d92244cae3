// SHA-256 (FIPS 180-4) of short texts, without waiting: the browser's own answers later each time, which takes longer than the sum itself.

const ROOTS = new Int32Array(64); // of the first 64 primes, cube roots' fractions
const FIRST = new Int32Array(8); // of the first eight, square roots'

for (let number = 2, found = 0; found < 64; number += 1) {
  let prime = true;
  for (let by = 2; by * by <= number; by += 1) prime &&= number % by !== 0;
  if (!prime) continue;
  if (found < 8) FIRST[found] = fraction(Math.sqrt(number));
  ROOTS[found] = fraction(Math.cbrt(number));
  found += 1;
}

function fraction(value) {
  return ((value - Math.floor(value)) * 2 ** 32) | 0;
}

const words = new Int32Array(64);

/** Take a block of 64 bytes into `state` (8 words). */
function compress(state, block) {
  for (let i = 0; i < 16; i += 1) words[i] = block.getInt32(i * 4);
  for (let i = 16; i < 64; i += 1) {
    const p = words[i - 15];
    const q = words[i - 2];
    const s0 = ((p >>> 7) | (p << 25)) ^ ((p >>> 18) | (p << 14)) ^ (p >>> 3);
    const s1 = ((q >>> 17) | (q << 15)) ^ ((q >>> 19) | (q << 13)) ^ (q >>> 10);
    words[i] = (words[i - 16] + s0 + words[i - 7] + s1) | 0;
  }
  let a = state[0];
  let b = state[1];
  let c = state[2];
  let d = state[3];
  let e = state[4];
  let f = state[5];
  let g = state[6];
  let h = state[7];
  for (let i = 0; i < 64; i += 1) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + ROOTS[i] + words[i]) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
  state[4] += e;
  state[5] += f;
  state[6] += g;
  state[7] += h;
}

/**
 * The digest of a text.
 *
 * @param {string} text
 * @returns {Int32Array} eight words, big-endian; the same array each time
 */
export function sha256(text) {
  const bytes = encoder.encode(text);
  const blocks = (bytes.length + 9 + 63) >> 6;
  if (blocks * 64 > buffer.length) {
    buffer = new Uint8Array(blocks * 64);
    views = Array.from({ length: blocks }, (_, i) => new DataView(buffer.buffer, i * 64, 64));
  }
  buffer.fill(0);
  buffer.set(bytes);
  buffer[bytes.length] = 0x80;
  views[blocks - 1].setUint32(60, bytes.length * 8);
  digest.set(FIRST);
  for (let i = 0; i < blocks; i += 1) compress(digest, views[i]);
  return digest;
}

const encoder = new TextEncoder();
const digest = new Int32Array(8);
let buffer = new Uint8Array(0);
let views = [];
