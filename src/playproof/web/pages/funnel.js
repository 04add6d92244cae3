// How far challenges came and what was decided, as tables: counts, each with what it is a part of.

import { drawn, made, share } from "./dom.js";

const STAGES = ["issued", "started", "finished", "verified"];
const DECISIONS = ["pass", "review", "fail"];
const [WIDTH, HEIGHT] = [144, 10];

/**
 * @typedef {{game: string, way: string, device: string, issued: number, started: number, finished: number, verified: number,
 *   decisions: Record<string, number>}} Row
 */

/** The rows of each group, summed. @param {Row[]} rows @param {(row: Row) => string} of */
function summed(rows, of) {
  const groups = new Map();
  for (const row of rows) {
    const name = of(row);
    const sum = groups.get(name) ?? { ...Object.fromEntries(STAGES.map((stage) => [stage, 0])), decisions: {} };
    for (const stage of STAGES) sum[stage] += row[stage];
    for (const [decision, count] of Object.entries(row.decisions)) sum.decisions[decision] = (sum.decisions[decision] ?? 0) + count;
    groups.set(name, sum);
  }
  return groups;
}

function meter(parts, whole) {
  let from = 0;
  const bars = parts.map(([name, count]) => {
    const width = whole ? (WIDTH * count) / whole : 0;
    from += width;
    return drawn("rect", { class: name, x: from - width, y: 0, width, height: HEIGHT });
  });
  const ground = drawn("rect", { class: "ground", x: 0, y: 0, width: WIDTH, height: HEIGHT });
  return drawn("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "meter", "aria-hidden": "true", preserveAspectRatio: "none" }, ground, ...bars);
}

function table(name, head, rows) {
  const cells = head.map((text, i) => made("th", { scope: "col", class: i ? null : "name", text }));
  return made(
    "div",
    { class: "scroll", tabindex: 0, role: "group", "aria-label": name },
    made("table", {}, made("thead", {}, made("tr", {}, ...cells)), made("tbody", {}, ...rows)),
  );
}

function nothing(text) {
  return made("p", { class: "empty", text });
}

/** What a way or game is called. */
function called(game, way) {
  return way === "pow" ? "proof of work" : game;
}

/** @param {Row[]} rows @returns {HTMLElement} */
export function funnel(rows) {
  if (!rows.length) return nothing("No challenge was issued in this time.");
  const line = ([name, sum], of) => {
    const { issued } = sum;
    const cells = STAGES.slice(1).map((stage) => made("td", {}, share(sum[stage], issued), meter([["filled", sum[stage]]], issued)));
    return made("tr", { class: of }, made("th", { scope: "row", text: name }), made("td", { class: "n", text: issued.toLocaleString("en") }), ...cells);
  };
  const games = [...summed(rows, ({ game, way }) => called(game, way))].sort().map((entry) => line(entry, null));
  const all = [...summed(rows, () => "all")].map((entry) => line(entry, "all"));
  return table("How far visitors came", ["Game", "Issued", "Started, of those issued", "Finished, of those issued", "Verified, of those issued"], [...games, ...all]);
}

/** @param {Row[]} rows @returns {HTMLElement} */
export function decisions(rows) {
  const decided = rows.filter((row) => Object.keys(row.decisions).length);
  if (!decided.length) return nothing("Nothing was decided about challenges of this time.");
  const groups = [...summed(decided, ({ game, way, device }) => JSON.stringify([called(game, way), way === "pow" ? "none" : device]))].sort();
  const lines = groups.map(([name, sum]) => {
    const counts = DECISIONS.map((decision) => [decision, sum.decisions[decision] ?? 0]);
    const whole = counts.reduce((before, [, count]) => before + count, 0);
    const [game, device] = JSON.parse(name);
    return made(
      "tr",
      {},
      made("th", { scope: "row", text: game }),
      made("td", { text: device }),
      made("td", { class: "n", text: whole.toLocaleString("en") }),
      ...counts.map(([, count]) => made("td", { text: share(count, whole) })),
      made("td", {}, meter(counts, whole)),
    );
  });
  return table("Decisions", ["Game", "Input", "n", "Pass", "Review", "Fail", "Shares"], lines);
}
