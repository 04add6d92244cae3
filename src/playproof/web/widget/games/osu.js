// Osu: a circle appears, a ring closes in on it again and again, and is to be pressed when they meet.

import { drawnPlace, Key, Kind, Mark, within } from "./field.js";
import { Generator } from "./generator.js";
import { play } from "./play.js";
import { burst, cross, shape } from "./stage.js";

const WIDEST = 2.5; // radii of the ring when it starts
const PARTS = 4; // of the ring where motion is unwelcome: they light up one after the other

/** The circle of a step, as the server lays it out. */
export function layout(seed, parameters, before) {
  const generator = new Generator(seed);
  const [x, y] = drawnPlace(generator, parameters, before ? [[before.x, before.y]] : []);
  return { x, y, radius: parameters.radius, key: Key.ACT };
}

function inTime(since, { beatMs, windowMs }) {
  const phase = since % beatMs;
  return since >= beatMs - windowMs && (phase <= windowMs || phase >= beatMs - windowMs);
}

function scene({ field, still, words, remark }, parameters) {
  const circle = shape("g", {});
  field.append(circle);
  let rings = [];

  function quarter(index, radius) {
    const at = (turn) => `${Math.sin(turn) * radius} ${-Math.cos(turn) * radius}`;
    const [from, to] = [(index * Math.PI) / 2 + 0.12, ((index + 1) * Math.PI) / 2 - 0.12];
    return shape("path", { class: "part", d: `M${at(from)}A${radius} ${radius} 0 0 1 ${at(to)}` });
  }

  return {
    show({ x, y, radius }, step) {
      const number = shape("text", { class: "number" });
      number.textContent = String(step + 1);
      rings = still ? Array.from({ length: PARTS }, (_, index) => quarter(index, radius * 1.45)) : [shape("circle", { class: "ring", r: radius * WIDEST })];
      circle.setAttribute("transform", `translate(${x} ${y})`);
      circle.replaceChildren(...rings, shape("circle", { class: "disc", r: radius - 2 }), number);
    },
    judge(input, sight) {
      if (!sight) return Mark.NOTHING;
      const { x, y, radius } = sight.target;
      const timed = inTime(input.t - sight.shown, parameters);
      if (input.kind === Kind.DOWN) return timed && within(input, parameters, x, y, radius) ? Mark.HIT : Mark.MISS;
      if (input.kind === Kind.KEY && input.value === Key.ACT) return timed ? Mark.HIT : Mark.MISS;
      return Mark.NOTHING;
    },
    hit(_, { x, y, radius }) {
      circle.replaceChildren();
      burst(field, x, y, radius, still);
    },
    miss(input, target, since) {
      const there = input.kind === Kind.KEY || within(input, parameters, target.x, target.y, target.radius);
      if (!there) {
        cross(field, input.x, input.y);
        return words.missed;
      }
      const phase = since % parameters.beatMs;
      const word = since < parameters.beatMs || phase > parameters.beatMs / 2 ? words.early : words.late;
      remark(target.x, target.y, word.split(",")[0]);
      return word;
    },
    frame(now, sight) {
      if (!sight) return;
      const since = now - sight.shown;
      const share = (since % parameters.beatMs) / parameters.beatMs;
      const due = inTime(since, parameters);
      if (still) {
        const lit = due ? PARTS : Math.floor((share * PARTS * parameters.beatMs) / (parameters.beatMs - parameters.windowMs));
        rings.forEach((part, index) => part.setAttribute("class", due ? "part now" : index < lit ? "part lit" : "part"));
      } else {
        rings[0].setAttribute("r", String(sight.target.radius * (WIDEST - (WIDEST - 1) * share)));
        rings[0].setAttribute("class", due ? "ring now" : "ring");
      }
    },
    tell: () => "",
  };
}

/** Mounts the game; see play.js. */
export const mount = (element, view, options) => play(element, view, options, { layout, scene });
