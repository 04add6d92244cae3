// One play of any game: targets come with answers, are shown, judged here for the eye and at the server for the record.

import { capture } from "./capture.js";
import { Kind, Mark } from "./field.js";
import { filled, stage } from "./stage.js";
import { WORDS } from "./words.js";

/**
 * @typedef {object} View What the server gave when it issued the challenge.
 * @property {string} game
 * @property {{steps: number, radius: number, margin: number, far: number, slack: number, touchSlack: number, soonestMs: number}} parameters
 * @property {{step: number, seed: string}} reveal
 */
/**
 * @typedef {object} Options
 * @property {(batch: {events: number[][]}) => Promise<{reveal: {step: number, seed: string} | null}>} onEvents
 *   Sends a batch and gives the server's answer. The next batch waits for it; where it fails, the play stops.
 * @property {() => void} [onDone] Every target was hit, and the server has seen it.
 * @property {boolean} [reducedMotion]
 * @property {"light" | "dark" | "auto"} [theme]
 * @property {object} [words] Instead of those of words.js, one by one.
 */
/**
 * @typedef {object} Scene What a game draws, and how it judges for the eye.
 * @property {(target: import("./field.js").Target, step: number) => void} show
 * @property {(input: import("./field.js").Input, sight: import("./field.js").Sight | null) => number} judge
 * @property {(input: import("./field.js").Input, target: import("./field.js").Target) => void} hit
 * @property {(input: import("./field.js").Input, target: import("./field.js").Target, since: number) => string} miss Gives the word to say.
 * @property {(now: number, sight: import("./field.js").Sight | null) => void} frame Called for each frame.
 * @property {(target: import("./field.js").Target) => string} tell The target in words, for those who do not see it.
 */

/**
 * Play `game` in `element`.
 *
 * @param {Element} element
 * @param {View} view
 * @param {Options} options
 * @param {{layout: Function, scene: Function, touchAction?: string, repeats?: boolean}} game
 * @returns {{surface: Element, destroy: () => void}}
 */
export function play(element, view, options, game) {
  const words = { ...WORDS, ...options.words };
  const { parameters } = view;
  const frame = stage(element, view, options, words, game.touchAction ?? "manipulation");
  let target = null;
  let step = -1;
  let shown = null;
  let hitAt = null; // when the present target was hit as seen from here; the server has the last word
  let over = false;

  const sight = () => (shown === null || hitAt !== null ? null : { target, shown });
  const log = capture(frame.surface, {
    send: options.onEvents,
    input,
    answer,
    trouble: () => {
      frame.say(words.stopped);
      end();
    },
    repeats: Boolean(game.repeats),
  });
  const scene = game.scene(frame, parameters, {
    /** The target was hit at a time between events. */
    hit: (t) => {
      hitAt = t;
      log.log(Kind.TICK, 0, t);
      log.hurry();
      reached({ x: target.x, y: target.y });
    },
  });

  function input(event) {
    const seen = sight();
    const mark = scene.judge(event, seen);
    if (!seen || mark === Mark.NOTHING || event.t - shown < parameters.soonestMs) return;
    if (mark === Mark.MISS) {
      frame.say(scene.miss(event, target, event.t - shown));
      return;
    }
    hitAt = event.t;
    reached(event);
  }

  function reached(event) {
    scene.hit(event, target);
    frame.progress(step + 1);
    frame.say(words.hit);
  }

  function answer(reveal, until) {
    if (reveal === null) {
      frame.say(words.done);
      frame.finish();
      end();
      options.onDone?.();
    } else if (reveal.step !== step) {
      present(reveal);
    } else if (hitAt !== null && until >= hitAt) {
      hitAt = null;
      frame.progress(step);
      scene.show(target, step);
    }
  }

  function present(reveal) {
    target = game.layout(reveal.seed, parameters, target);
    step = reveal.step;
    [shown, hitAt] = [null, null];
    frame.progress(step);
    const told = scene.tell(target);
    frame.say(`${filled(words.step, { step: step + 1, steps: parameters.steps })}${told && `: ${told}`}`);
    scene.show(target, step);
    requestAnimationFrame(() => {
      if (over || step !== reveal.step) return;
      shown = log.log(Kind.SHOWN, step);
      frame.surface.dataset.shown = String(step);
    });
  }

  function animate() {
    if (over) return;
    scene.frame(log.now(), sight());
    requestAnimationFrame(animate);
  }

  function end() {
    over = true;
    log.stop();
  }

  present(view.reveal);
  requestAnimationFrame(animate);
  return {
    surface: frame.surface,
    destroy: () => {
      end();
      frame.remove();
    },
  };
}
