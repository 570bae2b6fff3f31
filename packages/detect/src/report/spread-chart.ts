import type { Spread } from "../evaluation/summary.js";
import { axes, chart, PLOT, place, type Tick } from "./charts.js";
import { type Html, html } from "./html.js";
import { methodClass } from "./style.js";

/** A line of means: one for each place on the axis, null where nothing was measured. */
export interface SpreadLine {
  readonly name: string;
  readonly spreads: readonly (Spread | null)[];
}

export interface SpreadChart {
  readonly title: string;
  /** Labels of the axes. */
  readonly x: string;
  readonly y: string;
  /** The places on the axis. */
  readonly places: readonly string[];
  readonly lines: readonly SpreadLine[];
}

/** Pixels between the points of two lines at one place, so that bars do not cover each other, and half the width of a bar's end. */
const [APART, END] = [3, 2.5];
/** Steps between numbers of an axis that people read with ease. */
const STEPS = [0.01, 0.02, 0.05, 0.1, 0.2];
/** Most steps on an axis. */
const MAX_STEPS = 6;

/** Means of values from 0 to 1 as lines, each in a colour and a dash of its own, and their deviations as bars. */
export function spreadChart({ title, x, y, places, lines }: SpreadChart): Html {
  const { low, high, ticks } = rangeOf(lines);
  const share = (value: number) => (value - low) / (high - low);
  const marks = places.map((text, i): Tick => ({ at: (i + 0.5) / places.length, text }));
  const drawn = lines.map(({ name, spreads }, n) => {
    const aside = ((n - (lines.length - 1) / 2) * APART) / PLOT.width;
    const points = spreads.flatMap((spread, i) => (spread ? [{ spread, x: marks[i].at + aside }] : []));
    const line = points.map(({ spread, x }) => place({ x, y: share(spread.mean) })).join("L");
    const bars = points.map(({ spread: { mean, deviation }, x }) => {
      const [from, to] = [mean - (deviation ?? 0), mean + (deviation ?? 0)].map((value) =>
        share(Math.min(1, Math.max(0, value))),
      );
      const wide = END / PLOT.width;
      const stroke = ([x0, y0, x1, y1]: readonly number[]) =>
        `M${place({ x: x0, y: y0 })}L${place({ x: x1, y: y1 })}`;
      return [
        [x, from, x, to],
        [x - wide, from, x + wide, from],
        [x - wide, to, x + wide, to],
      ]
        .map(stroke)
        .join("");
    });
    return html`<g class="${methodClass(n)}"><title>${name}</title><path class="line" d="M${line}"/><path class="whisker" d="${bars.join("")}"/></g>`;
  });
  return chart(title, html`${axes(x, y, marks, ticks)}${drawn}`);
}

/** Names beside samples of their lines, in the order of a chart's. */
export const lineLegend = (names: readonly string[]): Html =>
  html`<ul class="legend">${names.map((name, n) => html`<li><svg class="sample" viewBox="0 0 42 10" aria-hidden="true"><path class="line ${methodClass(n)}" d="M0 5H42"/></svg>${name}</li>`)}</ul>`;

/** The axis of all means and deviations, between whole steps. */
function rangeOf(lines: readonly SpreadLine[]): { low: number; high: number; ticks: Tick[] } {
  const ends = lines.flatMap(({ spreads }) =>
    spreads.flatMap((spread) => {
      const around = spread?.deviation ?? 0;
      return spread ? [Math.max(0, spread.mean - around), Math.min(1, spread.mean + around)] : [];
    }),
  );
  const [least, most] = ends.length > 0 ? [Math.min(...ends), Math.max(...ends)] : [0, 1];
  const whole = (step: number) => {
    // Rounding may put a value that lies on a step beside it.
    const [from, to] = [Math.floor(least / step + 1e-9), Math.ceil(most / step - 1e-9)];
    return { step, from, to: Math.max(to, from + 1) };
  };
  const { step, from, to } = STEPS.map(whole).find((each) => each.to - each.from <= MAX_STEPS) as ReturnType<
    typeof whole
  >;
  const ticks = Array.from({ length: to - from + 1 }, (_, i) => ({
    at: i / (to - from),
    text: ((from + i) * step).toFixed(2),
  }));
  return { low: from * step, high: to * step, ticks };
}
