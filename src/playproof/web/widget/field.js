// The field of the form: a hidden input beside the widget, as long as it holds a token, and whether that was taken.

const NAVIGATION_MS = 30_000; // how long a page that is being left may take to go
const TAKEN_MS = 3_000; // how long a script that sends the form may take to read the field again

/** A hidden input that is a real child of `host`, so that it is posted with whatever form that stands in. */
export class Field {
  #host;
  #input = null;
  #token = "";
  #submitted = false;
  #taken = false;
  #grace = 0; // how long a token that was taken is kept; 0 until it is known what became of the form
  #timer = 0;
  #spent;
  #root = null;

  /**
   * @param {HTMLElement} host
   * @param {() => void} spent Told when the token went out with its form and the page is still there.
   */
  constructor(host, spent) {
    this.#host = host;
    this.#spent = spent;
  }

  /** Have an input of that name, or none. */
  name(name) {
    if (!name) {
      this.#input?.remove();
      this.#input = null;
      return;
    }
    if (!this.#input) {
      this.#input = Object.assign(document.createElement("input"), { type: "hidden", autocomplete: "off" });
      const plain = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value");
      const taken = () => this.taken();
      Object.defineProperty(this.#input, "value", {
        get() {
          taken();
          return plain.get.call(this);
        },
        set(value) {
          plain.set.call(this, value);
        },
        configurable: true,
      });
    }
    this.#input.name = name;
    this.#input.value = this.#token;
    if (this.#input.parentNode !== this.#host) this.#host.append(this.#input);
  }

  /** Hold `token`, or nothing. */
  hold(token) {
    clearTimeout(this.#timer);
    [this.#token, this.#submitted, this.#taken] = [token, false, false];
    if (this.#input) this.#input.value = token;
  }

  /** The token was read, by whoever. */
  taken() {
    if (!this.#token) return;
    this.#taken = true;
    if (this.#submitted && this.#grace) this.#after();
  }

  /** Whether the token went out, and is worth nothing any more. */
  get posted() {
    return this.#submitted && this.#taken;
  }

  /** Listen to the form, wherever the host is now. */
  attach() {
    this.detach();
    this.#root = this.#host.getRootNode();
    this.#root.addEventListener("submit", this, true); // before the form's own listeners read the field
    this.#root.addEventListener("formdata", this);
  }

  detach() {
    clearTimeout(this.#timer);
    this.#root?.removeEventListener("submit", this, true);
    this.#root?.removeEventListener("formdata", this);
    this.#root = null;
  }

  /** @param {Event} event */
  handleEvent(event) {
    const form = this.#host.closest("form");
    if (!form || event.target !== form || !this.#token) return;
    if (event.type === "formdata") this.taken();
    else this.#submit(event, form);
  }

  #submit(event, form) {
    [this.#submitted, this.#taken, this.#grace] = [true, false, 0];
    // What scripts make of it is known once all of them have seen it.
    setTimeout(() => {
      if (!this.#submitted) return;
      const target = event.submitter?.formTarget || form.target;
      const leaves = !event.defaultPrevented && (!target || target === "_self");
      this.#grace = leaves ? NAVIGATION_MS : TAKEN_MS;
      this.#taken ||= !event.defaultPrevented;
      if (this.#taken) this.#after();
    });
  }

  #after() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.posted && this.#spent(), this.#grace);
  }
}
