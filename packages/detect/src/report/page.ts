import { count } from "@inctrl/datasets";
import { scoredOnly } from "../evaluation/measure.js";
import { type Spread, type SummaryRow, summarize } from "../evaluation/summary.js";
import type { CategoryResult, Evaluation } from "../evaluation/types.js";
import { precisionRecallCurve, rocCurve } from "../metrics/curves.js";
import { curveChart, type Line, scoreHistogram } from "./charts.js";
import { medianDraw, scoresOf, shownDraw } from "./choose.js";
import { factLines, type RunFacts } from "./facts.js";
import { type Html, html } from "./html.js";
import { lineNote, lineTable } from "./line-table.js";
import type { Shown } from "./pictures.js";
import { STYLE } from "./style.js";
import {
  headOf,
  measuredCategories,
  rowName,
  secondsText,
  usedMetrics,
  withoutNeedlessMean,
} from "./table.js";

/** Categories whose charts are open when the page opens. */
const OPEN_CATEGORIES = 12;
/** Most names of one list. */
const MAX_NAMES = 200;
/** The page fetches nothing and runs nothing. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/** The report as one file that needs no other. `shown` is null where the pictures could not be drawn. */
export function reportPage(evaluation: Evaluation, facts: RunFacts, shown: readonly Shown[] | null): string {
  const { dataSet, shots, seeds, categories } = evaluation;
  const rows = summarize(evaluation);
  const draws = `${count(seeds.length, "draw")}${shots.length > 1 ? " each" : ""}`;
  const drawn = seeds[0] === null ? "by name" : draws;
  const chosen = seeds.length > 1 ? "Of each K the draw with the median AUROC. " : "";
  const model = facts.heads ? `${facts.backbone} with trained heads` : facts.backbone;
  const about = `${model}, K = ${shots.join(", ")}, ${drawn}, ${facts.date.slice(0, 10)}`;
  return pageOf(
    { title: `${dataSet}: evaluation`, heading: dataSet, about },
    html`${tiles(evaluation, rows)}
<h2>Results</h2>
${drawsNote(evaluation)}
${resultsTable(rows)}
${atTheLine(evaluation)}
<h2>Categories</h2>
<p class="note">${chosen}The histogram is of the largest K; its dashed line is the threshold at which F1 is largest.</p>
${categories.map((category) => categoryCard(category, shots, categories.length <= OPEN_CATEGORIES))}
<h2>Most wrong</h2>
${mistakes(shown)}
<h2>Prompts</h2>
<div class="card">${categories.map(promptList)}</div>
${skippedList(categories)}
<h2>This run</h2>
<dl class="card facts">${factLines(facts, evaluation).map(([title, text]) => html`<dt>${title}</dt><dd>${text}</dd>`)}</dl>`,
  );
}

