// The operator's view. The key is kept in a variable of this page and nowhere else.

import { made } from "./dom.js";
import { decisions, funnel } from "./funnel.js";
import { view } from "./viewer.js";

const WINDOWS = { hour: 3_600_000, day: 86_400_000, week: 604_800_000 };
const ROOT = "/api/v1/operator/";
const HEAD = ["Issued", "Session", "Game", "Input", "Came to", "Decision", "Site", "Page", "Action"];
const LIMIT = 25;

const $ = (id) => document.getElementById(id);
let key = "";
let sites = new Map();
let asking = 0; // the latest look: what an earlier one brings is not shown any more

class Refused extends Error {}

/** The answer to a question. Throws `Refused` with what to say about it. */
async function asked(path, query = {}) {
  const said = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== "" && value !== null));
  let response;
  let body;
  try {
    response = await fetch(`${ROOT}${path}${said.size ? `?${said}` : ""}`, { headers: { Authorization: `Bearer ${key}` } });
    body = await response.json();
  } catch {
    throw new Refused("The server could not be reached.");
  }
  if (!response.ok) {
    if (response.status === 401) close();
    throw new Refused(`${body.title}: ${body.detail}.`);
  }
  return body;
}

function close() {
  key = "";
  asking += 1;
  $("view").hidden = true;
  $("result").hidden = true;
  $("result").replaceChildren();
  $("keyform").hidden = false;
  $("key").focus();
}

/** Do `act`, and say what went wrong with it. */
async function tried(act) {
  $("trouble").hidden = true;
  try {
    await act();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    $("status").textContent = "";
    $("trouble").textContent = error.message;
    $("trouble").hidden = false;
  }
}

function time(told) {
  return new Date(told).toLocaleString();
}

async function look() {
  asking += 1;
  const mine = asking;
  $("status").textContent = "Looking…";
  const site = $("site").value;
  const name = document.querySelector("#choice input:checked").value;
  const until = Date.now() + 1;
  const [counted, listed] = await Promise.all([
    asked("funnel", { since: until - WINDOWS[name], until, site }),
    asked("challenges", { site, limit: LIMIT }),
  ]);
  if (mine !== asking) return;
  const whose = site ? `site ${sites.get(site) ?? site}` : "all sites";
  $("when").textContent = `Challenges issued in the last ${name}, from ${time(counted.since)} to ${time(counted.until)}, of ${whose}.`;
  $("funnel").replaceChildren(funnel(counted.rows));
  $("decisions").replaceChildren(decisions(counted.rows));
  $("recent").replaceChildren(listed.challenges.length ? list() : made("p", { class: "empty", text: `No challenge of ${whose} is stored.` }));
  add(listed);
  $("view").hidden = false;
  $("keyform").hidden = true;
  $("status").textContent = `As of ${new Date().toLocaleTimeString()}.`;
}

function list() {
  const head = made("tr", {}, ...HEAD.map((text) => made("th", { scope: "col", text })));
  return made(
    "div",
    { class: "scroll", tabindex: 0, role: "group", "aria-label": "Recent challenges" },
    made("table", {}, made("thead", {}, head), made("tbody", { id: "rows" })),
  );
}

function add({ challenges, after }) {
  $("rows")?.append(...challenges.map(row));
  $("older").hidden = after === null;
  $("older").dataset.after = after ?? "";
}

function row(one) {
  const id = made("code", { text: one.id });
  const button = made("button", { type: "button", class: "link" }, id);
  button.addEventListener("click", () => tried(() => show(one.scope, one.id, button.closest("tr"))));
  const device = one.way === "pow" ? "none" : one.device;
  const cells = [
    made("td", { class: "time", text: time(one.issuedAt) }),
    made("td", {}, one.decision ? button : id),
    made("td", { text: one.way === "pow" ? "proof of work" : one.game }),
    made("td", { text: device ?? "" }),
    made("td", { text: one.stage }),
    made("td", { class: one.decision ? `${one.decision}-word` : null, text: one.decision ?? "" }),
    made("td", { text: sites.get(one.site) ?? one.site }),
    made("td", { text: one.hostname }),
    made("td", { text: one.action ?? "" }),
  ];
  return made("tr", {}, ...cells);
}

async function show(scope, id, line = null) {
  $("status").textContent = "Looking…";
  const session = await asked(`sessions/${encodeURIComponent(scope)}/${encodeURIComponent(id)}`);
  for (const shown of document.querySelectorAll("tr.shown")) shown.classList.remove("shown");
  line?.classList.add("shown");
  [$("scope").value, $("session").value] = [scope, id];
  view($("result"), session);
  $("result").hidden = false;
  $("status").textContent = `Session ${id}.`;
  $("headline").focus();
}

async function enter() {
  const found = await asked("sites");
  sites = new Map(found.sites.map(({ id, name }) => [id, name]));
  $("site").replaceChildren(made("option", { value: "", text: "all" }), ...found.sites.map(({ id, name }) => made("option", { value: id, text: name })));
  const scopes = ["open", "demo", ...found.sites.map(({ id }) => `site:${id}`)];
  $("scopes").replaceChildren(...scopes.map((value) => made("option", { value })));
  await look();
}

$("keyform").addEventListener("submit", (event) => {
  event.preventDefault();
  key = $("key").value.trim();
  $("key").value = "";
  tried(enter);
});
$("choice").addEventListener("submit", (event) => {
  event.preventDefault();
  tried(look);
});
$("choice").addEventListener("change", () => tried(look));
$("older").addEventListener("click", () => tried(async () => {
  const mine = asking;
  const more = await asked("challenges", { site: $("site").value, limit: LIMIT, after: $("older").dataset.after });
  if (mine === asking) add(more);
}));
$("find").addEventListener("submit", (event) => {
  event.preventDefault();
  tried(() => show($("scope").value.trim(), $("session").value.trim()));
});
