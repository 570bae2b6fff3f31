import { count, type Picture } from "@inctrl/datasets";
import { formatValue } from "../heatmap/render.js";
import { type Html, html } from "../report/html.js";
import { pageOf } from "../report/page.js";
import { dataUrl } from "../report/pictures.js";
import type { Figure3Row, FramedImage } from "./figure3.js";
import { FRAMES, framedPicture, mapPicture } from "./figure3-picture.js";
import { tableOf } from "./page.js";

/** A figure of some rows. */
export interface Figure3 {
  readonly title: string;
  /** The method and its network. */
  readonly about: string;
  readonly rows: readonly Figure3Row[];
}

/** The figure as one page that needs no other file. */
export function figure3Page({ title, about, rows }: Figure3): string {
  const prompts = Math.max(0, ...rows.map((row) => row.prompts.length));
  const head = Array.from({ length: prompts }, (_, i) => (prompts === 1 ? "prompt" : `prompt ${i + 1}`));
  const keys = FRAMES.map(
    ({ colour, meaning }) =>
      html`<li><span class="key" style="background: rgb(${colour.join(" ")})"></span>${meaning}</li>`,
  ).reverse();
  return pageOf(
    { title: `${title}: in-context residuals`, heading: title, about },
    html`<h2>Queries, their prompts and residual maps</h2>
<p class="note">Small residuals are dark, large ones bright. The maps of a category share one colour scale.</p>
<ul class="legend" style="margin-bottom: .8rem">${keys}</ul>
${tableOf(
  ["image", "query", ...head, "residual map"],
  rows.map((row) => rowOf(row, prompts)),
)}
<h2>Prompts</h2>
<div class="card">${promptLists(rows)}</div>`,
  );
}

function rowOf(row: Figure3Row, prompts: number): Html {
  const { label, kind, score, scale, query } = row;
  const truth = label === 0 ? "normal" : "anomalous";
  const cells = Array.from({ length: prompts }, (_, i) =>
    row.prompts[i] ? framedCell(row.prompts[i]) : html`<td>-</td>`,
  );
  const colours = `colours from ${formatValue(scale.low)} to ${formatValue(scale.high)}`;
  const facts = html`<span class="badge ${truth}">${label === 0 ? truth : kind}</span> score ${formatValue(score)}<br><span class="deviation">${colours}</span>`;
  return html`<tr><th scope="row">${placeOf(row)}<br>${query.name}<br>${facts}</th>${framedCell(query)}${cells}${cell(mapPicture(row), `residual map of ${query.name}`)}</tr>\n`;
}

const framedCell = (framed: FramedImage): Html => cell(framedPicture(framed), framed.name);

const cell = (picture: Picture, name: string): Html =>
  html`<td><img src="${dataUrl(picture)}" alt="${name}" title="${name}"></td>`;

const placeOf = ({ dataSet, category }: Figure3Row): string =>
  category === dataSet ? dataSet : `${dataSet} ${category}`;

function promptLists(rows: readonly Figure3Row[]): Html[] {
  const lists = new Map(rows.map((row) => [placeOf(row), row.prompts.map(({ name }) => name)]));
  return [...lists].map(
    ([place, names]) =>
      html`<details><summary>${place}: ${count(names.length, "prompt")}</summary><ul class="names-list">${names.map((name) => html`<li>${name}</li>`)}</ul></details>`,
  );
}
