// <play-proof>: the element that a widget lives in.

import { ATTRIBUTES, LOOKS } from "./settings.js";
import { Widget } from "./widget.js";

/** The service that these modules came from; a copy of them is told by the attribute `service` where that is. */
const ROOT = new URL(import.meta.url.split("/widget/", 1)[0] + "/");

/** Every attribute may also begin with `data-`. */
const OBSERVED = Object.keys(ATTRIBUTES).flatMap((name) => [name, `data-${name}`]);

/** The custom element. `state`, `token`, `execute()` and `reset()` are the widget's. */
export class PlayProof extends HTMLElement {
  static observedAttributes = OBSERVED;

  #widget = null;
  #dressing = false;

  /** @returns {Widget | null} null as long as the element never was in a page */
  get widget() {
    return this.#widget;
  }

  get state() {
    return this.#widget?.state ?? "idle";
  }

  get token() {
    return this.#widget?.take() ?? "";
  }

  /** Begin, where nothing is open and no good token is held. */
  execute() {
    this.#widget?.execute();
  }

  /** Forget what is open and what is held. */
  reset() {
    this.#widget?.reset();
  }

  /** Have `functions` called, by the names of `CALLBACKS`, instead of global ones. */
  set functions(functions) {
    this.#made().functions = functions;
  }

  connectedCallback() {
    this.#made().attach();
    this.#dress();
  }

  disconnectedCallback() {
    // An element that is only moved is back before anything else happens.
    queueMicrotask(() => {
      if (!this.isConnected) this.#widget?.detach();
    });
  }

  attributeChangedCallback(name, before, after) {
    if (!this.#widget || before === after) return;
    if (!LOOKS.includes(name.replace(/^data-/, ""))) this.#widget.reset();
    this.#dress();
  }

  /** The page is shown again. */
  wake(fromCache) {
    this.#widget?.wake(fromCache);
  }

  #made() {
    this.#widget ??= new Widget(this, ROOT);
    return this.#widget;
  }

  #dress() {
    if (this.#dressing) return;
    this.#dressing = true;
    queueMicrotask(() => {
      this.#dressing = false;
      this.#widget.dress();
    });
  }
}
