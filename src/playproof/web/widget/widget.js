// One widget: what a visitor sees, the challenge behind it, and the token in the form.

import { Challenge } from "./client.js";
import { Field } from "./field.js";
import { BUSY, Machine } from "./machine.js";
import { prepare, round } from "./round.js";
import { ATTRIBUTES, callbackOf, settingsOf } from "./settings.js";
import { PASSING, Trouble } from "./trouble.js";
import { View } from "./view.js";
import { languageOf, wordsOf } from "./words/index.js";
import { solve } from "./work.js";

const SPARE_MS = 5_000; // a token is given up so long before the service does, so that none dies on its way
const MOST_RETRIES = 5;

/** What a widget cannot do without. */
function supported() {
  return typeof PointerEvent === "function" && "replaceSync" in CSSStyleSheet.prototype && "adoptedStyleSheets" in Document.prototype;
}

/** The state, the sights and the challenge of one `<play-proof>`. */
export class Widget {
  #host;
  #root;
  #settings = settingsOf(document.createElement("i"));
  #functions = {};
  #view;
  #field;
  #machine;
  #challenge = null;
  #attempt = null; // aborted where what it waits for is of no use any more
  #way = { way: "game" };
  #token = "";
  #until = 0;
  #timers = new Set();
  #retries = 0;
  #begun = false;
  #gameWords = {};
  #trouble = {};
  #ready = false;

  /**
   * @param {HTMLElement} host
   * @param {URL} root Of the service that these modules came from.
   */
  constructor(host, root) {
    this.#host = host;
    this.#root = root;
    this.#field = new Field(host, () => this.#spent());
    this.#machine = new Machine((state, before) => this.#moved(state, before));
    this.#view = new View(host, { start: () => this.start(), choose: (way, game) => this.start({ way, game }) });
  }

  get state() {
    return this.#machine.state;
  }

  /** Functions that are called instead of global ones, by the names of `CALLBACKS`. */
  set functions(functions) {
    this.#functions = functions;
  }

  /** The host came into a page, or to another place of it. */
  attach() {
    this.#field.attach();
  }

  /** The host left the page. */
  detach() {
    this.#field.detach();
    this.#drop();
    this.#machine.reset();
    this.#hold("", 0);
  }

