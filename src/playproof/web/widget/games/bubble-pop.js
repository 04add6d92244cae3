// Bubble-pop: a bubble appears, is popped, and the next appears elsewhere.

import { drawnPlace, Key, Kind, Mark, within } from "./field.js";
import { Generator } from "./generator.js";
import { play } from "./play.js";
import { arrow, burst, cross, shape } from "./stage.js";

/** The bubble of a step, as the server lays it out. */
export function layout(seed, parameters, before) {
  const generator = new Generator(seed);
  const [x, y] = drawnPlace(generator, parameters, before ? [[before.x, before.y]] : []);
  return { x, y, radius: parameters.radius, key: generator.below(4) };
}

function scene({ field, still, words }, parameters) {
  const bubble = shape("g", {});
  field.append(bubble);
  return {
    show({ x, y, radius, key }) {
      const inner = shape("g", {});
      inner.append(
        shape("circle", { class: "disc", r: radius - 2 }),
        shape("path", { class: "shine", d: `M${-radius * 0.62} ${-radius * 0.22}A${radius * 0.66} ${radius * 0.66} 0 0 1 ${-radius * 0.2} ${-radius * 0.63}` }),
        arrow(key, 22),
      );
      bubble.setAttribute("transform", `translate(${x} ${y})`);
      bubble.replaceChildren(inner);
      if (!still) inner.animate([{ transform: "scale(.55)" }, { transform: "scale(1.06)" }, { transform: "scale(1)" }], { duration: 180, easing: "ease-out" });
    },
    judge(input, sight) {
      if (!sight) return Mark.NOTHING;
      const { x, y, radius, key } = sight.target;
      if (input.kind === Kind.DOWN) return within(input, parameters, x, y, radius) ? Mark.HIT : Mark.MISS;
      if (input.kind === Kind.KEY && input.value !== Key.ACT) return input.value === key ? Mark.HIT : Mark.MISS;
      return Mark.NOTHING;
    },
    hit(_, { x, y, radius }) {
      bubble.replaceChildren();
      burst(field, x, y, radius, still);
    },
    miss(input, target) {
      const at = input.kind === Kind.DOWN ? input : target;
      cross(field, at.x, at.y);
      return words.missed;
    },
    frame() {},
    tell: ({ key }) => words.arrows[key],
  };
}

/** Mounts the game; see play.js. */
export const mount = (element, view, options) => play(element, view, options, { layout, scene });
