// PlayProof's widget: <play-proof sitekey="...">, or div.playproof[data-sitekey], or playproof.render().

import { PlayProof } from "./element.js";
import { ATTRIBUTES, CALLBACKS } from "./settings.js";

const NAME = "play-proof";
const PLACES = "div.playproof[data-sitekey]";

/** @type {Map<string, PlayProof>} */
const widgets = new Map();
let last = 0;

/** @returns {PlayProof | undefined} a widget by its id, its element, the element around it or a selector of that; the first without */
function find(widget) {
  if (widget === undefined) return widgets.values().next().value ?? document.querySelector(NAME) ?? undefined;
  if (typeof widget === "string" && widgets.has(widget)) return widgets.get(widget);
  const element = typeof widget === "string" ? document.querySelector(widget) : widget;
  return element?.localName === NAME ? element : (element?.querySelector(NAME) ?? undefined);
}

/**
 * Put a widget into `container`.
 *
 * @param {Element | string} container Or a selector of it.
 * @param {Record<string, unknown>} [options] Attributes and callbacks, by their names; before what stands on the container.
 * @returns {string | undefined} the id of the widget, undefined where there is no such container
 */
function render(container, options = {}) {
  const place = typeof container === "string" ? document.querySelector(container) : container;
  if (!place) return undefined;
  const before = place.querySelector(NAME);
  if (before) return before.dataset.widget;
  const element = document.createElement(NAME);
  const functions = {};
  const given = new Map(Object.entries(options).map(([name, value]) => [name.toLowerCase(), value]));
  for (const name of [...Object.keys(ATTRIBUTES), ...CALLBACKS]) {
    const value = given.get(name) ?? place.getAttribute(`data-${name}`);
    if (typeof value === "function") functions[name] = value;
    else if (value !== null && value !== undefined) element.setAttribute(name, String(value));
  }
  last += 1;
  const id = `pp-${last}`;
  element.dataset.widget = id;
  element.functions = functions;
  widgets.set(id, element);
  place.append(element);
  return id;
}

/** What pages call; see docs/widget.md. */
const api = Object.freeze({
  render,
  execute: (container, options) => {
    if (options && !find(container)) render(container, options);
    find(container)?.execute();
  },
  reset: (widget) => find(widget)?.reset(),
  getResponse: (widget) => find(widget)?.token || undefined,
  isExpired: (widget) => find(widget)?.widget?.expired ?? false,
  remove: (widget) => {
    const element = find(widget);
    if (!element) return;
    widgets.delete(element.dataset.widget);
    element.remove();
  },
  ready: (act) => queueMicrotask(act),
});

function renderAll() {
  for (const place of document.querySelectorAll(PLACES)) render(place);
}

function everywhere(act) {
  for (const element of new Set([...widgets.values(), ...document.querySelectorAll(NAME)])) act(element);
}

// Whichever copy of these modules comes first is the only one.
if (!customElements.get(NAME)) {
  customElements.define(NAME, PlayProof);
  window.playproof = api;
  const asked = new URL(import.meta.url).searchParams;
  if (asked.get("render") !== "explicit") {
    if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", renderAll);
    else renderAll();
  }
  const onload = window[asked.get("onload") ?? ""];
  if (typeof onload === "function") queueMicrotask(onload);
  window.addEventListener("pageshow", ({ persisted }) => everywhere((element) => element.wake?.(persisted)));
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) everywhere((element) => element.wake?.(false));
  });
}
