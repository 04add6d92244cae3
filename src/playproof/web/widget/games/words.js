// What games say, in English; a host may hand over other words.

export const WORDS = Object.freeze({
  step: "{step} of {steps}",
  arrows: Object.freeze(["up arrow", "right arrow", "down arrow", "left arrow"]),
  hit: "Hit.",
  missed: "Missed, try again.",
  early: "Too early, wait for the ring.",
  late: "Too late, wait for the ring.",
  done: "All done.",
  stopped: "The connection was lost.",
  "bubble-pop": "Pop each bubble: press on it, or press the arrow key it shows.",
  osu: "Press each circle when the ring meets it, or press Space then.",
  snake: "Lead the snake to the apples: move or tap where it should go, or use the arrow keys.",
  archery: "Hit the target as it goes: aim and let go on it, or press Space while it is in the cross-hairs.",
});
