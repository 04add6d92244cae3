// The look of the widget around the games. A site sets the --playproof-* properties; light and dark have colours of their own.

const LIGHT = `
  --ink: var(--playproof-ink, #1c2321);
  --soft: var(--playproof-soft, #55605c);
  --surface: var(--playproof-surface, #ffffff);
  --line: var(--playproof-line, #c9d3cf);
  --edge: var(--playproof-edge, #7d8985);
  --accent: var(--playproof-accent, #1f6f5c);
  --on-accent: var(--playproof-on-accent, #ffffff);
  --warm: var(--playproof-warm, #b3441e);
  --hover: var(--playproof-hover, #eef3f1);
  color-scheme: light;`;
const DARK = `
  --ink: var(--playproof-ink, #e6ebe8);
  --soft: var(--playproof-soft, #a3b1ab);
  --surface: var(--playproof-surface, #1b2321);
  --line: var(--playproof-line, #35413d);
  --edge: var(--playproof-edge, #73827c);
  --accent: var(--playproof-accent, #6fcbb0);
  --on-accent: var(--playproof-on-accent, #0c1613);
  --warm: var(--playproof-warm, #ff9a6b);
  --hover: var(--playproof-hover, #24302c);
  color-scheme: dark;`;

export const STYLE = `
:host { display: block; }
:host([hidden]), [hidden] { display: none !important; }
.box {
  ${LIGHT}
  box-sizing: border-box; inline-size: 100%; max-inline-size: 26rem; color: var(--ink); background: var(--surface);
  border: 1px solid var(--edge); border-radius: var(--playproof-radius, 12px); overflow-wrap: anywhere;
  font: 15px/1.4 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; text-align: start;
}
.box[data-theme="dark"] { ${DARK} }
@media (prefers-color-scheme: dark) { .box[data-theme="auto"] { ${DARK} } }
.box[data-size="flexible"] { max-inline-size: none; }
.box[data-size="flexible"] .game { max-inline-size: 44rem; margin-inline: auto; }
.box[data-size="compact"]:not([data-state="playing"]) { max-inline-size: 12.5rem; }
.box *, .box *::before { box-sizing: border-box; }
p { margin: 0; }
button, a { font: inherit; color: inherit; }
button { appearance: none; background: none; border: 0; margin: 0; padding: 0; text-align: inherit; cursor: pointer; }
:focus { outline: none; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 6px; }

.main { padding: 10px 12px; }
.row { display: flex; align-items: center; gap: 12px; inline-size: 100%; min-block-size: 48px; }
button.row { border-radius: 8px; padding: 4px; margin: -4px; inline-size: calc(100% + 8px); }
button.row:hover { background: var(--hover); }
.words { display: flex; flex-direction: column; min-inline-size: 0; flex: 1; }
.title { font-weight: 600; }
.note { color: var(--soft); font-size: 14px; }
.code { color: var(--soft); font-size: 13px; }
.icon { flex: none; inline-size: 32px; block-size: 32px; fill: none; stroke: var(--ink); stroke-width: 1.5; stroke-linecap: round; stroke-linejoin: round; }
.icon .rim { stroke: var(--edge); }
.icon.go, .icon.again { stroke: var(--accent); }
.icon.go .rim, .icon.again .rim { stroke: var(--accent); }
.icon.go path { fill: var(--accent); }
.icon.done { stroke: var(--on-accent); stroke-width: 2.2; }
.icon.done .rim { fill: var(--accent); stroke: var(--accent); stroke-width: 1.5; }
.icon.trouble, .icon.trouble .rim { stroke: var(--warm); }
.icon.trouble path { stroke-width: 2.2; }
.icon.wait { animation: turn 1.6s linear infinite; }
@keyframes turn { to { transform: rotate(1turn); } }
.meter { block-size: 8px; border-radius: 4px; border: 1px solid var(--edge); margin-block-start: 6px; overflow: hidden; }
.meter > svg { display: block; inline-size: 100%; block-size: 100%; }
.meter rect { fill: var(--accent); }
[dir="rtl"] .meter > svg { transform: scaleX(-1); }

.game { padding: 10px 8px 0; }
.lost { margin: 8px 8px 0; padding: 6px 10px; border: 1px solid var(--warm); border-radius: 8px; font-size: 14px; }
.panel { border-block-start: 1px solid var(--line); padding: 10px 12px; display: grid; gap: 8px; font-size: 14px; }
.panel .way {
  display: flex; align-items: center; min-block-size: 36px; padding: 4px 10px; border: 1px solid var(--edge); border-radius: 8px; text-decoration: none;
}
.panel .way:hover { background: var(--hover); border-color: var(--accent); }
.foot { display: flex; flex-wrap: wrap; align-items: center; gap: 2px 14px; padding: 2px 12px 6px; font-size: 13px; color: var(--soft); }
.foot button { min-block-size: 28px; min-inline-size: 28px; text-decoration: underline; text-underline-offset: 3px; text-decoration-thickness: 1px; }
.foot button:hover, .foot button[aria-expanded="true"] { color: var(--ink); }
.brand { margin-inline-start: auto; letter-spacing: .01em; }
.live { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.box[data-state="playing"]:has(.game > *) .main { display: none; }
.box[data-state="playing"] .foot { margin-block-start: 6px; }
.still .icon.wait { animation: none; }
@media (prefers-reduced-motion: reduce) { .icon.wait { animation: none; } }
@media (forced-colors: active) {
  .icon, .icon .rim, .icon.go .rim, .icon.again .rim, .icon.trouble .rim { stroke: CanvasText; }
  .icon.done { stroke: HighlightText; }
  .icon.done .rim { fill: Highlight; stroke: Highlight; }
  .icon.go path, .meter rect { fill: CanvasText; }
  button.row:hover, .panel .way:hover { outline: 2px solid Highlight; }
}
`;
