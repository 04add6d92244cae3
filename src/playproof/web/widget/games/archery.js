// Archery: a target goes to and fro between two stations and rests at both; aim at it and let go.

import { drawnPlace, HEIGHT, Key, Kind, Mark, WAYS, WIDTH, within } from "./field.js";
import { Generator } from "./generator.js";
import { play } from "./play.js";
import { burst, cross, shape } from "./stage.js";

/** The target of a step and its way, as the server lays them out. */
export function layout(seed, parameters, before) {
  const generator = new Generator(seed);
  const [x, y] = drawnPlace(generator, parameters, before ? [[before.x, before.y], [before.toX, before.toY]] : []);
  const first = generator.below(WAYS.length);
  const ways = [...WAYS.slice(first), ...WAYS.slice(0, first)].map(([across, down]) => [x + parameters.sway * across, y + parameters.sway * down]);
  const { margin } = parameters;
  const [toX, toY] = ways.find(([a, b]) => a >= margin && a <= WIDTH - margin && b >= margin && b <= HEIGHT - margin);
  return { x, y, radius: parameters.radius, key: Key.ACT, toX, toY };
}

/** How far along its way a target is, 0 to 1, and whether it rests. */
function along(since, { travelMs, restMs }) {
  const turn = travelMs + restMs;
  const time = Math.max(since, 0);
  const leg = Math.floor(time / turn);
  const gone = Math.min((time - leg * turn) / travelMs, 1);
  const share = gone * gone * (3 - 2 * gone);
  return { share: leg % 2 ? 1 - share : share, rests: gone === 1, goal: leg % 2 ? 0 : 1 };
}

/** Where a target is, `since` ms after it was shown. */
export function centre(target, since, parameters) {
  const { share } = along(since, parameters);
  return [target.x + (target.toX - target.x) * share, target.y + (target.toY - target.y) * share];
}

function scene({ field, still, words }, parameters) {
  const ground = shape("g", {});
  const butt = shape("g", {});
  const sight = shape("path", { class: "sight", d: "M0 -92V-36M0 36V92M-92 0H-36M36 0H92M-70 0A70 70 0 1 1 70 0A70 70 0 1 1 -70 0" });
  field.append(ground, butt, sight);

  return {
    show({ x, y, toX, toY, radius }) {
      const station = (a, b) => shape("circle", { class: "station", cx: a, cy: b, r: radius - 6 });
      ground.replaceChildren(shape("path", { class: "way", d: `M${x} ${y}L${toX} ${toY}` }), station(x, y), station(toX, toY));
      butt.replaceChildren(
        shape("circle", { class: "butt", r: radius - 2 }),
        shape("circle", { class: "butt-band", r: radius * 0.72 }),
        shape("circle", { class: "butt-inner", r: radius * 0.46 }),
        shape("circle", { class: "gold", r: radius * 0.22 }),
      );
      butt.setAttribute("transform", `translate(${x} ${y})`);
      sight.setAttribute("transform", `translate(${toX} ${toY})`);
    },
    judge(input, seen) {
      if (!seen) return Mark.NOTHING;
      const { target, shown } = seen;
      const [x, y] = centre(target, input.t - shown, parameters);
      if (input.kind === Kind.UP) return within(input, parameters, x, y, target.radius) ? Mark.HIT : Mark.MISS;
      if (input.kind === Kind.KEY && input.value === Key.ACT) {
        return (x - target.toX) ** 2 + (y - target.toY) ** 2 <= target.radius ** 2 ? Mark.HIT : Mark.MISS;
      }
      return Mark.NOTHING;
    },
    hit(input, target) {
      const at = input.kind === Kind.KEY ? { x: target.toX, y: target.toY } : input;
      ground.replaceChildren();
      butt.replaceChildren();
      burst(field, at.x, at.y, target.radius, still);
    },
    miss(input, target) {
      const at = input.kind === Kind.KEY ? { x: target.toX, y: target.toY } : input;
      cross(field, at.x, at.y);
      return words.missed;
    },
    frame(now, seen) {
      if (!seen) return;
      const { target, shown } = seen;
      const { share, rests, goal } = along(now - shown, parameters);
      const at = still ? goal : share;
      butt.setAttribute("transform", `translate(${target.x + (target.toX - target.x) * at} ${target.y + (target.toY - target.y) * at})`);
      butt.setAttribute("class", still && !rests ? "coming" : "");
    },
    tell: () => "",
  };
}

/** Mounts the game; see play.js. */
export const mount = (element, view, options) => play(element, view, options, { layout, scene });
