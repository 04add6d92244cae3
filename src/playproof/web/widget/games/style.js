// The look of the games. A host sets the --playproof-* properties; light and dark have colours of their own.

const LIGHT = `
  --ink: var(--playproof-ink, #1c2321);
  --soft: var(--playproof-soft, #55605c);
  --field: var(--playproof-field, #eef3f1);
  --line: var(--playproof-line, #c9d3cf);
  --accent: var(--playproof-accent, #1f6f5c);
  --bright: var(--playproof-bright, #348c76);
  --on-accent: var(--playproof-on-accent, #ffffff);
  --warm: var(--playproof-warm, #b3441e);
  --pale: var(--playproof-pale, #ffffff);
  --shine: var(--playproof-shine, #bfe5d9);
  color-scheme: light;`;
const DARK = `
  --ink: var(--playproof-ink, #e6ebe8);
  --soft: var(--playproof-soft, #a3b1ab);
  --field: var(--playproof-field, #161d1b);
  --line: var(--playproof-line, #35413d);
  --accent: var(--playproof-accent, #6fcbb0);
  --bright: var(--playproof-bright, #a5e6d2);
  --on-accent: var(--playproof-on-accent, #0c1613);
  --warm: var(--playproof-warm, #ff9a6b);
  --pale: var(--playproof-pale, #22302c);
  --shine: var(--playproof-shine, #f2fffb);
  color-scheme: dark;`;

export const STYLE = `
:host { display: block; ${LIGHT} color: var(--ink); font: 15px/1.4 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
:host([data-theme="dark"]) { ${DARK} }
@media (prefers-color-scheme: dark) { :host([data-theme="auto"]) { ${DARK} } }
p { margin: 0; }
.top { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 12px; margin-block-end: 8px; }
.how { flex: 1 1 14em; color: var(--ink); }
.pips { display: flex; gap: 4px; }
.pip { width: 14px; height: 14px; overflow: visible; }
.pip circle { fill: none; stroke: var(--soft); stroke-width: 1.5; }
.pip path { fill: none; stroke: none; stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; }
.pip.next circle { stroke: var(--accent); stroke-width: 3; }
.pip.full circle { fill: var(--accent); stroke: var(--accent); }
.pip.full path { stroke: var(--on-accent); }
.field {
  direction: ltr; position: relative; aspect-ratio: ${1000 / 600}; border-radius: 12px; overflow: hidden; background: var(--field);
  box-shadow: inset 0 0 0 1px var(--line); cursor: crosshair; user-select: none; -webkit-user-select: none; -webkit-tap-highlight-color: transparent;
}
.field:focus { outline: none; }
.field:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.field > svg { display: block; width: 100%; height: 100%; }
.live { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.ground { fill: url(#lattice); }
.dot { fill: var(--line); }
.lit-stop { stop-color: var(--bright); }
.dim-stop { stop-color: var(--accent); }
.disc { fill: url(#light); stroke: var(--ink); stroke-width: 5; }
.shine { fill: none; stroke: var(--shine); stroke-width: 8; stroke-linecap: round; }
.sign { fill: var(--on-accent); }
.number { fill: var(--on-accent); font-size: 54px; font-weight: 700; text-anchor: middle; dominant-baseline: central; }
.ring { fill: none; stroke: var(--accent); stroke-width: 6; }
.ring.now { stroke: var(--ink); stroke-width: 14; }
.part { fill: none; stroke: var(--line); stroke-width: 16; }
.part.lit { stroke: var(--accent); }
.part.now { stroke: var(--ink); }
.burst .tick { fill: none; stroke: var(--ink); stroke-width: 10; stroke-linecap: round; stroke-linejoin: round; }
.spread { fill: none; stroke: var(--accent); stroke-width: 6; }
.drop { fill: var(--accent); }
.cross { fill: none; stroke: var(--warm); stroke-width: 9; stroke-linecap: round; }
.note { fill: var(--ink); font-size: 46px; font-weight: 600; text-anchor: middle; paint-order: stroke; stroke: var(--field); stroke-width: 10px; stroke-linejoin: round; }
.edge { fill: var(--ink); }
.bead { fill: var(--accent); }
.bead.band { fill: var(--bright); }
.head { fill: url(#light); stroke: var(--ink); stroke-width: 5; }
.eye { fill: var(--pale); stroke: var(--ink); stroke-width: 3; }
.pupil { fill: var(--ink); }
.food { fill: var(--warm); stroke: var(--ink); stroke-width: 5; }
.leaf { fill: var(--accent); stroke: var(--ink); stroke-width: 4; stroke-linejoin: round; }
.stem { fill: none; stroke: var(--ink); stroke-width: 7; stroke-linecap: round; }
.goal { fill: none; stroke: var(--soft); stroke-width: 4; stroke-linecap: round; stroke-dasharray: 1 10; }
.way { fill: none; stroke: var(--soft); stroke-width: 4; stroke-dasharray: 2 14; stroke-linecap: round; }
.station { fill: none; stroke: var(--soft); stroke-width: 3; stroke-dasharray: 10 12; }
.butt { fill: var(--pale); stroke: var(--ink); stroke-width: 5; }
.butt-band { fill: var(--accent); stroke: var(--ink); stroke-width: 2; }
.butt-inner { fill: var(--pale); stroke: var(--ink); stroke-width: 2; }
.gold { fill: var(--warm); stroke: var(--ink); stroke-width: 2; }
.coming { opacity: .45; }
.sight { fill: none; stroke: var(--ink); stroke-width: 4; stroke-linecap: round; visibility: hidden; }
.field:focus-visible .sight { visibility: visible; }
:host([data-done]) .field { cursor: default; }
@media (forced-colors: active) {
  .field { border: 1px solid CanvasText; }
  .disc, .head, .drop, .bead, .bead.band, .butt-band, .leaf { fill: Highlight; stroke: CanvasText; }
  .sign, .number { fill: HighlightText; }
  .ring, .spread, .part.lit { stroke: Highlight; }
  .ring.now, .part.now, .sight, .burst .tick, .cross, .stem, .way, .station { stroke: CanvasText; }
  .edge, .food, .gold { fill: CanvasText; }
  .pip circle { stroke: CanvasText; }
  .pip.full circle { fill: Highlight; stroke: Highlight; }
  .pip.full path { stroke: HighlightText; }
}
`;
