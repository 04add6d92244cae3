// A play drawn as it went: the path by speed, targets where they were, presses. It can be played, paused and moved through by keyboard.

import { drawn, figure, made } from "./dom.js";

const CLASSES = 5;
const EDGES = [0.15, 0.35, 0.6, 0.85]; // of the speeds in the play, between one colour and the next
const RATES = [["1", "as it was"], ["0.5", "half as fast"], ["0.25", "a quarter"]];
const MARGIN = 24;
const STEP_MS = 50;

/**
 * @typedef {{t: number[], x: number[], y: number[]}} Points
 * @typedef {{shownAt: number, hitAt: number | null, x: number, y: number, radius: number}} Target
 * @typedef {{path: Points, clicks: Points, targets: Target[], field: {width: number, height: number} | null, unit: string}} Play
 */

/** The speed from each position to the next, units a second; where no time passed it is that before. */
function speedsOf({ t, x, y }) {
  const speeds = [];
  for (let i = 1; i < t.length; i += 1) {
    const took = t[i] - t[i - 1];
    speeds.push(took > 0 ? (1000 * Math.hypot(x[i] - x[i - 1], y[i] - y[i - 1])) / took : (speeds.at(-1) ?? 0));
  }
  return speeds;
}

/** The edges between the classes of speed, from the slowest on. */
function edgesOf(speeds) {
  const rising = speeds.slice().sort((a, b) => a - b);
  return EDGES.map((edge) => rising[Math.floor(edge * (rising.length - 1))] ?? 0);
}

/** Runs of one class of speed: `{speed, from, to}`, positions both among them. */
function runsOf(speeds, edges) {
  const classes = speeds.map((speed) => edges.filter((edge) => speed > edge).length);
  const runs = [];
  classes.forEach((speed, i) => {
    if (runs.at(-1)?.speed === speed) runs.at(-1).to = i + 1;
    else runs.push({ speed, from: i, to: i + 1 });
  });
  return runs;
}

/** What is to be seen: the playfield, or what was used of the page. */
function frameOf({ field, path, clicks }) {
  if (field) return [0, 0, field.width, field.height];
  const [xs, ys] = [path.x.concat(clicks.x), path.y.concat(clicks.y)];
  const [left, top] = [Math.min(...xs) - MARGIN, Math.min(...ys) - MARGIN];
  return [left, top, Math.max(...xs) - left + MARGIN, Math.max(...ys) - top + MARGIN];
}

/** One play, drawn. */
export class Replay {
  #play;
  #runs;
  #lines;
  #targets;
  #clicks;
  #pointer;
  #end;
  #now = 0;
  #rate = 1;
  #running = 0;

