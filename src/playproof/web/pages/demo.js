"use strict";

const TARGETS = 10;
const RADIUS = 26; // CSS pixels, as drawn
const FAR = 0.28; // of the arena's diagonal: least way from one target to the next
const MOST_MOVES = 20000;
const LOOK_MS = 1000; // how often a verdict that is still preliminary is looked at again
const PATIENCE_MS = 120000;
const DEVICES = { mouse: "mouse", touch: "touch", pen: "stylus" };

const $ = (id) => document.getElementById(id);
const arena = $("arena");
let play = null;
let last = null;

// Whole pixels: positions taken against the corner of the arena must not get fractions that the pointer never had.
function measured() {
  const { left, top, width, height } = arena.getBoundingClientRect();
  return { left: Math.round(left), top: Math.round(top), width: Math.floor(width), height: Math.floor(height) };
}

function begin() {
  arena.classList.remove("done");
  play = {
    box: measured(),
    started: performance.now(),
    moves: { t: [], x: [], y: [], trusted: [] },
    clicks: { t: [], x: [], y: [], hit: [] },
    spots: [],
    pointers: {},
    hits: 0,
    misses: 0,
  };
  $("curtain").hidden = true;
  $("result").hidden = true;
  $("trouble").hidden = true;
  $("keyform").hidden = true;
  arena.classList.add("playing");
  place();
}

function place() {
  const { width, height } = play.box;
  const edge = RADIUS + 14;
  const before = play.spots[play.spots.length - 1] || { x: width / 2, y: height / 2 };
  let spot = before;
  for (let tries = 0; tries < 200; tries += 1) {
    spot = { x: edge + Math.random() * (width - 2 * edge), y: edge + Math.random() * (height - 2 * edge) };
    if (Math.hypot(spot.x - before.x, spot.y - before.y) > FAR * Math.hypot(width, height)) break;
  }
  play.spots.push(spot);
  $("target").style.left = `${spot.x}px`;
  $("target").style.top = `${spot.y}px`;
  $("target").hidden = false;
  $("status").textContent = `Target ${play.spots.length} of ${TARGETS}`;
}

function where(event) {
  const round = (number) => Math.round(number * 100) / 100;
  return { t: round(event.timeStamp - play.started), x: round(event.clientX - play.box.left), y: round(event.clientY - play.box.top) };
}

function moved(event) {
  if (!play || play.moves.t.length >= MOST_MOVES) return;
  const at = where(event);
  play.moves.t.push(at.t);
  play.moves.x.push(at.x);
  play.moves.y.push(at.y);
  play.moves.trusted.push(event.isTrusted ? 1 : 0);
  play.pointers[event.pointerType] = (play.pointers[event.pointerType] || 0) + 1;
  $("clock").textContent = `${(at.t / 1000).toFixed(1)} s`;
}

function pressed(event) {
  if (!play) return;
  event.preventDefault();
  if (event.pointerType === "touch") moved(event);
  const at = where(event);
  const spot = play.spots[play.spots.length - 1];
  const hit = Math.hypot(at.x - spot.x, at.y - spot.y) <= RADIUS + (event.pointerType === "touch" ? 10 : 2);
  play.clicks.t.push(at.t);
  play.clicks.x.push(at.x);
  play.clicks.y.push(at.y);
  play.clicks.hit.push(hit ? 1 : 0);
  play.pointers[event.pointerType] = (play.pointers[event.pointerType] || 0) + 1;
  if (!hit) {
    play.misses += 1;
    return;
  }
  play.hits += 1;
  if (play.spots.length < TARGETS) place();
  else finish();
}

function finish() {
  const done = play;
  play = null;
  close("Play again");
  const pointer = Object.keys(done.pointers).sort((a, b) => done.pointers[b] - done.pointers[a])[0];
  const times = done.moves.t.concat(done.clicks.t);
  last = {
    done,
    session: {
      gameType: "targets",
      deviceType: DEVICES[pointer] || "unknown",
      durationMs: Math.round((Math.max(...times) - Math.min(...times)) * 100) / 100,
      movements: done.moves,
      clicks: done.clicks,
      hits: done.hits,
      misses: done.misses,
    },
  };
  send();
}

function close(label) {
  $("target").hidden = true;
  arena.classList.remove("playing");
  $("curtain").hidden = false;
  $("start").textContent = label;
}

function asking() {
  const headers = { "Content-Type": "application/json", "Playproof-Demo": "true" };
  if ($("key").value) headers.Authorization = `Bearer ${$("key").value.trim()}`;
  return headers;
}

async function send() {
  $("status").textContent = "Asking the server…";
  let response;
  let body;
  try {
    response = await fetch("/api/v1/score", { method: "POST", headers: asking(), body: JSON.stringify(last.session) });
    body = await response.json();
  } catch {
    trouble("The server could not be reached. Your play was not judged.");
    return;
  }
  if (response.ok) {
    show(body, last.done);
    $("headline").focus();
    if (body.status === "preliminary") await follow(body.sessionId, last);
  } else trouble(`${body.title}: ${body.detail}.`, response.status === 401);
}

