// The features that say most, each as a bar: where people are, and where this session is.

import { drawn, figure, made } from "./dom.js";

const [WIDTH, HEIGHT, EDGE] = [240, 22, 6];

/**
 * @typedef {{name: string, unit: string, meaning: string, role: string, value: number, people: number[] | null}} Telling
 * @typedef {{levels: number[], modelId: string, modelVersion: string, features: Telling[]}} Portrait
 */

/** A feature's place on its bar: people's values from end to end, and room for the session's own. */
function scaleOf(people, value) {
  const [low, high] = [Math.min(people[0], value), Math.max(people.at(-1), value)];
  const width = high - low || 1;
  return (number) => EDGE + ((number - low) / width) * (WIDTH - 2 * EDGE);
}

/** Where the value stands among people, in words. @param {number[]} people At the levels 1, 25, 50, 75 and 99 %. */
function standing(people, value) {
  const [lowest, quarter, , threeQuarters, highest] = people;
  if (value < lowest) return "lower than in 99 % of people";
  if (value > highest) return "higher than in 99 % of people";
  if (value < quarter) return "in the lowest quarter of people";
  if (value > threeQuarters) return "in the highest quarter of people";
  return "as in the middle half of people";
}

function bar({ people, value }) {
  const at = scaleOf(people, value);
  const [lowest, quarter, median, threeQuarters, highest] = people.map(at);
  const middle = HEIGHT / 2;
  const own = at(value);
  return drawn(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "range", "aria-hidden": "true" },
    drawn("path", { class: "reach", d: `M${lowest} ${middle}H${highest}M${lowest} ${middle - 4}v8M${highest} ${middle - 4}v8` }),
    drawn("rect", { class: "half", x: quarter, y: middle - 5, width: Math.max(threeQuarters - quarter, 1), height: 10 }),
    drawn("path", { class: "median", d: `M${median} ${middle - 7}v14` }),
    drawn("path", { class: "own", d: `M${own} ${middle - 6}l5 6l-5 6l-5 -6z` }),
  );
}

function row(feature) {
  const { name, unit, meaning, value, people } = feature;
  const shown = `${figure(value)}${unit === "1" ? "" : ` ${unit}`}`;
  const usual = people ? `middle half: ${figure(people[1])} to ${figure(people[3])}` : "";
  const where = people ? standing(people, value) : "nobody to compare with";
  return made(
    "li",
    {},
    made("div", { class: "meaning" }, meaning, made("code", { text: name })),
    made("div", { class: "value", text: shown }),
    made("div", { class: "among" }, ...(people ? [bar(feature)] : []), made("span", { class: "small", text: where })),
    made("div", { class: "usual small", text: usual }),
  );
}

/**
 * @param {Portrait} portrait
 * @returns {HTMLElement}
 */
export function ranges(portrait) {
  const caption = `The diamond is this session. The box is the middle half of the people of ${portrait.modelId} ${portrait.modelVersion}, its line their median; `
    + "the whiskers end where 1 % of them lie below and above.";
  const list = made("ul", { class: "ranges" }, ...portrait.features.map(row));
  return made("div", {}, made("p", { class: "small soft", text: caption }), list);
}
