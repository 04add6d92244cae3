// From the browser's events to batches on the playfield's grid. One batch is on its way at a time.

import { HEIGHT, Key, Kind, WIDTH } from "./field.js";

const MOST_EVENTS = 32;
const BATCH_MS = 200;
const APART_MS = 7.5; // moves nearer in time than this are thinned: 125 a second are enough, whatever the mouse sends
const DEVICES = { mouse: 0, touch: 1, pen: 2 };
const KEYS = {
  ArrowUp: Key.UP, ArrowRight: Key.RIGHT, ArrowDown: Key.DOWN, ArrowLeft: Key.LEFT, " ": Key.ACT, Spacebar: Key.ACT, Enter: Key.ACT,
};
const UNTRUSTED = 0x100;

/**
 * Listen on `surface`, an element that the playfield fills.
 *
 * @param {Element} surface
 * @param {object} hooks
 * @param {(batch: {events: number[][]}) => Promise<{reveal: object | null}>} hooks.send
 * @param {(input: import("./field.js").Input) => void} hooks.input Told of each event as it is logged.
 * @param {(reveal: object | null, until: number) => void} hooks.answer Told of each answer, and the time of the last event it covers.
 * @param {() => void} hooks.trouble A batch could not be sent; nothing is sent any more.
 * @param {boolean} hooks.repeats Keys that are held count again and again.
 */
export function capture(surface, hooks) {
  const zero = performance.now();
  const stop = new AbortController();
  const queue = [];
  let box = null;
  let latestMove = -Infinity;
  let thinned = null;
  let pressed = null;
  const held = new Set();
  let sent = 0;
  let flying = false;
  let urgent = false;
  let timer = 0;

  const now = () => rounded(performance.now() - zero);

  function push(t, x, y, kind, value, trusted = true) {
    const input = { t: Math.max(t, sent), x, y, kind, value, trusted };
    let at = queue.length;
    while (at > 0 && queue[at - 1].t > input.t) at -= 1;
    queue.splice(at, 0, input);
    hooks.input(input);
    if (queue.length >= MOST_EVENTS) flush();
    else if (!timer) timer = setTimeout(flush, BATCH_MS);
    return input.t;
  }

  function unthin() {
    if (thinned) pushMove(thinned);
  }

  function pushMove(move) {
    thinned = null;
    latestMove = move.t;
    push(move.t, move.x, move.y, Kind.MOVE, move.value, move.trusted);
  }

  async function flush() {
    clearTimeout(timer);
    timer = 0;
    if (flying || stop.signal.aborted) return;
    unthin();
    const events = queue.splice(0, MOST_EVENTS);
    if (!events.length) return;
    flying = true;
    urgent = false;
    box = null; // the page may have moved the field
    sent = events[events.length - 1].t;
    const until = sent;
    let answer = null;
    try {
      const wire = events.map(({ t, x, y, kind, value, trusted }) => [t, x, y, kind, value | (trusted ? 0 : UNTRUSTED)]);
      answer = await hooks.send({ events: wire });
    } catch {
      if (!stop.signal.aborted) hooks.trouble();
      stop.abort();
    }
    flying = false;
    if (stop.signal.aborted) return;
    hooks.answer(answer.reveal, until);
    if (urgent || queue.length >= MOST_EVENTS) flush();
    else if (queue.length && !timer) timer = setTimeout(flush, BATCH_MS);
  }

  function hurry() {
    urgent = true;
    flush();
  }

  // Whole pixels: positions must not get fractions that the pointer never had.
  function measured() {
    const { left, top, width, height } = surface.getBoundingClientRect();
    return { left: Math.round(left), top: Math.round(top), width: Math.max(Math.round(width), 1), height: Math.max(Math.round(height), 1) };
  }

  /** Place, time and device of a pointer event; null outside of the field. */
  function read(event) {
    box ??= measured();
    const x = ((event.clientX - box.left) * WIDTH) / box.width;
    const y = ((event.clientY - box.top) * WIDTH) / box.width;
    if (!(x >= 0 && x <= WIDTH && y >= 0 && y <= HEIGHT)) return null;
    const value = DEVICES[event.pointerType] ?? 0;
    return { t: Math.max(rounded(event.timeStamp - zero), 0), x: rounded(x), y: rounded(y), value, trusted: event.isTrusted };
  }

  function moved(event) {
    if (!event.isPrimary) return;
    const coalesced = event.getCoalescedEvents ? event.getCoalescedEvents() : [];
    for (const each of coalesced.length ? coalesced : [event]) {
      const at = read(each);
      if (!at) continue;
      at.trusted = event.isTrusted;
      if (at.t - latestMove < APART_MS) thinned = at;
      else pushMove(at);
    }
  }

  function down(event) {
    if (!event.isPrimary || event.button !== 0) return;
    box = null;
    const at = read(event);
    if (!at) return;
    if (pressed) release(event); // it was let go where nobody saw it, or another pointer is down
    unthin();
    pressed = { ...at, id: event.pointerId };
    push(at.t, at.x, at.y, Kind.DOWN, at.value, at.trusted);
    hurry();
  }

  function up(event) {
    if (!pressed || event.pointerId !== pressed.id) return;
    const at = event.type === "pointerup" ? read(event) : null;
    if (at) {
      unthin();
      pressed = null;
      push(at.t, at.x, at.y, Kind.UP, at.value, at.trusted);
    } else release(event);
    hurry();
  }

  /** The press is over, and nobody knows where. */
  function release(event) {
    unthin();
    const { t, x, y, value } = pressed;
    pressed = null;
    push(Math.max(rounded(event.timeStamp - zero), t), x, y, Kind.CANCEL, value, event.isTrusted);
  }

  function key(event) {
    const value = KEYS[event.key];
    if (value === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const goesDown = event.type === "keydown";
    if (goesDown ? event.repeat && !hooks.repeats : !held.delete(value)) return; // a key that went down elsewhere comes up here
    if (goesDown) held.add(value);
    unthin();
    push(Math.max(rounded(event.timeStamp - zero), 0), 0, 0, goesDown ? Kind.KEY : Kind.RELEASE, value, event.isTrusted);
    if (goesDown) hurry();
  }

  const forget = () => (box = null);
  const listen = (target, name, handler, more = {}) => target.addEventListener(name, handler, { signal: stop.signal, ...more });
  listen(surface, "pointermove", moved);
  listen(surface, "pointerdown", down);
  listen(window, "pointerup", up);
  listen(window, "pointercancel", up);
  listen(surface, "keydown", key);
  listen(surface, "keyup", key);
  listen(surface, "contextmenu", (event) => pressed && event.preventDefault());
  listen(window, "resize", forget);
  listen(window, "scroll", forget, { capture: true, passive: true });

  return {
    now,
    /** Log something that is not the visitor's: a target shown, or time gone on. */
    log: (kind, value, t = now()) => push(t, 0, 0, kind, value),
    hurry,
    stop: () => {
      clearTimeout(timer);
      stop.abort();
    },
  };
}

function rounded(value) {
  return Math.round(value * 100) / 100;
}