/** A page as one file that needs no other. */
export function pageOf(
  { title, heading, about }: { readonly title: string; readonly heading: string; readonly about: string },
  body: Html,
): string {
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<style>STYLE</style>
</head>
<body>
<main>
<header>
<p class="eyebrow">Few-shot anomaly detection</p>
<h1>${heading}</h1>
<p>${about}</p>
</header>
${body}
</main>
</body>
</html>
`;
  return page.text.replace("STYLE", () => STYLE);
}

/** Explains the numbers of the table. */
function drawsNote({ seeds, categories }: Evaluation): Html | null {
  const over = `Mean and standard deviation over ${seeds.length} draws of the prompts.`;
  const mean = "The mean over categories is unweighted.";
  const words = [...(seeds.length > 1 ? [over] : []), ...(categories.length > 1 ? [mean] : [])];
  return words.length > 0 ? html`<p class="note">${words.join(" ")}</p>` : null;
}

function tiles({ categories }: Evaluation, rows: readonly SummaryRow[]): Html | null {
  const measured = rows.filter(({ category, metrics }) => category === null && metrics.auroc !== null);
  const best = measured[measured.length - 1];
  if (!best) return null;
  const images = categories.reduce((sum, { ids }) => sum + ids.length, 0);
  const over = categories.length > 1 ? `mean, K = ${best.shots}` : `K = ${best.shots}`;
  const spread = (title: string, value: Spread | null) =>
    value ? [tile(title, value.mean.toFixed(3), over)] : [];
  const { auroc, auprc, pixelAuroc, aupro } = best.metrics;
  const number = count(categories.length, "category", "categories");
  return html`<dl class="tiles">${[
    ...spread("AUROC", auroc),
    ...spread("AUPRC", auprc),
    ...spread("Pixel AUROC", pixelAuroc),
    ...spread("AUPRO", aupro),
    tile("Test images", String(images), `in ${number}`),
    tile("Seconds an image", secondsText(best.seconds), "decoding to score"),
  ]}</dl>`;
}

const tile = (title: string, value: string, more: string): Html =>
  html`<div class="tile"><dt>${title}</dt><dd>${value}<small>${more}</small></dd></div>`;

function resultsTable(rows: readonly SummaryRow[]): Html {
  const columns = usedMetrics(rows);
  const body = withoutNeedlessMean(rows).map((row, i, all) => {
    const same = i > 0 && all[i - 1].category === row.category;
    const name = same ? "" : rowName(row, measuredCategories(rows, row.shots));
    const numbers =
      row.problem && row.metrics.auroc === null
        ? html`<td class="problem" colspan="${columns.length + 1}">${row.problem}</td>`
        : html`${columns.map((metric) => html`<td>${spreadCell(row.metrics[metric])}</td>`)}<td>${secondsText(row.seconds)}</td>`;
    const kind = `${row.category === null ? "mean" : ""} ${same ? "same" : ""}`.trim();
    return html`<tr class="${kind}"><th scope="row" title="${name}">${name}</th><td>${row.shots}</td>${numbers}</tr>\n`;
  });
  return html`<div class="card scroll" tabindex="0"><table><thead><tr>${headOf(columns).map((title) => html`<th scope="col">${title}</th>`)}</tr></thead><tbody>${body}</tbody></table></div>`;
}

/** What calibrated lines do to the test images. */
function atTheLine(evaluation: Evaluation): Html | null {
  const [heading, ...rows] = lineTable(evaluation);
  if (!heading) return null;
  const body = rows.map(
    ([name, ...cells]) =>
      html`<tr><th scope="row" title="${name}">${name}</th>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>\n`,
  );
  return html`<h2>At the line</h2>
<p class="note">${lineNote(evaluation)}</p>
<div class="card scroll" tabindex="0"><table><thead><tr>${heading.map((title) => html`<th scope="col">${title}</th>`)}</tr></thead><tbody>${body}</tbody></table></div>`;
}

function spreadCell(spread: Spread | null): Html {
  if (!spread) return html`-`;
  const deviation =
    spread.deviation === null ? null : html` <span class="deviation">± ${spread.deviation.toFixed(4)}</span>`;
  return html`${spread.mean.toFixed(4)}${deviation}`;
}

function categoryCard(category: CategoryResult, shots: readonly number[], open: boolean): Html {
  const { name, labels, problem } = category;
  const anomalous = labels.filter((label) => label === 1).length;
  const counts = `${labels.length - anomalous} normal and ${anomalous} anomalous test images`;
  const shown = shownDraw(category, shots);
  const why = problem ?? category.draws.find((draw) => draw.problem)?.problem ?? "not measured yet";
  const inside = shown ? charts(category, shots) : html`<p class="problem-text">No numbers: ${why}.</p>`;
  const heading = html`<h3>${name}</h3>`;
  return html`<details class="card"${open || !shown ? html` open` : null}><summary><span class="head">${heading}<span>${counts}</span></span></summary>${inside}</details>`;
}

function charts(category: CategoryResult, shots: readonly number[]): Html {
  const draws = shots.flatMap((k) => medianDraw(category, k) ?? []);
  const lines = draws.map((draw) => {
    const { labels, scores } = scoredOnly(category.labels, draw.scores);
    return {
      name: `K = ${draw.shots}`,
      roc: rocCurve(labels, scores),
      pr: precisionRecallCurve(labels, scores),
    };
  });
  const of = (curve: "roc" | "pr"): Line[] => lines.map((line) => ({ name: line.name, points: line[curve] }));
  const last = draws[draws.length - 1];
  const histogram = scoreHistogram(
    `Scores, K = ${last.shots}`,
    scoresOf(category, last, 0),
    scoresOf(category, last, 1),
    last.metrics.threshold,
  );
  const keys = [
    ...lines.map(({ name }, i) => ({ name, key: String(i % 6) })),
    { name: "normal", key: "normal" },
    { name: "anomalous", key: "anomalous" },
  ];
  return html`<div class="charts">
${curveChart({ title: "ROC", x: "false positive rate", y: "true positive rate", lines: of("roc"), diagonal: true })}
${curveChart({ title: "Precision and recall", x: "recall", y: "precision", lines: of("pr") })}
${histogram}
</div><ul class="legend">${keys.map(({ name, key }) => html`<li><span class="key key-${key}"></span>${name}</li>`)}</ul>`;
}

function mistakes(shown: readonly Shown[] | null): Html {
  if (!shown) return html`<p class="note">Their pictures could not be drawn.</p>`;
  if (shown.length === 0)
    return html`<p class="note">None: every anomalous image scores above every normal one.</p>`;
  const figures = shown.map(({ mistake, image, heatmap, prompt, kind }) => {
    const { category, index, label, score, wrong } = mistake;
    const id = category.ids[index];
    const truth = label === 0 ? "normal" : "anomalous";
    const against = label === 0 ? "above" : "below";
    const share = `${against} ${(100 * wrong).toFixed(0)} % of the ${label === 0 ? "anomalous" : "normal"} images`;
    return html`<figure class="picture"><div class="row"><img src="${image}" alt="${id}"><img src="${heatmap}" alt="residual map of ${id}">${prompt ? html`<img src="${prompt.image}" alt="prompt ${prompt.name}">` : ""}</div><figcaption><span class="badge ${truth}">${label === 0 ? truth : kind}</span> score ${score.toFixed(4)}, ${share}<span class="names">${category.name}: ${id}</span>${prompt ? html`<span class="names">nearest prompt: ${prompt.name}</span>` : ""}</figcaption></figure>`;
  });
  return html`<p class="note">Normal images that score high and anomalous ones that score low: the image, its residual map, and the prompt nearest to its most anomalous patch. The maps of a category share one colour scale.</p><div class="pictures">${figures}</div>`;
}

function promptList({ name, draws }: CategoryResult): Html {
  const items = draws.slice(0, MAX_NAMES).map(({ shots, seed, prompts }) => {
    const which = seed === null ? "first by name" : `seed ${seed}`;
    return html`<li>K = ${shots}, ${which}: ${prompts.join(", ")}</li>`;
  });
  return html`<details><summary>${name}</summary><ul class="names-list">${items}</ul></details>`;
}

function skippedList(categories: readonly CategoryResult[]): Html | null {
  const all = categories.flatMap(({ name, skipped }) => skipped.map((each) => ({ name, ...each })));
  if (all.length === 0) return null;
  const items = all
    .slice(0, MAX_NAMES)
    .map(({ name, id, reason }) => html`<li>${name}: ${id}: ${reason}</li>`);
  const more = all.length > MAX_NAMES ? html`<li>and ${all.length - MAX_NAMES} more</li>` : null;
  return html`<h2>Left out</h2><div class="card"><ul class="names-list">${items}${more}</ul></div>`;
}
