// What a widget may be told by attributes, under the names that Turnstile gave them; `data-` may stand before each.

/** What each attribute is where nothing is said: of a list, its first; all others are text. */
export const ATTRIBUTES = Object.freeze({
  sitekey: "",
  action: "",
  cdata: "",
  game: "",
  theme: ["auto", "light", "dark"],
  size: ["normal", "compact", "flexible"],
  language: "auto",
  appearance: ["always", "execute", "interaction-only"],
  execution: ["render", "execute"],
  tabindex: "",
  retry: ["auto", "never"],
  "retry-interval": "8000",
  "refresh-expired": ["auto", "manual", "never"],
  "refresh-spent": ["auto", "never"],
  "response-field": ["true", "false"],
  "response-field-name": "playproof-response",
  "help-url": "",
  worker: ["auto", "never"],
  service: "",
});

/** Functions that a widget calls: the attribute's value is the name of a global one, an option may be the function itself. */
export const CALLBACKS = Object.freeze([
  "callback",
  "error-callback",
  "expired-callback",
  "timeout-callback",
  "before-interactive-callback",
  "after-interactive-callback",
  "unsupported-callback",
]);

/** Attributes that change the look of a widget, and nothing of its challenge. */
export const LOOKS = Object.freeze(["theme", "size", "language", "appearance", "help-url"]);

/**
 * The settings that stand on an element.
 *
 * @param {Element} element
 * @returns {Record<string, string>} by attribute; what is not among the choices is as if nothing were said
 */
export function settingsOf(element) {
  const read = ([name, usual]) => {
    const said = element.getAttribute(name) ?? element.getAttribute(`data-${name}`);
    if (Array.isArray(usual)) return [name, usual.includes(said) ? said : usual[0]];
    return [name, said ?? usual];
  };
  return Object.fromEntries(Object.entries(ATTRIBUTES).map(read));
}

/**
 * The function that is to be called.
 *
 * @param {Element} element
 * @param {string} name One of `CALLBACKS`.
 * @returns {Function | null}
 */
export function callbackOf(element, name) {
  const said = element.getAttribute(name) ?? element.getAttribute(`data-${name}`);
  const found = said ? window[said] : null;
  return typeof found === "function" ? found : null;
}

/** @returns {URL | null} where help is, unless the address is one that a link should not have */
export function helpOf(address) {
  if (!address) return null;
  try {
    const url = new URL(address, document.baseURI);
    return ["https:", "http:", "mailto:", "tel:"].includes(url.protocol) ? url : null;
  } catch {
    return null;
  }
}
