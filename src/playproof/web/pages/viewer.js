// One session as an operator sees it.

import { facts, made } from "./dom.js";
import { ranges } from "./ranges.js";
import { Replay } from "./replay.js";
import { figures, grounds, opinion } from "./verdict.js";

const still = matchMedia("(prefers-reduced-motion: reduce)");

function time(told) {
  return told ? new Date(told).toLocaleString() : null;
}

function course({ challenge, ...session }) {
  const hits = challenge && challenge.hits !== null ? `${challenge.hits} hits, ${challenge.misses} misses` : null;
  const broken = Object.entries(challenge?.violations ?? {}).map(([name, count]) => `${name} ${count}×`);
  return facts([
    ["Played", `${session.gameType}, ${session.deviceType}`],
    ["Targets", hits && `${hits}${challenge.completed ? "" : ", not completed"}${challenge.prompt ? "" : ", some of it late"}`],
    ["Rules broken", challenge && (broken.join(", ") || "none")],
    ["Toll", challenge?.tollPaid ? "worked out" : null],
    ["Site", challenge && (challenge.siteName ?? challenge.site)],
    ["Page", challenge?.hostname],
    ["Action", challenge?.action],
    ["Finished", time(challenge?.closedAt ?? session.receivedAt)],
    ["Keeps new ones company", session.eligible ? "yes" : null],
    ["Session", made("code", { text: session.sessionId })],
  ]);
}

/** The drawing; where there is nothing to draw, why. */
function drawing({ path, clicks, targets, field }, moving) {
  if (!path) return made("p", { class: "empty", text: "No path is kept of this session: telemetry is not stored, or its time is over." });
  if (path.t.length < 2 && !clicks.t.length) return made("p", { class: "empty", text: "No pointer moved in this session: keys and proof of work leave no path." });
  const replay = new Replay({ path, clicks, targets, field, unit: field ? "units" : "px" });
  if (moving && !still.matches) queueMicrotask(() => replay.run());
  return replay.element;
}

function features(portrait) {
  if (!portrait) return [];
  const shown = portrait.features.length ? ranges(portrait) : made("p", { class: "empty", text: "Nothing was measured." });
  return [made("h3", { text: "Features against people's ranges" }), shown];
}

/**
 * Show `session` in `place`.
 *
 * @param {Element} place
 * @param {any} session As `/api/v1/operator/sessions` and `/api/v1/demo/sessions` tell it.
 * @param {{moving?: boolean, id?: string}} [how] Whether the replay begins by itself, where motion is welcome; and the id of the headline.
 */
export function view(place, session, { moving = false, id = "headline" } = {}) {
  const { verdict, portrait } = session;
  const whole = made("details", {}, made("summary", { text: "The whole verdict, as JSON" }), made("pre", { tabindex: 0 }, made("code", { text: JSON.stringify(verdict, null, 2) })));
  const parts = [
    ...opinion(verdict, id),
    made(
      "div",
      { class: "columns" },
      made("div", {}, drawing(session, moving), course(session)),
      made("div", {}, ...grounds(verdict), figures(verdict, session.policy)),
    ),
    ...features(portrait),
    whole,
  ];
  place.className = `session ${verdict.decision}`;
  place.replaceChildren(...parts);
}
