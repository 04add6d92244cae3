// Snake: its head goes wherever the pointer is, at its own speed, and eats what it comes to.

import { drawnPlace, HEIGHT, Key, Kind, Mark, TOUCH, WAYS, WIDTH } from "./field.js";
import { Generator } from "./generator.js";
import { play } from "./play.js";
import { burst, shape } from "./stage.js";

const TICK_MS = 20;
const SHORTEST = 9; // ticks of trail that are its body, and so many more with each apple
const GROWTH = 4;
const THINNEST = 9; // radius of the tail
const THICKEST = 22;

/** The food of a step, as the server lays it out. */
export function layout(seed, parameters, before) {
  const generator = new Generator(seed);
  const [x, y] = drawnPlace(generator, parameters, [before ? [before.x, before.y] : [WIDTH / 2, HEIGHT / 2]]);
  return { x, y, radius: parameters.radius, key: Key.ACT };
}

/** The head and where it goes: the twin of the server's, tick by tick. */
export class Crawler {
  /** @param {{speed: number, head: number, stride: number, soonestMs: number}} parameters */
  constructor(parameters) {
    this.parameters = parameters;
    this.clock = 0;
    this.head = [WIDTH / 2, HEIGHT / 2];
    this.goal = [...this.head];
    this.trail = [[...this.head]];
  }

  /** Moves it up to `t`; the time at which it ate what is in `sight`, or null. */
  advance(t, sight) {
    const { speed, head, soonestMs } = this.parameters;
    const step = (speed * TICK_MS) / 1000;
    let eaten = null;
    while (this.clock + TICK_MS <= t) {
      this.clock += TICK_MS;
      this.#move(step);
      if (!sight || eaten !== null || this.clock < sight.shown + soonestMs) continue;
      const { x, y, radius } = sight.target;
      if ((this.head[0] - x) ** 2 + (this.head[1] - y) ** 2 <= (radius + head) ** 2) eaten = this.clock;
    }
    return eaten;
  }

  /** Sends it where `input` says. */
  steer(input) {
    if (input.kind === Kind.MOVE || input.kind === Kind.DOWN) this.goal = [input.x, input.y];
    else if (input.kind === Kind.KEY && input.value < Key.ACT) {
      const [across, down] = WAYS[input.value];
      const { stride } = this.parameters;
      this.goal = [held(this.goal[0] + stride * across, WIDTH), held(this.goal[1] + stride * down, HEIGHT)];
    }
  }

  #move(step) {
    const [x, y] = this.head;
    const [across, down] = [this.goal[0] - x, this.goal[1] - y];
    const way = Math.sqrt(across * across + down * down);
    if (way === 0) return;
    this.head = way <= step ? [...this.goal] : [x + (across * step) / way, y + (down * step) / way];
    this.trail.push(this.head);
  }
}

function held(place, size) {
  return Math.min(Math.max(place, 0), size);
}

function scene({ field, still }, parameters, { hit }) {
  const crawler = new Crawler(parameters);
  const food = shape("g", {});
  const goal = shape("circle", { class: "goal", r: 34 });
  const [edge, body, face] = [shape("g", {}), shape("g", {}), shape("g", {})];
  const eyes = [-12, 12].flatMap((y) => [shape("circle", { class: "eye", cx: 9, cy: y, r: 8 }), shape("circle", { class: "pupil", cx: 12, cy: y, r: 3.6 })]);
  face.append(shape("circle", { class: "head", r: parameters.head - 2 }), ...eyes);
  field.append(food, goal, edge, body, face);
  let eaten = 0;
  let turn = 0;

  function bead(index, [x, y], radius) {
    if (body.childElementCount <= index) {
      edge.append(shape("circle", { class: "edge" }));
      body.append(shape("circle", { class: index % 4 === 3 ? "bead band" : "bead" }));
    }
    for (const [group, size] of [[edge, radius + 4], [body, radius]]) {
      for (const [name, value] of [["cx", x], ["cy", y], ["r", size]]) group.children[index].setAttribute(name, String(value));
    }
  }

  function draw() {
    const length = SHORTEST + GROWTH * eaten;
    crawler.trail.splice(0, crawler.trail.length - length);
    const [x, y] = crawler.head;
    crawler.trail.forEach((place, index) => bead(index, place, THINNEST + ((THICKEST - THINNEST) * (index + 1)) / crawler.trail.length));
    const [across, down] = [crawler.goal[0] - x, crawler.goal[1] - y];
    if (across || down) turn = (Math.atan2(down, across) * 180) / Math.PI;
    face.setAttribute("transform", `translate(${x} ${y}) rotate(${turn})`);
    goal.setAttribute("transform", `translate(${crawler.goal[0]} ${crawler.goal[1]})`);
  }

  return {
    show({ x, y, radius }) {
      food.setAttribute("transform", `translate(${x} ${y})`);
      food.replaceChildren(
        shape("path", { class: "stem", d: `M0 ${-radius + 10}Q2 ${-radius - 6} 10 ${-radius - 10}` }),
        shape("path", { class: "food", d: apple(radius - 3) }),
        shape("path", { class: "leaf", d: `M4 ${-radius + 4}Q8 ${-radius - 22} 36 ${-radius - 14}Q28 ${-radius + 6} 4 ${-radius + 4}Z` }),
      );
    },
    judge(input, sight) {
      const t = crawler.advance(input.t, sight);
      crawler.steer(input);
      if (input.kind <= Kind.KEY) goal.setAttribute("visibility", input.kind === Kind.KEY || input.value === TOUCH ? "visible" : "hidden");
      if (t !== null) hit(t);
      return Mark.NOTHING;
    },
    hit(_, { x, y, radius }) {
      eaten += 1;
      food.replaceChildren();
      burst(field, x, y, radius, still);
    },
    miss: () => "",
    frame(now, sight) {
      const t = crawler.advance(now, sight);
      draw();
      if (t !== null) hit(t);
    },
    tell: () => "",
  };
}

/** The outline of an apple that fills a circle of radius r. */
function apple(r) {
  return `M0 ${-r * 0.72}C${r * 0.35} ${-r * 1.08} ${r} ${-r * 0.9} ${r} ${-r * 0.1}C${r} ${r * 0.6} ${r * 0.5} ${r} ${r * 0.28} ${r}Q0 ${r * 0.84} ${-r * 0.28} ${r}C${-r * 0.5} ${r} ${-r} ${r * 0.6} ${-r} ${-r * 0.1}C${-r} ${-r * 0.9} ${-r * 0.35} ${-r * 1.08} 0 ${-r * 0.72}Z`;
}

/** Mounts the game; see play.js. */
export const mount = (element, view, options) => play(element, view, options, { layout, scene, touchAction: "none", repeats: true });
