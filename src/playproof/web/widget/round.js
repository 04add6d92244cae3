// One game in the widget: fetched, played, over.

import { Trouble } from "./trouble.js";

/** Fetch what all games need, while something else is waited for. */
export function prepare() {
  import("./games/index.js").catch(() => {}); // asked for again where it is needed, and its failure told of there
}

/**
 * Play the game of `challenge` in `place`.
 *
 * @param {Element} place
 * @param {import("./client.js").Challenge} challenge
 * @param {AbortSignal} signal Aborted where the game is of no use any more; it is gone then.
 * @param {object} hooks
 * @param {object} hooks.options Of the game; see games/play.js.
 * @param {() => void} hooks.opening Told when the game is about to be shown.
 * @param {(surface: HTMLElement) => void} hooks.open Told once it is.
 * @returns {Promise<() => void>} resolves once every target is hit and the service has seen it, to what takes the game away; rejects with `Trouble`
 */
export async function round(place, challenge, signal, { options, opening, open }) {
  const { mount } = await fetched(import("./games/index.js"));
  if (signal.aborted) return () => {};
  opening();
  const over = {};
  over.promise = new Promise((resolve, reject) => Object.assign(over, { resolve, reject }));
  over.promise.catch(() => {}); // heard of below, where the game came to be mounted
  signal.addEventListener("abort", over.resolve);
  const onEvents = async (batch) => {
    try {
      return await challenge.send(batch);
    } catch (trouble) {
      over.reject(trouble);
      throw trouble;
    }
  };
  const { surface, destroy } = await fetched(mount(place, challenge.view, { ...options, onEvents, onDone: over.resolve }));
  signal.addEventListener("abort", destroy);
  if (signal.aborted) destroy();
  else open(surface);
  await over.promise;
  return destroy;
}

async function fetched(modules) {
  try {
    return await modules;
  } catch {
    throw new Trouble("module");
  }
}
