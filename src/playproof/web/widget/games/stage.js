// The frame around every game: playfield, progress, words for those who do not see it, and the look.

import { HEIGHT, WIDTH } from "./field.js";
import { STYLE } from "./style.js";

const SVG = "http://www.w3.org/2000/svg";

/**
 * An SVG element with attributes.
 *
 * @param {string} name
 * @param {Record<string, string | number>} attributes
 * @param {...Node} children
 */
export function shape(name, attributes, ...children) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  made.append(...children);
  return made;
}

/** An arrow of `size` around the origin, pointing the way of the key. */
export function arrow(key, size) {
  const d = `M0 ${-size}L${size * 0.8} ${-size * 0.1}H${size * 0.32}V${size}H${-size * 0.32}V${-size * 0.1}H${-size * 0.8}Z`;
  return shape("path", { class: "sign", d, transform: `rotate(${key * 90})` });
}

/**
 * Build the stage in `element`, in a shadow tree of its own.
 *
 * @param {Element} element
 * @param {{game: string, parameters: {steps: number}}} view
 * @param {{theme?: string, reducedMotion?: boolean}} options
 * @param {object} words
 * @param {string} touchAction
 */
export function stage(element, view, options, words, touchAction) {
  const host = document.createElement("div");
  host.dataset.theme = options.theme ?? "auto";
  host.toggleAttribute("data-still", Boolean(options.reducedMotion));
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);
  root.adoptedStyleSheets = [sheet];

  const made = (name, part, text = "") => {
    const node = document.createElement(name);
    node.className = part;
    node.textContent = text;
    return node;
  };
  const how = made("p", "how", words[view.game]);
  how.id = "how";
  const pips = made("div", "pips");
  pips.setAttribute("role", "img");
  pips.append(...Array.from({ length: view.parameters.steps }, pip));
  const surface = made("div", "field");
  surface.tabIndex = 0;
  surface.setAttribute("role", "application");
  surface.setAttribute("aria-labelledby", "how");
  surface.style.setProperty("touch-action", touchAction);
  const field = shape("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, "aria-hidden": "true", focusable: "false" });
  field.append(shape("defs", {}, light(), lattice()), shape("rect", { class: "ground", width: WIDTH, height: HEIGHT }));
  surface.append(field);
  const live = made("p", "live");
  live.setAttribute("role", "status");
  const top = made("div", "top");
  top.append(how, pips);
  root.append(top, surface, live);
  element.append(host);

  return {
    surface,
    field,
    still: Boolean(options.reducedMotion),
    words,
    /** Say something to those who listen. */
    say: (text) => (live.textContent = text),
    /** So many targets are hit. */
    progress: (count) => {
      pips.setAttribute("aria-label", filled(words.step, { step: count, steps: view.parameters.steps }));
      [...pips.children].forEach((each, index) => each.setAttribute("class", index < count ? "pip full" : index === count ? "pip next" : "pip"));
    },
    /** Put a word where the visitor looks, for a moment. */
    remark: (x, y, text) => {
      const note = shape("text", { class: "note", x: Math.min(Math.max(x, 150), WIDTH - 150), y: y > 220 ? y - 155 : y + 185 });
      note.textContent = text;
      vanish(field, note, 900);
    },
    finish: () => host.toggleAttribute("data-done", true),
    remove: () => host.remove(),
  };
}

/** Show `node` in `field` for some milliseconds. */
function vanish(field, node, milliseconds) {
  field.append(node);
  setTimeout(() => node.remove(), milliseconds);
}

/** A cross where something was missed. */
export function cross(field, x, y) {
  vanish(field, shape("path", { class: "cross", d: "M-18 -18L18 18M18 -18L-18 18", transform: `translate(${x} ${y})` }), 600);
}

/** A tick where something was hit, and a ring that spreads unless motion is unwelcome. */
export function burst(field, x, y, radius, still) {
  const group = shape("g", { class: "burst", transform: `translate(${x} ${y})` });
  group.append(shape("path", { class: "tick", d: "M-22 2L-6 18L24 -16" }));
  if (!still) {
    const ring = shape("circle", { class: "spread", r: radius });
    group.append(ring);
    ring.animate([{ transform: "scale(.9)", opacity: 1 }, { transform: "scale(1.7)", opacity: 0 }], { duration: 420, easing: "ease-out", fill: "forwards" });
    for (let i = 0; i < 8; i += 1) {
      const drop = shape("circle", { class: "drop", r: 7 });
      const [across, down] = [Math.cos((i * Math.PI) / 4) * radius, Math.sin((i * Math.PI) / 4) * radius];
      group.append(drop);
      drop.animate(
        [{ transform: `translate(${across * 0.8}px, ${down * 0.8}px)`, opacity: 1 }, { transform: `translate(${across * 1.9}px, ${down * 1.9}px)`, opacity: 0 }],
        { duration: 420, easing: "ease-out", fill: "forwards" },
      );
    }
  }
  vanish(field, group, 430);
}

/** `text` with `{name}` replaced. */
export function filled(text, values) {
  return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}

/** What round things are filled with: light from the upper left. */
function light() {
  return shape("radialGradient", { id: "light", cx: 0.36, cy: 0.3, r: 0.85 }, shape("stop", { class: "lit-stop" }), shape("stop", { class: "dim-stop", offset: 0.6 }));
}

/** Dots a stride apart, so that the eye has something to hold on to. */
function lattice() {
  const dot = shape("circle", { class: "dot", cx: 50, cy: 50, r: 3 });
  return shape("pattern", { id: "lattice", width: 100, height: 100, patternUnits: "userSpaceOnUse" }, dot);
}

function pip() {
  const made = shape("svg", { viewBox: "0 0 16 16", class: "pip", "aria-hidden": "true" });
  made.append(shape("circle", { cx: 8, cy: 8, r: 6.5 }), shape("path", { d: "M4.8 8.2L7.1 10.5L11.3 5.8" }));
  return made;
}
