import { evenlyWithEnds } from "../evaluation/limit.js";
import type { Point } from "../metrics/curves.js";
import { type Html, html } from "./html.js";

/** A line of a chart. CSS class `line-N` sets the colour of the Nth. */
export interface Line {
  readonly name: string;
  readonly points: readonly Point[];
}

/** Sizes of the drawing and of its plot in pixels. The margins at the left and below hold the labels. */
const WIDTH = 300;
const HEIGHT = 260;
const LEFT = 46;
const TOP = 12;
export const PLOT = { width: WIDTH - LEFT - 12, height: HEIGHT - TOP - 40 };
/** Most points of a line. More would lie closer together than pixels. */
const MAX_POINTS = 400;
const BINS = 24;

/** Curves in one square from 0 to 1. */
export interface CurveChart {
  readonly title: string;
  /** Labels of the axes. */
  readonly x: string;
  readonly y: string;
  readonly lines: readonly Line[];
  /** Adds the line of a random score. */
  readonly diagonal?: boolean;
}

export function curveChart({ title, x: xLabel, y: yLabel, lines, diagonal }: CurveChart): Html {
  const path = (points: readonly Point[]) => `M${evenlyWithEnds(points, MAX_POINTS).map(place).join("L")}`;
  const corners = [0, 1].map((at) => ({ x: at, y: at }));
  const random = diagonal ? html`<path class="random" d="${path(corners)}"/>` : null;
  // The line of most prompts is drawn last, above the others.
  const drawn = lines.map(
    ({ name, points }, i) =>
      html`<path class="line line-${i % 6}" d="${path(points)}"><title>${name}</title></path>`,
  );
  return chart(title, html`${axes(xLabel, yLabel)}${random}${drawn}`);
}

/** A point of the square from 0 to 1 as coordinates of the drawing. */
export const place = ({ x, y }: Point): string =>
  `${(LEFT + x * PLOT.width).toFixed(1)} ${(TOP + (1 - y) * PLOT.height).toFixed(1)}`;

/** Histogram of the scores of normal and of anomalous images, each as shares of its class, with the threshold marked. */
export function scoreHistogram(
  title: string,
  normal: readonly number[],
  anomalous: readonly number[],
  threshold: number | null,
): Html {
  const all = [...normal, ...anomalous];
  const low = all.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const high = all.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const shareOf = (score: number) => (high > low ? (score - low) / (high - low) : 0.5);
  const shares = (scores: readonly number[]) => {
    const bins = new Array<number>(BINS).fill(0);
    for (const score of scores)
      bins[Math.min(BINS - 1, Math.floor(shareOf(score) * BINS))] += 1 / scores.length;
    return bins;
  };
  const groups = [
    { name: "normal", bins: shares(normal) },
    { name: "anomalous", bins: shares(anomalous) },
  ];
  const top = Math.max(...groups.flatMap(({ bins }) => bins));
  const step = PLOT.width / BINS;
  const bars = groups.flatMap(({ name, bins }) =>
    bins.flatMap((share, i) => {
      if (share === 0) return [];
      const height = (share / top) * PLOT.height;
      const [x, y] = [LEFT + i * step + 0.5, TOP + PLOT.height - height];
      const from = low + (i / BINS) * (high - low);
      const text = `${(share * 100).toFixed(1)} % of the ${name} images, scores from ${from.toPrecision(4)}`;
      return [
        html`<rect class="bar ${name}" x="${x.toFixed(1)}" y="${y.toFixed(1)}" width="${(step - 1).toFixed(1)}" height="${height.toFixed(1)}"><title>${text}</title></rect>`,
      ];
    }),
  );
  const mark = threshold === null ? null : (LEFT + shareOf(threshold) * PLOT.width).toFixed(1);
  const line =
    mark === null
      ? null
      : html`<path class="threshold" d="M${mark} ${TOP}V${TOP + PLOT.height}"><title>threshold of F1-max</title></path>`;
  // Enough decimals to tell the ends of the axis apart.
  const decimals = high > low ? Math.min(12, Math.max(0, 2 - Math.floor(Math.log10(high - low)))) : 3;
  const ends = [0, 0.5, 1].map((at) => ({ at, text: (low + at * (high - low)).toFixed(decimals) }));
  return chart(
    title,
    html`${axes("score", `share, up to ${(top * 100).toFixed(0)} %`, ends, [])}${bars}${line}`,
  );
}

/** A drawing with its title. */
export function chart(title: string, inside: Html): Html {
  return html`<figure class="chart"><figcaption>${title}</figcaption><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}">${inside}</svg></figure>`;
}

/** A number of an axis, `at` a share of it. */
export interface Tick {
  readonly at: number;
  readonly text: string;
}

const UNIT: readonly Tick[] = [0, 0.25, 0.5, 0.75, 1].map((at) => ({ at, text: String(at) }));

/** Grid lines with numbers, and the labels of the axes. */
export function axes(xLabel: string, yLabel: string, xTicks = UNIT, yTicks = UNIT): Html {
  const bottom = TOP + PLOT.height;
  const vertical = xTicks.map(({ at, text }) => {
    const x = LEFT + at * PLOT.width;
    const anchor = at === 1 ? "end" : at === 0 ? "start" : "middle";
    return html`<path class="grid" d="M${x} ${TOP}V${bottom}"/><text x="${x}" y="${bottom + 14}" text-anchor="${anchor}">${text}</text>`;
  });
  const horizontal = yTicks.map(({ at, text }) => {
    const y = TOP + (1 - at) * PLOT.height;
    return html`<path class="grid" d="M${LEFT} ${y}H${LEFT + PLOT.width}"/><text x="${LEFT - 5}" y="${y + 3.5}" text-anchor="end">${text}</text>`;
  });
  const middle = TOP + PLOT.height / 2;
  return html`${vertical}${horizontal}<path class="axis" d="M${LEFT} ${TOP}V${bottom}H${LEFT + PLOT.width}"/><text class="label" x="${LEFT + PLOT.width / 2}" y="${bottom + 30}" text-anchor="middle">${xLabel}</text><text class="label" transform="rotate(-90 10 ${middle})" x="10" y="${middle}" text-anchor="middle">${yLabel}</text>`;
}
