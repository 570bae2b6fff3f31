import { METRIC_TITLES } from "../evaluation/types.js";
import { type Html, html } from "../report/html.js";
import { pageOf } from "../report/page.js";
import { secondsText } from "../report/table.js";
import type { ComparedRow } from "./comparison.js";
import type { ShownRow } from "./pictures.js";
import { type Cell, type MetricTable, metricTables } from "./tables.js";

/** What a method is, for the page's last table. */
export interface MethodFacts {
  readonly method: string;
  readonly title: string;
  readonly backbone: string;
  readonly settings: string;
}

export interface BenchmarkPage {
  readonly dataSet: string;
  readonly about: string;
  readonly rows: readonly ComparedRow[];
  readonly methods: readonly MethodFacts[];
  /** Null where the pictures could not be drawn. */
  readonly shown: readonly ShownRow[] | null;
}

/** All methods side by side as one page that needs no other file. */
export function benchmarkPage({ dataSet, about, rows, methods, shown }: BenchmarkPage): string {
  return pageOf(
    { title: `${dataSet}: methods compared`, heading: dataSet, about },
    html`<p class="note">Mean and standard deviation over the draws, which all methods share. The best of a column at a K is bold.</p>
${metricTables(rows).map((table) => html`<h2>${METRIC_TITLES[table.metric]}</h2>${metricTable(table)}`)}
<h2>Difference to the best</h2>
<p class="note">AUROC less that of the method with the largest, and the 95% interval of a paired bootstrap over test images. An interval that holds 0 is no evidence of a difference.</p>
${differences(rows)}
<h2>The same images by every method</h2>
${gallery(methods, shown)}
<h2>Methods</h2>
${methodTable(methods)}`,
  );
}

const tableOf = (head: readonly string[], body: readonly Html[]): Html =>
  html`<div class="card scroll" tabindex="0"><table><thead><tr>${head.map((title) => html`<th scope="col">${title}</th>`)}</tr></thead><tbody>${body}</tbody></table></div>`;

function metricTable({ columns, rows }: MetricTable): Html {
  const cell = ({ spread, best }: Cell): Html => {
    if (!spread) return html`<td>-</td>`;
    const mean = best ? html`<b>${spread.mean.toFixed(3)}</b>` : html`${spread.mean.toFixed(3)}`;
    const deviation =
      spread.deviation === null
        ? null
        : html` <span class="deviation">± ${spread.deviation.toFixed(3)}</span>`;
    return html`<td>${mean}${deviation}</td>`;
  };
  const body = rows.map(
    ({ method, shots, cells, seconds }) =>
      html`<tr><th scope="row">${method}</th><td>${shots}</td>${cells.map(cell)}<td>${secondsText(seconds)}</td></tr>\n`,
  );
  return tableOf(["method", "K", ...columns, "s/image"], body);
}

function differences(rows: readonly ComparedRow[]): Html {
  const signed = (value: number) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(3)}`;
  const categories = new Set(rows.map(({ category }) => category));
  const body = rows
    // The mean of one category is the category.
    .filter(({ category, best, toBest }) => (category !== null || categories.size > 2) && (best || toBest))
    .map(({ category, shots, method, toBest }) => {
      const interval = toBest ? `${signed(toBest.low)} to ${signed(toBest.high)}` : "";
      return html`<tr><th scope="row">${category ?? "mean of the categories"}</th><td>${shots}</td><td>${method}</td><td>${toBest ? signed(toBest.difference) : "best"}</td><td>${interval}</td></tr>\n`;
    });
  return tableOf(["category", "K", "method", "difference", "95% interval"], body);
}

function gallery(methods: readonly MethodFacts[], shown: readonly ShownRow[] | null): Html {
  if (!shown) return html`<p class="note">The pictures could not be drawn.</p>`;
  const body = shown.map(({ category, id, kind, image, maps }) => {
    const cells = maps.map((map, i) =>
      map ? html`<td><img src="${map}" alt="map of ${id} by ${methods[i].method}"></td>` : html`<td>-</td>`,
    );
    return html`<tr><th scope="row">${category}: ${id}<br><span class="badge anomalous">${kind}</span></th><td><img src="${image}" alt="${id}"></td>${cells}</tr>\n`;
  });
  return html`<p class="note">Each method has a colour scale of its own for each category, since their scores have different units.</p>${tableOf(["image", "", ...methods.map(({ method }) => method)], body)}`;
}

function methodTable(methods: readonly MethodFacts[]): Html {
  const body = methods.map(
    ({ method, title, backbone, settings }) =>
      html`<tr><th scope="row">${method}</th><td>${title}</td><td>${backbone}</td><td>${settings}</td></tr>\n`,
  );
  return tableOf(["method", "what it is", "network", "settings"], body);
}