  /** @param {Play} play With a path of at least two positions, or some clicks. */
  constructor(play) {
    this.#play = play;
    const { path, clicks, targets, unit } = play;
    const speeds = speedsOf(path);
    const edges = edgesOf(speeds);
    this.#runs = runsOf(speeds, edges);
    this.#end = Math.max(...path.t.slice(-1), ...clicks.t.slice(-1), ...targets.map(({ hitAt, shownAt }) => hitAt ?? shownAt), 1);
    const [left, top, width, height] = frameOf(play);
    const size = Math.max(width, height) / 100;
    this.#lines = this.#runs.map(({ speed }) => drawn("polyline", { class: `v${speed}`, points: "" }));
    this.#targets = targets.map(({ x, y, radius }, i) => {
      const away = radius + 2.6 * size;
      const number = drawn("text", { x, y: y - away - 2 * size < top ? y + away : y - away, text: i + 1, "font-size": size * 4 });
      return drawn("g", { class: "target" }, drawn("circle", { cx: x, cy: y, r: radius }), number);
    });
    this.#clicks = clicks.t.map((_, i) => {
      const [x, y, arm] = [clicks.x[i], clicks.y[i], size * 1.3];
      return drawn("path", { class: "press", d: `M${x - arm} ${y}h${2 * arm}M${x} ${y - arm}v${2 * arm}` });
    });
    this.#pointer = drawn("circle", { class: "pointer", r: size * 1.1 });
    const svg = drawn("svg", { viewBox: [left, top, width, height].map((number) => Math.round(number * 10) / 10).join(" "), role: "img", class: "drawing" });
    svg.append(...this.#targets, ...this.#lines, ...this.#clicks, this.#pointer);
    svg.setAttribute("aria-label", this.#inWords(edges));
    this.element = made("figure", { class: "replay" }, svg, this.#controls(), legend(edges, unit, Boolean(targets.length), Boolean(clicks.t.length)));
    this.show(this.#end);
  }

  #inWords(edges) {
    const { path, clicks, targets, unit } = this.#play;
    const parts = [`${path.t.length} positions in ${figure(this.#end / 1000)} s`, `${clicks.t.length} presses`];
    if (targets.length) parts.push(`${targets.length} targets, ${targets.filter(({ hitAt }) => hitAt !== null).length} hit`);
    if (edges.at(-1)) parts.push(`the fastest seventh of the way above ${figure(edges.at(-1))} ${unit}/s`);
    return `The path of the pointer: ${parts.join("; ")}.`;
  }

  #controls() {
    this.button = made("button", { type: "button", class: "play", text: "Play" });
    this.button.addEventListener("click", () => (this.#running ? this.pause() : this.run()));
    this.slider = made("input", { type: "range", min: 0, max: Math.ceil(this.#end / STEP_MS) * STEP_MS, step: STEP_MS, "aria-label": "Time of the play" });
    this.slider.addEventListener("input", () => {
      this.pause();
      this.show(Math.min(Number(this.slider.value), this.#end));
    });
    this.clock = made("output", { class: "clock" });
    const rate = made("select", { "aria-label": "Speed of the replay" }, ...RATES.map(([value, text]) => made("option", { value, text })));
    rate.addEventListener("change", () => (this.#rate = Number(rate.value)));
    return made("div", { class: "controls" }, this.button, this.slider, this.clock, rate);
  }

  /** Show the play as it stood at `now`, ms. */
  show(now) {
    const { path, clicks, targets } = this.#play;
    this.#now = now;
    const seen = upTo(path.t, now);
    this.#runs.forEach(({ from, to }, i) => {
      const points = [];
      for (let at = from; at <= Math.min(to, seen - 1); at += 1) points.push(`${path.x[at]},${path.y[at]}`);
      this.#lines[i].setAttribute("points", points.length > 1 ? points.join(" ") : "");
    });
    const over = now >= this.#end;
    this.#targets.forEach((drawing, i) => {
      const { shownAt, hitAt } = targets[i];
      drawing.classList.toggle("away", !over && now < shownAt);
      drawing.classList.toggle("hit", hitAt !== null && (over || now >= hitAt));
    });
    this.#clicks.forEach((drawing, i) => drawing.classList.toggle("away", clicks.t[i] > now));
    const last = Math.max(seen - 1, 0);
    this.#pointer.classList.toggle("away", over || !path.t.length);
    if (path.t.length) {
      this.#pointer.setAttribute("cx", path.x[last]);
      this.#pointer.setAttribute("cy", path.y[last]);
    }
    this.slider.value = String(Math.ceil(now));
    const told = `${(now / 1000).toFixed(2)} s`;
    this.slider.setAttribute("aria-valuetext", told);
    this.clock.textContent = `${told} of ${(this.#end / 1000).toFixed(2)} s`;
  }

  /** Go on from where it stands, from the beginning where that is the end. */
  run() {
    let from = this.#now >= this.#end ? 0 : this.#now;
    let before = performance.now();
    this.button.textContent = "Pause";
    const step = (at) => {
      if (!this.element.isConnected) return this.pause();
      from += Math.max(0, at - before) * this.#rate;
      before = at;
      this.show(Math.min(from, this.#end));
      if (from >= this.#end) return this.pause();
      this.#running = requestAnimationFrame(step);
      return undefined;
    };
    this.show(from);
    this.#running = requestAnimationFrame(step);
  }

  /** Stand still. */
  pause() {
    cancelAnimationFrame(this.#running);
    this.#running = 0;
    this.button.textContent = this.#now >= this.#end ? "Play again" : "Play";
  }
}

/** How many of the rising `times` are not after `now`; times may run backwards, and what is after one that is later waits for it. */
function upTo(times, now) {
  const first = times.findIndex((t) => t > now);
  return first < 0 ? times.length : first;
}

function legend(edges, unit, targets, presses) {
  const bounds = edges.map(figure);
  const words = [`up to ${bounds[0]}`, ...bounds.slice(1).map((bound, i) => `${bounds[i]} to ${bound}`), `above ${bounds.at(-1)}`];
  const items = words.map((text, i) => made("li", {}, swatch(i), text));
  const notes = [targets && "Circles are targets, numbered in order; a thick one was hit.", presses && "Crosses are presses.", "Slower is drawn thicker."];
  const key = made("ul", { class: "key", "aria-label": "Colours" }, ...items.slice(0, CLASSES));
  return made("figcaption", { class: "small soft" }, made("span", { text: `Speed, ${unit}/s:` }), key, made("p", { text: notes.filter(Boolean).join(" ") }));
}

function swatch(speed) {
  return drawn("svg", { viewBox: "0 0 24 10", "aria-hidden": "true" }, drawn("polyline", { class: `v${speed}`, points: "2,5 22,5" }));
}
