// The games in the real widget; then what a site's backend is told, and what an operator sees.

import { facts } from "./dom.js";
import { view } from "./viewer.js";

const LOOK_MS = 1000; // how often a verdict that is still preliminary is looked at again
const PATIENCE_MS = 120_000;

const $ = (id) => document.getElementById(id);
let latest = 0;

/** The answer to a request, or what went wrong with it in words. @returns {Promise<{body?: any, status?: number, trouble?: string}>} */
async function asked(path, content) {
  const options = content && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(content) };
  try {
    const response = await fetch(path, options);
    const body = await response.json();
    return response.ok ? { body } : { status: response.status, trouble: `${body.title}: ${body.detail}.` };
  } catch {
    return { trouble: "The server could not be reached." };
  }
}

function trouble(text) {
  $("trouble").textContent = text;
  $("trouble").hidden = !text;
}

function told(answer) {
  const { metadata = {} } = answer;
  const rows = facts([
    ["success", String(answer.success)],
    ["decision", answer.decision],
    ["status", answer.status],
    ["human_score", answer.human_score === null ? "null: not scored" : `${answer.human_score} (0 to 1, higher is more human)`],
    ["reasons", answer.reasons?.join(", ") || "none"],
    ["error-codes", answer["error-codes"]?.join(", ") || "none"],
    ["hostname", answer.hostname],
    ["action", answer.action],
    ["metadata", [metadata.game, metadata.input_class, metadata.way].filter(Boolean).join(", ")],
    ["policy_version", answer.policy_version],
  ]);
  $("answer").replaceChildren(...rows.childNodes);
  $("json").textContent = JSON.stringify(answer, null, 2);
}

/** Spend the token as a backend does, and show what came of the play. */
async function verify(token) {
  latest += 1;
  const mine = latest;
  $("status").textContent = "The token is here. The backend asks what it is worth.";
  const { body: answer, trouble: wrong } = await asked("/api/v1/demo/siteverify", { response: token });
  if (mine !== latest) return;
  if (!answer) return trouble(wrong);
  told(answer);
  if (answer.event_id) await follow(answer.event_id, mine);
  else trouble("The token could not be answered for.");
}

/** Show the session, and again once its verdict is final: the hosted model takes its time. */
async function follow(id, mine) {
  const until = performance.now() + PATIENCE_MS;
  for (let looks = 0; performance.now() < until; looks += 1) {
    const { body: session, trouble: wrong } = await asked(`/api/v1/demo/sessions/${encodeURIComponent(id)}`);
    if (mine !== latest) return;
    const preliminary = session?.verdict.status === "preliminary";
    if (!session && !looks) trouble(wrong);
    if (session && (!looks || !preliminary)) show(session, looks === 0);
    if (session && !preliminary) return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    if (mine !== latest) return;
  }
}

function show(session, first) {
  const { status, decision } = session.verdict;
  view($("result"), session, { moving: first });
  $("status").textContent = status === "preliminary" ? `Verdict so far: ${decision}. The hosted model is still asked.` : `Verdict: ${decision}.`;
  $("after").hidden = false;
  if (!first) return;
  $("headline").focus({ preventScroll: true });
  $("seen").scrollIntoView();
}

function forget() {
  latest += 1;
  $("after").hidden = true;
  $("status").textContent = "";
  trouble("");
}

async function open() {
  const { body, status, trouble: wrong } = await asked("/api/v1/demo");
  if (!body) {
    trouble(status === 403 ? "The games here are for whoever sits at a machine that serves on the loopback address. Free play works everywhere." : wrong);
    return;
  }
  const widget = document.createElement("play-proof");
  const chosen = () => document.querySelector("#games input:checked").value;
  for (const [name, value] of Object.entries({ sitekey: body.sitekey, action: "demo", game: chosen() })) widget.setAttribute(name, value);
  widget.addEventListener("playproof:verified", ({ detail }) => verify(detail.token));
  widget.addEventListener("playproof:interactive", () => widget.scrollIntoView({ block: "nearest" })); // it grew
  widget.addEventListener("playproof:statechange", ({ detail }) => ["asking", "idle"].includes(detail.state) && forget());
  $("games").addEventListener("change", () => widget.setAttribute("game", chosen()));
  $("again").addEventListener("click", () => {
    widget.reset();
    widget.execute();
  });
  $("place").replaceChildren(widget);
  $("stand").hidden = false;
}

open();
