// What is to be seen of a widget: one box whose parts come and go with the state.

import { icon, made } from "./dom.js";
import { helpOf } from "./settings.js";
import { STYLE } from "./style.js";
import { WORDS } from "./words/en.js";
import { directionOf } from "./words/index.js";

const SVG = "http://www.w3.org/2000/svg";
const QUARTER = 0.25;

/** Icon, title and note of each state; an error's are by its code. */
const FACES = {
  idle: ["go", "start", "startNote"],
  asking: ["wait", "asking"],
  playing: ["wait", "playing"],
  working: ["wait", "working", "workingNote"],
  finishing: ["wait", "finishing"],
  verified: ["done", "verified", "verifiedNote"],
  expired: ["again", "expired", "expiredNote"],
  spent: ["again", "spent", "spentNote"],
  overdue: ["again", "overdue", "overdueNote"],
  unsupported: ["trouble", "unsupported", "unsupportedNote"],
};
const PRESSED = ["idle", "expired", "spent", "overdue", "error"];
const CODES = { network: "network", busy: "busy", "rate-limited": "rateLimited", module: "network", work: "broken" };

/** The face of a widget. */
export class View {
  #hooks;
  #words = WORDS;
  #quarter = 0;

  /**
   * @param {HTMLElement} host
   * @param {{start: () => void, choose: (way: string, game?: string) => void}} hooks What a visitor may ask for.
   */
  constructor(host, hooks) {
    this.#hooks = hooks;
    this.root = host.attachShadow({ mode: "open", delegatesFocus: host.hasAttribute("tabindex") });
    dressed(this.root);
    this.main = made("div", { class: "main" });
    this.game = made("div", { class: "game", hidden: "" });
    this.lost = made("p", { class: "lost", hidden: "" });
    this.panels = made("div", { class: "panels" });
    this.foot = made("div", { class: "foot" });
    this.live = made("p", { class: "live", role: "status" });
    this.box = made("div", { class: "box", role: "group", hidden: "" }, this.main, this.game, this.lost, this.foot, this.panels, this.live);
    this.root.replaceChildren(this.box);
  }

  /** Speak `language` and look as the settings say. */
  dress(settings, language, words) {
    this.#words = words;
    const { dataset } = this.box;
    [dataset.theme, dataset.size] = [settings.theme, settings.size];
    this.box.lang = language;
    this.box.dir = directionOf(language);
    this.box.setAttribute("aria-label", words.name);
    this.lost.textContent = words.offline;
    this.#furnish(helpOf(settings["help-url"]));
  }

