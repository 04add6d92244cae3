// Elements without markup: nothing here is ever parsed from text.

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element.
 *
 * @param {string} name
 * @param {Record<string, string>} attributes `text` is its text.
 * @param {...Node} children
 */
export function made(name, { text, ...attributes } = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== undefined) node.textContent = text;
  node.append(...children);
  return node;
}

const STROKES = {
  go: ["M9.5 7.5L16.5 12L9.5 16.5Z"],
  wait: ["M12 5.5V7.5M12 16.5V18.5M5.5 12H7.5M16.5 12H18.5M7.4 7.4L8.8 8.8M15.2 15.2L16.6 16.6M7.4 16.6L8.8 15.2M15.2 8.8L16.6 7.4"],
  done: ["M7.3 12.4L10.6 15.7L16.8 8.8"],
  again: ["M16.6 9.2A5.4 5.4 0 1 0 17.4 12.6M16.9 6.2V9.4H13.7"],
  trouble: ["M12 7.2V13", "M12 16.3V16.4"],
};

/** A sign in a ring; what it means is always said in words beside it. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", `icon ${name}`);
  const ring = document.createElementNS(SVG, "circle");
  for (const [key, value] of Object.entries({ cx: 12, cy: 12, r: 10.5, class: "rim" })) ring.setAttribute(key, String(value));
  const strokes = STROKES[name].map((d) => {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", d);
    return path;
  });
  svg.append(ring, ...strokes);
  return svg;
}
