// Elements for the pages: nothing is ever read as HTML.

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element.
 *
 * @param {string} name
 * @param {Record<string, string | number | boolean | null>} [attributes] `text` is its text; what is null or false is left out.
 * @param {...(Node | string)} content
 * @returns {HTMLElement}
 */
export function made(name, attributes = {}, ...content) {
  return filled(document.createElement(name), attributes, content);
}

/** The same for drawings. @returns {SVGElement} */
export function drawn(name, attributes = {}, ...content) {
  return filled(document.createElementNS(SVG, name), attributes, content);
}

function filled(element, { text, ...attributes }, content) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) element.setAttribute(key, value === true ? "" : String(value));
  }
  if (text !== undefined) element.textContent = String(text);
  element.append(...content);
  return element;
}

/**
 * A list of names and values; rows without a value are left out.
 *
 * @param {[string, string | Node | null | undefined][]} rows
 * @returns {HTMLElement}
 */
export function facts(rows) {
  const shown = rows.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return made("dl", { class: "facts" }, ...shown.flatMap(([name, value]) => [made("dt", { text: name }), made("dd", {}, value)]));
}

/** A number that people read: three digits that count. @param {number} value */
export function figure(value) {
  const size = Math.abs(value);
  if (size >= 1000) return Math.round(value).toLocaleString("en");
  if (size !== 0 && size < 0.001) return value.toExponential(1);
  return String(Number(value.toPrecision(3)));
}

/** `part` of `whole` in words, the whole beside it. @param {number} part @param {number} whole */
export function share(part, whole) {
  if (!whole) return "none of 0";
  const percent = (100 * part) / whole;
  return `${part.toLocaleString("en")} of ${whole.toLocaleString("en")} (${percent > 0 && percent < 1 ? "under 1" : Math.round(percent)} %)`;
}