// The hosted model takes its time; what is shown meanwhile is the embedded one's.
async function follow(id, shown) {
  const until = performance.now() + PATIENCE_MS;
  while (performance.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    if (play || last !== shown) return;
    try {
      const response = await fetch(`/api/v1/sessions/${encodeURIComponent(id)}`, { headers: asking() });
      const body = response.ok ? await response.json() : null;
      if (body && body.status === "final") {
        if (!play && last === shown) show(body, shown.done);
        return;
      }
    } catch {
      // The server is asked again.
    }
  }
}

function trouble(text, askForKey = false) {
  $("status").textContent = "No verdict.";
  $("trouble").textContent = text;
  $("trouble").hidden = false;
  $("keyform").hidden = !askForKey;
  if (askForKey) $("key").focus();
}

const HEADLINES = {
  pass: "Pass: you moved like people do",
  review: "Review: not clear enough to pass",
  fail: "Fail: hardly anybody moves like this",
};

function inWords(verdict) {
  const { anomalyScore: score } = verdict.anomaly;
  if (score === null) return "There was too little to compare, so only fixed rules answered, without a score.";
  const calibration = verdict.calibration;
  const share = 100 * 10 ** -score;
  const shown = share >= 10 ? share.toFixed(0) : share.toPrecision(2);
  const made = verdict.reasons.some((reason) => reason.code === "synthetic_model") ? "made-up " : "";
  const people = `${calibration.people} ${made}people (${calibration.sessions} plays)`;
  if (score > calibration.resolvedTo) return `More unusual than nearly every play of the ${people} it is compared with.`;
  return `About ${shown} % of plays of ${made}people are at least this unusual. The yardstick is ${people}.`;
}

function show(verdict, done) {
  $("trouble").hidden = true;
  $("keyform").hidden = true;
  const preliminary = verdict.status === "preliminary";
  $("status").textContent = preliminary ? `Verdict so far: ${verdict.decision}. The hosted model is still asked.` : `Verdict: ${verdict.decision}.`;
  $("mark").hidden = !verdict.reasons.some((reason) => reason.code === "synthetic_model");
  $("result").className = verdict.decision;
  $("headline").textContent = HEADLINES[verdict.decision];
  $("summary").textContent = inWords(verdict);
  $("whyhead").textContent = verdict.reasons.length ? "Why" : "No reason against you";
  $("reasons").replaceChildren(...verdict.reasons.map((reason) => element("li", reason.detail)));
  facts(verdict, done);
  draw(done);
  $("answer").textContent = JSON.stringify(verdict, null, 2);
  $("sent").textContent = JSON.stringify(last.session);
  arena.classList.add("done");
  $("result").hidden = false;
}

function facts(verdict, done) {
  const { anomaly, calibration } = verdict;
  const rows = [
    ["Anomaly score", anomaly.anomalyScore === null ? "none" : `${anomaly.anomalyScore.toFixed(2)} (0: ordinary; 2: one person in a hundred)`],
    ["Confidence", `${Math.round(verdict.confidence * 100)} % of resampled yardsticks decide alike`],
    ["Compared with", calibration ? `${calibration.reference}${calibration.status === "observing" ? ", borrowed: your kind of input is not calibrated yet" : ""}` : "nobody"],
    ["Answered by", `${SOURCES[anomaly.source]}, ${anomaly.modelId} ${anomaly.modelVersion}`],
    ["Standing", standing(verdict)],
    ["Your play", `${done.hits} hits, ${done.misses} misses, ${done.moves.t.length} pointer positions`],
    ["Session", verdict.sessionId],
  ];
  $("facts").replaceChildren(...rows.flatMap(([name, value]) => [element("dt", name), element("dd", value)]));
}

const SOURCES = { woodwide: "the hosted model", local: "the embedded model", heuristic: "fixed rules" };

function standing(verdict) {
  if (verdict.status === "preliminary") return "preliminary: the hosted model's answer is still to come";
  const why = verdict.fallbackReason ? `, without the hosted model (${verdict.fallbackReason})` : "";
  return verdict.earlierDecision ? `final${why}; the embedded model had said ${verdict.earlierDecision}` : `final${why}`;
}

function element(name, text) {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

function draw(done) {
  const shape = (name, attributes) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  };
  const svg = $("drawing");
  svg.setAttribute("viewBox", `0 0 ${Math.round(done.box.width)} ${Math.round(done.box.height)}`);
  svg.replaceChildren(
    ...done.spots.map((spot) => shape("circle", { class: "spot", cx: spot.x, cy: spot.y, r: RADIUS })),
    shape("polyline", { points: done.moves.x.map((x, i) => `${x},${done.moves.y[i]}`).join(" ") }),
    ...done.clicks.x.map((x, i) => shape("circle", { class: "click", cx: x, cy: done.clicks.y[i], r: 6 })),
  );
  $("caption").textContent = "Your path: rings are the targets, dots your clicks.";
}

function interrupt(why) {
  if (!play) return;
  play = null;
  close("Start again");
  $("status").textContent = why;
}

arena.addEventListener("pointermove", moved);
arena.addEventListener("pointerdown", pressed);
arena.addEventListener("contextmenu", (event) => play && event.preventDefault());
$("start").addEventListener("click", begin);
$("keyform").addEventListener("submit", (event) => {
  event.preventDefault();
  send();
});
document.addEventListener("visibilitychange", () => document.hidden && interrupt("You left the page, so the play was stopped."));
addEventListener("resize", () => interrupt("The window changed its size, so the play was stopped."));
addEventListener("scroll", () => play && (play.box = measured()), { passive: true });
