/** Colours of methods side by side (after Okabe and Ito, 2008, who chose them for the colour-blind), on light and on dark ground. */
const METHODS = [
  ["#0072b2", "#56b4e9"],
  ["#d55e00", "#ff9147"],
  ["#008a64", "#22c79b"],
  ["#b8488f", "#e79bcb"],
  ["#8a6d00", "#f0e442"],
  ["#3f4550", "#d3d8e0"],
  ["#6a51c7", "#b3a2ff"],
] as const;

/** Dashes of methods. Their number has no divisor in common with that of the colours, so that 35 methods differ in one or both. */
const DASHES = ["none", "7 3", "2 3", "9 3 2 3", "4 2"] as const;

/** A class of CSS that draws lines as the Nth method's. */
export const methodClass = (n: number): string => `method-${n % METHODS.length} dash-${n % DASHES.length}`;

/** The page's style: light or dark as the reader's system is, one column on a phone, and fit for print. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #ffffff; --ink: #1b1f27; --faded: #626b7a; --rule: #e1e5eb; --soft: #eef1f5;
  --accent: #2a5bd7; --normal: #17907f; --anomalous: #e0702a; --warn: #9a5b00;
  --line-0: #8fb6f2; --line-1: #5b8def; --line-2: #2a5bd7; --line-3: #12337f; --line-4: #7a4fd0; --line-5: #b0459f;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #11141a; --card: #191d25; --ink: #e8ebf0; --faded: #98a2b3; --rule: #2b313c; --soft: #222833;
    --accent: #86aefb; --normal: #3dbfac; --anomalous: #f19150; --warn: #e5b05c;
    --line-0: #35528c; --line-1: #4b78cf; --line-2: #86aefb; --line-3: #d3e1ff; --line-4: #b79bf5; --line-5: #f09be2;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
main { max-width: 1160px; margin: 0 auto; padding: 2.2rem 1.2rem 4rem; }
header p { margin: 0; color: var(--faded); overflow-wrap: anywhere; }
.eyebrow { font-size: .78rem; letter-spacing: .09em; text-transform: uppercase; }
h1 { margin: .1rem 0 .35rem; font-size: clamp(1.6rem, 5vw, 2.3rem); line-height: 1.15; overflow-wrap: anywhere; }
h2 { margin: 2.6rem 0 .8rem; font-size: 1.25rem; }
h3 { margin: 0; font-size: 1.05rem; overflow-wrap: anywhere; }
.note { margin: -.4rem 0 .9rem; color: var(--faded); font-size: .9rem; max-width: 90ch; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: .8rem; margin: 1.5rem 0 0; padding: 0; }
.tile { background: var(--card); border: 1px solid var(--rule); border-radius: 12px; padding: .8rem 1rem; }
.tile dt { color: var(--faded); font-size: .82rem; }
.tile dd { margin: .1rem 0 0; font-size: 1.55rem; font-weight: 650; font-variant-numeric: tabular-nums; line-height: 1.2; }
.tile dd small { display: block; color: var(--faded); font-size: .8rem; font-weight: 400; }
.card { background: var(--card); border: 1px solid var(--rule); border-radius: 12px; padding: 1rem 1.1rem; margin: 0 0 1rem; }
.scroll { overflow-x: auto; padding: 0; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; white-space: nowrap; font-size: .9rem; }
th, td { padding: .42rem .55rem; text-align: right; border-top: 1px solid var(--rule); }
thead th { border-top: 0; white-space: normal; color: var(--faded); font-size: .82rem; font-weight: 600; }
th:first-child, td:first-child {
  text-align: left; position: sticky; left: 0; background: var(--card); max-width: min(40vw, 22rem);
  overflow: hidden; text-overflow: ellipsis;
}
tbody th { font-weight: 600; }
tr.same th, tr.same td { border-top: 0; padding-top: 0; }
tr.mean th, tr.mean td { background: var(--soft); font-weight: 650; }
td.problem { text-align: left; color: var(--warn); white-space: normal; }
.deviation { color: var(--faded); font-weight: 400; font-size: .86em; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 260px), 1fr)); gap: 1rem; margin-top: .8rem; }
.charts.wide { grid-template-columns: repeat(auto-fit, minmax(min(100%, 380px), 1fr)); }
figure { margin: 0; }
.chart figcaption { font-size: .85rem; font-weight: 600; }
.chart svg { display: block; width: 100%; height: auto; max-width: 420px; }
.charts.wide svg { max-width: 540px; }
svg text { fill: var(--faded); font-size: 10px; font-variant-numeric: tabular-nums; }
svg text.label { font-size: 11px; }
.grid { stroke: var(--rule); fill: none; stroke-width: .8; }
.axis { stroke: var(--faded); fill: none; stroke-width: 1; }
.random { stroke: var(--faded); fill: none; stroke-width: 1; stroke-dasharray: 3 4; }
.threshold { stroke: var(--ink); fill: none; stroke-width: 1.2; stroke-dasharray: 4 3; }
.line { fill: none; stroke-width: 2; stroke-linejoin: round; }
${[0, 1, 2, 3, 4, 5].map((i) => `.line-${i} { stroke: var(--line-${i}); } .key-${i} { background: var(--line-${i}); }`).join("\n")}
${METHODS.map(([light], i) => `.method-${i} { stroke: ${light}; }`).join("\n")}
@media (prefers-color-scheme: dark) { ${METHODS.map(([, dark], i) => `.method-${i} { stroke: ${dark}; }`).join(" ")} }
${DASHES.map((dash, i) => `.dash-${i} { stroke-dasharray: ${dash}; }`).join("\n")}
.whisker { fill: none; stroke-width: 1.2; stroke-dasharray: none; }
svg.sample { width: 2.6rem; height: .7rem; margin-right: .45rem; vertical-align: -.05em; }
.bar { fill-opacity: .62; } .bar.normal { fill: var(--normal); } .bar.anomalous { fill: var(--anomalous); }
.key-normal { background: var(--normal); } .key-anomalous { background: var(--anomalous); }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; margin: .6rem 0 0; padding: 0; list-style: none; color: var(--faded); font-size: .85rem; }
.key { display: inline-block; width: 1.1rem; height: .32rem; border-radius: 2px; margin-right: .45rem; vertical-align: .18em; }
.head { display: flex; flex-wrap: wrap; gap: .2rem 1rem; align-items: baseline; justify-content: space-between; }
.head span { color: var(--faded); font-size: .88rem; }
summary { cursor: pointer; }
summary .head { display: inline-flex; max-width: calc(100% - 1.6rem); vertical-align: top; }
.pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 320px), 1fr)); gap: 1rem; }
.picture { background: var(--card); border: 1px solid var(--rule); border-radius: 12px; overflow: hidden; }
.picture .row { display: grid; grid-template-columns: repeat(3, 1fr); gap: 2px; background: var(--rule); }
.picture img { display: block; width: 100%; aspect-ratio: 1; object-fit: contain; background: #0b0d11; image-rendering: auto; }
.picture figcaption { padding: .6rem .8rem .75rem; font-size: .86rem; }
.picture .names { color: var(--faded); overflow-wrap: anywhere; display: block; }
.badge { display: inline-block; border-radius: 99px; padding: 0 .55rem; font-size: .78rem; font-weight: 600; color: #fff; }
.badge.normal { background: #0f766a; } .badge.anomalous { background: #b4500f; }
.facts { display: grid; grid-template-columns: max-content 1fr; gap: .35rem 1.2rem; margin: 0; }
.facts dt { color: var(--faded); } .facts dd { margin: 0; overflow-wrap: anywhere; }
.names-list { margin: .4rem 0 .8rem; padding-left: 1.2rem; font-size: .86rem; overflow-wrap: anywhere; }
.problem-text { color: var(--warn); }
@media (max-width: 520px) {
  main { padding: 1.4rem .8rem 3rem; }
  .facts { grid-template-columns: 1fr; gap: 0; } .facts dd { margin-bottom: .5rem; }
  th, td { padding: .4rem .6rem; }
  th:first-child { white-space: normal; min-width: 7.5rem; }
}
@media print { body { background: none; } .card, .tile, .picture { break-inside: avoid; } }
`;
