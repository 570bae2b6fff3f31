import { meanOf } from "../metrics/metrics.js";

const SIZE = { width: 720, height: 360 } as const;
const FRAME = { left: 56, right: 16, top: 36, bottom: 40 } as const;
/** Points of a curve: steps beyond that many are averaged in groups. */
const MAX_POINTS = 300;

/** A line of the picture: which value of the records, what it is called. */
export interface Curve {
  readonly key: string;
  readonly name: string;
  readonly colour: string;
}

type Measured = Readonly<Record<"step" | "loss", number>>;

/** The losses of a run as an SVG picture, steps to the right and the loss upwards from 0. */
export function drawLossCurve(records: readonly Measured[], lines: readonly Curve[]): string {
  const last = Math.max(1, ...records.map(({ step }) => step));
  const top = niceCeiling(Math.max(0, ...records.map(({ loss }) => loss)));
  const { width, height } = SIZE;
  const x = (step: number) => FRAME.left + (step / last) * (width - FRAME.left - FRAME.right);
  const y = (loss: number) => height - FRAME.bottom - (loss / top) * (height - FRAME.top - FRAME.bottom);
  const grid = [0, 0.25, 0.5, 0.75, 1].flatMap((share) => {
    const [level, step] = [share * top, Math.round(share * last)];
    return [
      `<line x1="${FRAME.left}" x2="${width - FRAME.right}" y1="${fixed(y(level))}" y2="${fixed(y(level))}" stroke="#dddddd"/>`,
      `<text x="${FRAME.left - 6}" y="${fixed(y(level) + 4)}" text-anchor="end">${Number(level.toPrecision(3))}</text>`,
      `<text x="${fixed(x(step))}" y="${height - FRAME.bottom + 18}" text-anchor="middle">${step}</text>`,
    ];
  });
  const curves = lines.flatMap(({ key, name, colour }, i) => {
    const points = thinned(records, key).map(([step, loss]) => `${fixed(x(step))},${fixed(y(loss))}`);
    const at = FRAME.left + 8 + 190 * i;
    return [
      `<polyline points="${points.join(" ")}" fill="none" stroke="${colour}" stroke-width="1.5"/>`,
      `<line x1="${at}" x2="${at + 20}" y1="20" y2="20" stroke="${colour}" stroke-width="2"/>`,
      `<text x="${at + 26}" y="24">${name}</text>`,
    ];
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12" role="img" aria-label="training loss by step">`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    ...grid,
    ...curves,
    `<text x="${(width + FRAME.left) / 2}" y="${height - 6}" text-anchor="middle">step</text>`,
    "</svg>\n",
  ].join("\n");
}

/** Mean step and mean loss of groups of neighbouring steps. */
function thinned(records: readonly Measured[], key: string): [number, number][] {
  const group = Math.max(1, Math.ceil(records.length / MAX_POINTS));
  return Array.from({ length: Math.ceil(records.length / group) }, (_, i) => {
    const some = records.slice(i * group, (i + 1) * group);
    return [
      meanOf(some.map(({ step }) => step)),
      meanOf(some.map((record) => (record as unknown as Record<string, number>)[key])),
    ];
  });
}

/** The next of 1, 2 and 5 times a power of ten. */
function niceCeiling(value: number): number {
  if (!(value > 0) || !Number.isFinite(value)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5].find((factor) => factor * power >= value) ?? 10) * power;
}

const fixed = (value: number): string => value.toFixed(1);