  /** Read the attributes anew, and speak and look as they say. */
  async dress() {
    const settings = settingsOf(this.#host);
    this.#settings = settings;
    const { language, words, games } = await wordsOf(languageOf(settings.language, this.#host));
    if (this.#settings.language !== settings.language) return; // told otherwise meanwhile
    this.#gameWords = games;
    this.#view.dress(this.#settings, language, words);
    this.#field.name(this.#settings["response-field"] === "true" ? this.#settings["response-field-name"] || ATTRIBUTES["response-field-name"] : "");
    if (this.#ready) {
      if (this.state !== "playing") this.#show();
      return;
    }
    this.#ready = true;
    if (!supported()) {
      this.#machine.go("refuse");
      this.#tell("unsupported", {}, "unsupported-callback");
    } else this.#show();
    this.#tell("ready");
  }

  /**
   * Begin a challenge; what was open or held is given up.
   *
   * @param {{way: "game" | "pow", game?: string}} [way] As last time unless said.
   */
  async start(way = this.#way) {
    this.#way = way;
    this.#begun = true;
    this.#hold("", 0);
    if (!this.#machine.go("start")) return;
    this.#drop(); // after the focus went from what is dropped to what is shown
    if (way.way === "game") prepare();
    const attempt = new AbortController();
    this.#attempt = attempt;
    const { sitekey, action, cdata, service, game } = settingsOf(this.#host);
    const root = service ? new URL(service.replace(/\/?$/, "/"), document.baseURI) : this.#root;
    const wanted = { sitekey, way: way.way, game: way.game ?? (game || undefined), action: action || undefined, cdata: cdata || undefined };
    try {
      const view = await Challenge.ask(root, wanted, attempt.signal);
      if (attempt.signal.aborted) return;
      if (view.token) this.#grant(view); // a test key's
      else await this.#open(new Challenge(root, view, this.#hooks()), attempt.signal);
    } catch (error) {
      if (!attempt.signal.aborted) this.#failed(error instanceof Trouble ? error : new Trouble("broken"));
    }
  }

  /** Begin, where nothing is open and no good token is held. */
  execute() {
    if (!this.#busy && !this.token) this.start();
  }

  /** Forget what is open and what is held, and wait for the visitor again. */
  reset() {
    this.#hold("", 0);
    this.#retries = 0;
    this.#begun = false;
    this.#machine.reset();
    this.#drop();
  }

  /** The token, for as long as it is good. */
  get token() {
    return this.expired ? "" : this.#token;
  }

  /** Whoever reads the token for a form that is being sent has taken it. */
  take() {
    const { token } = this;
    if (token) this.#field.taken();
    return token;
  }

  get expired() {
    return Boolean(this.#token) && Date.now() >= this.#until;
  }

  /** The page was put aside and is back, or was not looked at for long: clocks may have stood still. */
  wake(fromCache) {
    if (fromCache && (this.#busy || this.#field.posted)) this.reset();
    else if (this.state === "verified" && this.expired) this.#expire();
    else if (this.state === "expired") this.#refresh();
  }

  get #busy() {
    return BUSY.includes(this.state);
  }

  #hooks() {
    return {
      offline: (is) => this.#view.offline(is),
      keys: (puzzle, signal) => this.#solve(puzzle, signal),
    };
  }

  async #open(challenge, signal) {
    this.#challenge = challenge;
    this.#later(challenge.view.expiresIn, () => this.#failed(new Trouble("overdue")));
    const { view } = challenge;
    let pow;
    let remove = () => {};
    if (view.pow) {
      this.#machine.go("work");
      pow = await this.#solve(view.pow, signal, (share) => this.#view.progress(share));
    } else {
      remove = await this.#play(challenge, signal);
    }
    if (signal.aborted) return;
    this.#machine.go("play");
    remove();
    const granted = await challenge.finish(pow);
    if (!signal.aborted) this.#grant(granted);
  }

  #grant({ token, expiresIn }) {
    this.#drop();
    this.#retries = 0;
    this.#hold(token, expiresIn);
    this.#machine.go("token");
    this.#tell("verified", { token, expiresIn }, "callback", token);
  }

  #play(challenge, signal) {
    let focused = false;
    return round(this.#view.game, challenge, signal, {
      options: {
        reducedMotion: matchMedia("(prefers-reduced-motion: reduce)").matches,
        theme: this.#settings.theme,
        words: this.#gameWords,
      },
      opening: () => {
        this.#call("before-interactive-callback");
        ({ focused } = this.#view);
        this.#machine.go("issue");
      },
      open: (surface) => {
        if (focused) surface.focus({ preventScroll: true });
        this.#tell("interactive");
      },
    });
  }

  #solve(puzzle, signal, progress) {
    return solve(puzzle, signal, { progress, worker: this.#settings.worker === "auto" });
  }

  #failed(trouble) {
    if (trouble.code === "overdue") {
      this.#machine.go("overrun");
      this.#drop();
      this.#call("timeout-callback");
      return;
    }
    const repeats = PASSING.includes(trouble.code) && this.#settings.retry === "auto" && this.#retries < MOST_RETRIES;
    this.#trouble = { code: trouble.code, repeats };
    this.#machine.go("fail");
    this.#drop();
    this.#tell("error", { code: trouble.code }, "error-callback", trouble.code);
    if (!repeats) return;
    this.#retries += 1;
    this.#later(Math.max(Number(this.#settings["retry-interval"]) || 0, trouble.retryAfter), () => this.start());
  }

  #spent() {
    if (this.#settings["refresh-spent"] === "auto") this.#giveUp("spend", "spent");
  }

  #expire() {
    this.#giveUp("expire", "expired");
    this.#refresh();
  }

  #giveUp(cause, reason) {
    if (!this.#machine.go(cause)) return;
    this.#drop();
    this.#hold("", 0);
    this.#tell("expired", { reason }, "expired-callback");
  }

  /** Only what needs nobody is begun again by itself, and only while somebody looks. */
  #refresh() {
    if (this.#settings["refresh-expired"] === "auto" && this.#way.way === "pow" && !document.hidden) this.start();
  }

  #hold(token, milliseconds) {
    this.#token = token;
    this.#field.hold(token);
    if (!token) return;
    const left = Math.max(milliseconds - SPARE_MS, milliseconds / 2);
    this.#until = Date.now() + left;
    this.#later(left, () => this.#expire());
  }

  /** Let go of what is open: the challenge, what waits for it, and every timer. */
  #drop() {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#attempt?.abort();
    this.#attempt = null;
    this.#challenge?.close();
    this.#challenge = null;
  }

  #later(milliseconds, act) {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, milliseconds);
    this.#timers.add(timer);
  }

  #moved(state, before) {
    this.#show();
    if (before === "playing") this.#call("after-interactive-callback");
    this.#tell("statechange", { state, before });
  }

  #show() {
    const { state } = this;
    const { appearance, execution } = this.#settings;
    const away = execution === "execute" && !this.#begun;
    this.#view.box.hidden = (appearance === "execute" && away) || (appearance === "interaction-only" && (away || state === "verified"));
    this.#view.show(state, { ...this.#trouble, fixed: state === "expired" && this.#settings["refresh-expired"] === "never" });
  }

  /** Dispatch an event, and call what is to be called with it; once all is in order here, so that listeners may ask for anything. */
  #tell(name, detail = {}, callback = "", ...values) {
    const event = new CustomEvent(`playproof:${name}`, { bubbles: true, composed: true, detail });
    queueMicrotask(() => this.#host.dispatchEvent(event));
    if (callback) this.#call(callback, ...values);
  }

  /** The page's functions run on their own as well, so that what they throw is the page's. */
  #call(name, ...values) {
    const called = this.#functions[name] ?? callbackOf(this.#host, name);
    if (called) queueMicrotask(() => called(...values));
  }
}
