import { html } from "../report/html.js";
import { pageOf } from "../report/page.js";
import { lineLegend, spreadChart } from "../report/spread-chart.js";
import { type ClassCurve, curvesByPlace, figure4Tables } from "./figure4.js";
import { type MethodFacts, methodTable, tableOf } from "./page.js";

/** The curves of some methods. */
export interface Figure4 {
  readonly title: string;
  readonly about: string;
  readonly curves: readonly ClassCurve[];
  readonly methods: readonly MethodFacts[];
}

/** One chart for each data set as a page that needs no other file. */
export function figure4Page({ title, about, curves, methods }: Figure4): string {
  const charts = curvesByPlace(curves).map(([place, own]) =>
    spreadChart({
      title: place,
      ...{ x: "normal classes that prompts come from", y: "AUROC" },
      places: own[0].spreads.map((_, i) => String(i + 1)),
      lines: own.map(({ method, spreads }) => ({ name: method, spreads })),
    }),
  );
  const tables = figure4Tables(curves).map(
    ({ place, rows: [head, ...rows] }) =>
      html`<h3 style="margin: 1rem 0 .4rem">${place}</h3>${tableOf(
        head,
        rows.map(
          ([method, ...cells]) =>
            html`<tr><th scope="row">${method}</th>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>\n`,
        ),
      )}`,
  );
  return pageOf(
    { title: `${title}: prompts from one to all normal classes`, heading: title, about },
    html`<h2>Prompts from one to all normal classes</h2>
<p class="note">Test images of all normal classes are normal. The prompts come from as many of these classes as the axis says, as evenly as can be. Lines are means over the draws, bars their standard deviation.</p>
<div class="card"><div class="charts wide">${charts}</div>${lineLegend(methods.map(({ method }) => method))}</div>
<h2>AUROC</h2>
${tables}
<h2>Methods</h2>
${methodTable(methods)}`,
  );
}
