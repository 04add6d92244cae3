// A verdict in words, for whoever looks at a session.

import { facts, figure, made } from "./dom.js";

const HEADLINES = {
  pass: "Pass: nothing that decides speaks against it",
  review: "Review: not clear enough to pass",
  fail: "Fail: what speaks against it decides",
};
const SIGNS = { pass: "✓", review: "?", fail: "✕" };
const SOURCES = { woodwide: "the hosted model", local: "the embedded model", heuristic: "fixed rules" };
const MADE_UP = "synthetic_model";

/** Whether the hosted model behind it was trained on people that were made up. */
function isSynthetic(verdict) {
  return verdict.reasons.some(({ code }) => code === MADE_UP);
}

/** The movement score in words. */
function summary(verdict) {
  const { anomalyScore: score } = verdict.anomaly;
  const { calibration } = verdict;
  if (score === null || !calibration) return "The movement has no score: there was too little of it to compare, or none.";
  const kind = isSynthetic(verdict) ? "made-up people" : "people";
  const portion = 100 * 10 ** -score;
  const yardstick = `${calibration.people} ${kind} (${calibration.sessions} plays)`;
  if (score > calibration.resolvedTo) return `The movement is more unusual than nearly every play of the ${yardstick} it is compared with.`;
  return `About ${portion >= 10 ? portion.toFixed(0) : portion.toPrecision(2)} % of plays of ${kind} move at least this unusually. The yardstick is ${yardstick}.`;
}

/** Whether the verdict is the last word, and what was said before. */
function standing(verdict) {
  if (verdict.status === "preliminary") return "preliminary: the hosted model's answer is still to come";
  const why = verdict.fallbackReason ? `, without the hosted model (${verdict.fallbackReason})` : "";
  return verdict.earlierDecision ? `final${why}; the embedded model had said ${verdict.earlierDecision}` : `final${why}`;
}

function compared({ calibration }) {
  if (!calibration) return "nobody";
  const { reference, stratum, status } = calibration;
  return status === "observing" ? `people of ${reference}: too few of ${stratum} are known for the score to decide alone` : `people of ${reference}`;
}

function rules(policy) {
  if (!policy) return null;
  const alone = policy.corroborate && policy.name === "verify" ? "; movement alone fails nobody" : "";
  return `${policy.name}: passes up to ${figure(policy.passThreshold)}, reviews up to ${figure(policy.reviewThreshold)}${alone}${policy.strict ? "; strict" : ""}`;
}

/**
 * Figures of a verdict: score, confidence, who scored, by which rules.
 *
 * @param {any} verdict
 * @param {any} [policy] The rules behind it, where they are known.
 */
export function figures(verdict, policy) {
  const { anomaly } = verdict;
  const score = anomaly.anomalyScore;
  return facts([
    ["Anomaly score", score === null ? "none" : `${score.toFixed(2)} (0 is ordinary, 2 is one person in a hundred)`],
    ["Confidence", `${Math.round(verdict.confidence * 100)} % of resampled yardsticks decide alike`],
    ["Compared with", compared(verdict)],
    ["Scored by", `${SOURCES[anomaly.source]}, ${anomaly.modelId} ${anomaly.modelVersion}`],
    ["Policy", rules(policy)],
    ["Standing", standing(verdict)],
  ]);
}

/**
 * Decision and score in words.
 *
 * @param {any} verdict
 * @param {string} id Of the headline, to which the focus may go.
 */
export function opinion(verdict, id) {
  const { decision } = verdict;
  const sign = made("span", { class: "sign", "aria-hidden": "true", text: SIGNS[decision] });
  const parts = [made("h2", { id, tabindex: -1, class: `decision ${decision}` }, sign, HEADLINES[decision])];
  if (isSynthetic(verdict)) {
    parts.push(made("p", { class: "mark", text: "Synthetic: the hosted model behind this verdict was trained on made-up people. It shows how things work and proves nothing." }));
  }
  return [...parts, made("p", { class: "summary", text: summary(verdict) })];
}

/** The grounds. */
export function grounds({ reasons }) {
  const items = reasons.map(({ code, detail }) => made("li", {}, detail, " ", made("code", { text: code })));
  return [made("h3", { text: reasons.length ? "Why" : "No reason against it" }), made("ul", { class: "reasons" }, ...items)];
}