  /**
   * Show a state.
   *
   * @param {import("./machine.js").State} state
   * @param {{code?: string, repeats?: boolean, fixed?: boolean}} [more] Why it is `error`, whether that is tried again by itself, and
   *   whether there is nothing to press.
   */
  show(state, more = {}) {
    const { activeElement } = this.root;
    const held = activeElement && !this.foot.contains(activeElement) && (state === "asking" || !this.panels.contains(activeElement));
    if (state === "asking") this.#fold();
    this.box.dataset.state = state;
    const [sign, title, note] = state === "error" ? this.#failure(more) : FACES[state];
    const words = made("span", { class: "words" }, made("span", { class: "title", text: this.#words[title] }));
    if (note) words.append(made("span", { class: "note", text: this.#words[note] }));
    if (state === "error") words.append(made("span", { class: "code", text: this.#words.code.replace("{code}", more.code) }));
    const pressed = PRESSED.includes(state) && !more.fixed;
    const row = made(pressed ? "button" : "div", pressed ? { class: "row", type: "button" } : { class: "row", tabindex: "-1" }, icon(sign), words);
    if (pressed) row.addEventListener("click", this.#hooks.start);
    this.main.replaceChildren(row);
    if (state === "working") this.#measure(words);
    this.game.hidden = state !== "playing";
    this.offline(false);
    if (held && state !== "playing") row.focus({ preventScroll: true });
    this.say(["playing", "idle"].includes(state) ? "" : [this.#words[title], this.#words[note]].filter(Boolean).join(" "));
  }

  /** Say something to those who listen. */
  say(text) {
    this.live.textContent = text;
  }

  /** The connection went, or came. */
  offline(is) {
    if (this.lost.hidden === !is) return;
    this.lost.hidden = !is;
    if (is) this.say(this.#words.offline);
  }

  /** So much of the sum is tried, 0 to 1. */
  progress(share) {
    const meter = this.main.querySelector(".meter");
    if (!meter) return;
    const percent = Math.round(share * 100);
    meter.setAttribute("aria-valuenow", String(percent));
    meter.querySelector("rect").setAttribute("width", String(percent));
    if (Math.floor(share / QUARTER) <= this.#quarter) return;
    this.#quarter = Math.floor(share / QUARTER);
    this.say(this.#words.share.replace("{share}", String(percent)));
  }

  /** Whether the focus is anywhere in the widget. */
  get focused() {
    return this.root.activeElement !== null;
  }

  /** Shut what was opened in the foot. */
  #fold() {
    for (const button of this.foot.querySelectorAll("button")) button.setAttribute("aria-expanded", "false");
    for (const panel of this.panels.children) panel.hidden = true;
  }

  #failure({ code, repeats }) {
    const title = CODES[code] ?? "refused";
    return ["trouble", title, title === "refused" ? "refusedNote" : repeats ? "waitNote" : "retryNote"];
  }

  #measure(words) {
    this.#quarter = 0;
    const bar = document.createElementNS(SVG, "svg");
    bar.setAttribute("viewBox", "0 0 100 1");
    bar.setAttribute("preserveAspectRatio", "none");
    bar.setAttribute("aria-hidden", "true");
    const rect = document.createElementNS(SVG, "rect");
    for (const [key, value] of [["width", 0], ["height", 1]]) rect.setAttribute(key, String(value));
    bar.append(rect);
    const state = { class: "meter", role: "progressbar", "aria-label": this.#words.working, "aria-valuemin": "0", "aria-valuemax": "100", "aria-valuenow": "0" };
    words.append(made("span", state, bar));
  }

  /** The foot and its panels. */
  #furnish(help) {
    const { about, aboutText, ways, otherGame, byKeys, byWork } = this.#words;
    const choice = (text, way, game) => {
      const button = made("button", { class: "way", type: "button", text });
      button.addEventListener("click", () => this.#hooks.choose(way, game));
      return button;
    };
    const told = made("div", { class: "panel", id: "about", hidden: "" }, ...aboutText.map((text) => made("p", { text })));
    const others = made("div", { class: "panel", id: "ways", hidden: "" });
    others.append(choice(otherGame, "game"), choice(byKeys, "game", "bubble-pop"), choice(byWork, "pow"));
    for (const panel of help ? [told, others] : []) {
      panel.append(made("a", { class: "way", href: help.href, target: "_blank", rel: "noopener noreferrer", text: this.#words.help }));
    }
    this.panels.replaceChildren(told, others);
    this.foot.replaceChildren(this.#opener(about, told), this.#opener(ways, others), made("span", { class: "brand", text: "PlayProof" }));
  }

  #opener(text, panel) {
    const button = made("button", { type: "button", "aria-expanded": "false", "aria-controls": panel.id, text });
    button.addEventListener("click", () => {
      const opens = panel.hidden;
      this.#fold();
      panel.hidden = !opens;
      button.setAttribute("aria-expanded", String(opens));
    });
    return button;
  }
}

/** Dress `root` with the sheet that all widgets of a page share; a browser without such sheets shows words alone. */
let shared = null;
function dressed(root) {
  if (!("replaceSync" in CSSStyleSheet.prototype)) return;
  if (!shared) {
    shared = new CSSStyleSheet();
    shared.replaceSync(STYLE);
  }
  root.adoptedStyleSheets = [shared];
}
