import { METRIC_TITLES } from "../evaluation/types.js";
import { type Html, html } from "../report/html.js";
import { pageOf } from "../report/page.js";
import type { ComparedRow } from "./comparison.js";
import { COST_TITLES, type CostRow, costCells } from "./costs.js";
import type { ShownRow } from "./pictures.js";
import { type Cell, dataSetsOf, type MetricTable, metricTables, type TableOptions } from "./tables.js";

/** What a method is, for the page's last table. */
export interface MethodFacts extends Pick<CostRow, "method" | "backbone" | "parameters" | "flop"> {
  readonly title: string;
  readonly settings: string;
}

export interface BenchmarkPage extends Pick<TableOptions, "published" | "metrics"> {
  readonly title: string;
  readonly about: string;
  /** What else is to be said of the tables. */
  readonly note?: string;
  readonly rows: readonly ComparedRow[];
  readonly methods: readonly MethodFacts[];
  /** Null where the pictures could not be drawn. */
  readonly shown: readonly ShownRow[] | null;
}

/** All methods side by side as one page that needs no other file. */
export function benchmarkPage({
  title,
  about,
  rows,
  methods,
  shown,
  published,
  metrics,
  note,
}: BenchmarkPage): string {
  const sets = dataSetsOf(rows);
  const several = sets.filter(
    (dataSet) =>
      sets.length > 1 &&
      new Set(rows.filter((row) => row.dataSet === dataSet).map(({ category }) => category)).size > 2,
  );
  return pageOf(
    { title: `${title}: methods compared`, heading: title, about },
    html`<p class="note">Mean and standard deviation over the draws, which all methods share. The best of a column at a K is bold. ${note ?? null}</p>
${metricTables(rows, { published, metrics }).map((table) => html`<h2>${METRIC_TITLES[table.metric]}</h2>${metricTable(table)}`)}
${several.map(
  (dataSet) => html`<details><summary>Categories of ${dataSet}</summary>
${metricTables(rows, { dataSet, metrics }).map((table) => html`<h3>${METRIC_TITLES[table.metric]}</h3>${metricTable(table)}`)}</details>\n`,
)}
<h2>Difference to the best</h2>
<p class="note">AUROC less that of the method with the largest, and the 95% interval of a paired bootstrap over test images. An interval that holds 0 is no evidence of a difference.</p>
${differences(rows)}
<h2>The same images by every method</h2>
${gallery(methods, shown)}
<h2>Methods</h2>
${methodTable(methods)}`,
  );
}

/** A table in a card, which scrolls by itself. */
export const tableOf = (head: readonly string[], body: readonly Html[]): Html =>
  html`<div class="card scroll" tabindex="0"><table><thead><tr>${head.map((title) => html`<th scope="col">${title}</th>`)}</tr></thead><tbody>${body}</tbody></table></div>`;

function metricTable({ columns, rows }: MetricTable): Html {
  const cell = ({ spread, published, best }: Cell): Html => {
    const faded = (text: string) => html` <span class="deviation">${text}</span>`;
    const reference = published ? faded(`(${published.mean.toFixed(3)})`) : null;
    if (!spread) return html`<td>-${reference}</td>`;
    const { mean, deviation } = spread;
    const figure = best ? html`<b>${mean.toFixed(3)}</b>` : html`${mean.toFixed(3)}`;
    const around = deviation === null ? null : faded(`± ${deviation.toFixed(3)}`);
    return html`<td>${figure}${around}${reference}</td>`;
  };
  const body = rows.map(({ method, shots, cells }, i) => {
    const first = i === 0 || rows[i - 1].shots !== shots;
    const section = html`<tr class="mean"><th scope="rowgroup" colspan="${columns.length + 1}">K = ${shots}</th></tr>\n`;
    return html`${first ? section : null}<tr><th scope="row">${method}</th>${cells.map(cell)}</tr>\n`;
  });
  return tableOf(["method", ...columns], body);
}

function differences(rows: readonly ComparedRow[]): Html {
  const signed = (value: number) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(3)}`;
  const sets = dataSetsOf(rows);
  const categories = new Set(rows.flatMap(({ category }) => category ?? []));
  const body = rows
    // Of one data set every category, of several their means; the mean of one category is the category.
    .filter(({ dataSet, category }) =>
      sets.length > 1 ? category === null : category !== null || categories.size > 1 || dataSet === null,
    )
    .filter(({ best, toBest }) => best || toBest)
    .map(({ dataSet, category, shots, method, toBest }) => {
      const place =
        sets.length > 1 ? (dataSet ?? "mean of the data sets") : (category ?? "mean of the categories");
      const interval = toBest ? `${signed(toBest.low)} to ${signed(toBest.high)}` : "";
      return html`<tr><th scope="row">${place}</th><td>${shots}</td><td>${method}</td><td>${toBest ? signed(toBest.difference) : "best"}</td><td>${interval}</td></tr>\n`;
    });
  return tableOf(
    [sets.length > 1 ? "data set" : "category", "K", "method", "difference", "95% interval"],
    body,
  );
}

function gallery(methods: readonly MethodFacts[], shown: readonly ShownRow[] | null): Html {
  if (!shown) return html`<p class="note">The pictures could not be drawn.</p>`;
  const body = shown.map(({ place, id, kind, image, maps }) => {
    const cells = maps.map((map, i) =>
      map ? html`<td><img src="${map}" alt="map of ${id} by ${methods[i].method}"></td>` : html`<td>-</td>`,
    );
    return html`<tr><th scope="row">${place}: ${id}<br><span class="badge anomalous">${kind}</span></th><td><img src="${image}" alt="${id}"></td>${cells}</tr>\n`;
  });
  return html`<p class="note">Each method has a colour scale of its own for each category, since their scores have different units.</p>${tableOf(["image", "", ...methods.map(({ method }) => method)], body)}`;
}

/** What each method is and costs. */
export function methodTable(methods: readonly MethodFacts[]): Html {
  const body = methods.map(
    ({ method, title, backbone, settings, ...cost }) =>
      html`<tr><th scope="row">${method}</th><td>${title}</td><td>${backbone}</td>${costCells(cost).map((cell) => html`<td>${cell}</td>`)}<td>${settings}</td></tr>\n`,
  );
  return tableOf(["method", "what it is", "network", ...COST_TITLES, "settings"], body);
}
