import { normalizePixels } from "@inctrl/clip";
import { conformalP, type Detection } from "@inctrl/detect";
import { tensor } from "@inctrl/tensor";
import { OnnxError } from "./errors.js";
import type { OrtSession, Runtime } from "./runtime.js";
import { NAMES, type Scorer } from "./scorer.js";

/** The most that a score or a value of a map may differ from ours. */
export const TOLERANCE = 1e-4;

/** How far a model's results lie from ours, at most. */
export interface Agreement {
  readonly score: number;
  readonly map: number;
}

/**
 * Runs an ONNX model of a detector and the detector itself on the same pictures: a ramp, waves and noise.
 *
 * @param model its file, or its bytes.
 * @throws OnnxError `different` where anything differs by more than 1e-4, and `runtime` where onnxruntime refuses the model.
 */
export async function verifyScorer(
  model: string | Uint8Array,
  scorer: Scorer,
  runtime: Runtime,
): Promise<Agreement> {
  const { size } = scorer.tower;
  const pictures = picturesOf(size);
  const session = await runtime.open(model).catch((error: Error) => {
    throw new OnnxError(
      "runtime",
      `onnxruntime does not load the model (${firstLine(error)}); please report it`,
    );
  });
  try {
    const ours = await oursOf(scorer, pictures);
    const theirs = await theirsOf(session, scorer, runtime, pictures);
    const agreement = {
      score: largest(ours.map(({ score }, i) => score - theirs.score[i])),
      map: largest(
        ours.flatMap(({ map }, i) =>
          [...map.values].map((value, at) => value - theirs.map[i * map.values.length + at]),
        ),
      ),
    };
    for (const [name, error] of Object.entries(agreement))
      if (!(error <= TOLERANCE))
        throw new OnnxError(
          "different",
          `the ${name} in onnxruntime lies ${error.toExponential(1)} from ours, and ${TOLERANCE} is allowed; it is not written: please report it`,
        );
    checkLine(scorer, theirs);
    return agreement;
  } finally {
    await session.release();
  }
}

interface Results {
  readonly score: Float32Array;
  readonly map: Float32Array;
  readonly p: Float32Array | null;
  readonly flagged: Uint8Array | null;
}

const firstLine = (error: Error): string => error.message.split("\n")[0];

const largest = (differences: readonly number[]): number =>
  differences.reduce((most, each) => Math.max(most, Math.abs(each)), 0);

/** Verdicts must be those of onnxruntime's own scores. */
function checkLine({ judge }: Scorer, { score, p, flagged }: Results): void {
  if (!judge) return;
  const scores = judge.scores.map(Math.fround);
  for (const [i, each] of score.entries()) {
    const wanted = conformalP(scores, each);
    const isRight = Number(each > Math.fround(judge.line.threshold)) === flagged?.[i];
    if (!isRight || !(Math.abs(wanted - (p?.[i] ?? Number.NaN)) <= TOLERANCE))
      throw new OnnxError(
        "different",
        "the verdicts in onnxruntime are not those of its scores; please report it",
      );
  }
}

async function oursOf(
  { fitted, tower: { size } }: Scorer,
  pictures: readonly Uint8Array[],
): Promise<Detection[]> {
  const { backbone, preprocess, taps, layouts, features } = fitted.detector.encoder;
  const plane = 3 * size * size;
  const pixels = new Float32Array(pictures.length * plane);
  for (const [i, picture] of pictures.entries()) normalizePixels(picture, preprocess, pixels, i * plane);
  using input = tensor(backbone.device, pixels, [pictures.length, 3, size, size]);
  const encoded = backbone.encode(input, taps, { features });
  const scored = fitted.score({ ...encoded, layouts });
  for (const each of [encoded.features, ...encoded.taps]) each.dispose();
  return scored;
}

async function theirsOf(
  session: OrtSession,
  { tower: { size }, judge }: Scorer,
  runtime: Runtime,
  pictures: readonly Uint8Array[],
): Promise<Results> {
  const bytes = new Uint8Array(pictures.length * 3 * size * size);
  for (const [i, picture] of pictures.entries()) bytes.set(picture, i * picture.length);
  const images = runtime.tensor("uint8", bytes, [pictures.length, size, size, 3]);
  const found = await session.run({ [NAMES.images]: images }).catch((error: Error) => {
    throw new OnnxError(
      "runtime",
      `onnxruntime does not run the model (${firstLine(error)}); please report it`,
    );
  });
  return {
    score: found[NAMES.score].data as Float32Array,
    map: found[NAMES.map].data as Float32Array,
    p: judge ? (found[NAMES.p].data as Float32Array) : null,
    flagged: judge ? (found[NAMES.flagged].data as Uint8Array) : null,
  };
}

/** Three pictures, RGB [size, size, 3] each: a ramp of colours, waves, and noise. */
export function picturesOf(size: number): Uint8Array[] {
  let state = 1;
  const noise = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  };
  const draw = (value: (x: number, y: number, channel: number) => number) =>
    Uint8Array.from({ length: 3 * size * size }, (_, i) => {
      const at = Math.floor(i / 3);
      return value((at % size) / size, Math.floor(at / size) / size, i % 3);
    });
  return [
    draw((x, y, channel) => 255 * [x, y, (x + y) / 2][channel]),
    draw((x, y, channel) => 128 + 100 * Math.sin(40 * x + 9 * channel) * Math.cos(23 * y)),
    draw(noise),
  ];
}
