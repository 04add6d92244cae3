// Ten targets, and the path to them sent to be scored as any program may send one.

import { view } from "./viewer.js";

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
  $("whatsent").hidden = true;
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
  play.spots.push({ ...spot, radius: RADIUS, shownAt: performance.now() - play.started, hitAt: null });
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
  spot.hitAt = at.t;
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
    await show(body, last);
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
        if (!play && last === shown) await show(body, shown);
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

/** What the service can tell of the session beside its verdict; null where it tells nobody. */
async function details(id) {
  try {
    const response = await fetch(`/api/v1/demo/sessions/${encodeURIComponent(id)}`);
    return response.ok ? await response.json() : null;
  } catch {
    return null;
  }
}

async function show(verdict, { done, session }) {
  const known = await details(verdict.sessionId);
  const { moves, clicks, spots } = done;
  const zero = Math.min(...moves.t.slice(0, 1), ...clicks.t.slice(0, 1));
  const since = ({ t, x, y }) => ({ t: t.map((at) => at - zero), x, y });
  const own = { gameType: session.gameType, deviceType: session.deviceType, sessionId: verdict.sessionId, challenge: null, portrait: null };
  const targets = spots.map((spot) => ({ ...spot, shownAt: spot.shownAt - zero, hitAt: spot.hitAt === null ? null : spot.hitAt - zero }));
  view($("result"), { ...own, ...known, verdict, path: since(moves), clicks: since(clicks), targets, field: null });
  $("trouble").hidden = true;
  $("keyform").hidden = true;
  const preliminary = verdict.status === "preliminary";
  $("status").textContent = preliminary ? `Verdict so far: ${verdict.decision}. The hosted model is still asked.` : `Verdict: ${verdict.decision}.`;
  $("sent").textContent = JSON.stringify(session);
  $("whatsent").hidden = false;
  arena.classList.add("done");
  $("result").hidden = false;
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
