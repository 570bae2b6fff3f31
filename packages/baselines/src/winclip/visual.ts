import {
  type BankInfo,
  bankInfo,
  DetectError,
  type Detection,
  type Detector,
  type EncodedPrompt,
  type Encoder,
  type Features,
  type FitOptions,
  type FittedDetector,
  type MatchMap,
  patchesOf,
  readBank,
  readingOf,
  writeBank,
} from "@inctrl/detect";
import {
  add,
  concat,
  keep,
  mul,
  nearest,
  type PackedMatrix,
  packBank,
  scope,
  type Tensor,
} from "@inctrl/tensor";
import { Windows } from "./windows.js";

/** What a method that looks through windows asks of text, and what it makes of the answers. */
export interface VisualMethod extends Pick<Detector, "name" | "settings"> {
  /** Names what a file holds: the method and all that its prototypes depend on. */
  readonly kind: string;
  /** The prototypes of a class, [2, embedDim], the caller's. */
  prototypes(className: string): Promise<Tensor>;
  /** Multiplies cosines of images and texts. */
  readonly scale: number;
  /** Whether prompts are compared, text is asked about each window, or both. */
  readonly maps: "text" | "visual" | "both";
}

/** Prototypes and, by tap, the rows of all prompts. */
interface State {
  readonly prototypes: Tensor;
  readonly rows: readonly Tensor[];
}

/**
 * A detector that compares patches and windows of an image with those of the prompts, and asks text about image and windows
 * (WinCLIP). Its encoder taps patches, "window.2" and "window.3".
 */
export function visualDetector(encoder: Encoder, method: VisualMethod): Detector {
  const { name, kind, settings } = method;
  const { embedDim } = encoder.backbone;
  const detector: Detector = {
    ...{ name, encoder, symmetries: 1, settings },
    async fit(prompts, options) {
      if (prompts.length === 0)
        throw new DetectError("shots", "there are no prompts; give at least one normal image");
      const info = bankInfo(encoder, prompts, { kind });
      const prototypes = await method.prototypes(classOf(name, options));
      return fitted(detector, method, info, { prototypes, rows: rowsOf(prompts) });
    },
    async load(path) {
      const { info, tensors } = await readBank(path, encoder, kind, ({ prompts }) => {
        const views = prompts.reduce((sum, prompt) => sum + prompt.views, 0);
        return new Map<string, readonly number[]>([
          ["prototypes", [2, embedDim]],
          ...encoder.taps.map((tap, i) => {
            const layout = encoder.layouts[i];
            return [`rows.${tap}`, [views * patchesOf(layout), layout.width]] as const;
          }),
        ]);
      });
      const [prototypes, ...rows] = tensors.values();
      return fitted(detector, method, info, { prototypes, rows });
    },
  };
  return detector;
}

/** What the images show. @throws DetectError `class-name` where nobody says it. */
export function classOf(method: string, { className }: FitOptions = {}): string {
  if (className !== undefined) return className;
  throw new DetectError(
    "class-name",
    `${method} asks text what it sees, and nobody says what the images show`,
  );
}

const rowsOf = (prompts: readonly EncodedPrompt[]): Tensor[] =>
  prompts[0].rows.map((_, tap) => keep(scope(() => concat(prompts.map(({ rows }) => rows[tap])))));

function fitted(detector: Detector, method: VisualMethod, info: BankInfo, state: State): FittedDetector {
  const { device } = detector.encoder.backbone;
  const banks = state.rows.map((rows) => keep(packBank(rows)));
  const grids = new Map<string, Windows>();
  const windowsOf = ({ rows, columns }: Features["layouts"][number]): Windows => {
    const key = `${rows} x ${columns}`;
    const made = grids.get(key) ?? new Windows(device, { rows, columns });
    grids.set(key, made);
    return made;
  };
  const dispose = () => {
    for (const each of [state.prototypes, ...state.rows, ...banks, ...grids.values()]) each.dispose();
  };
  return {
    ...{ detector, prompts: info.prompts, reading: readingOf(info), dispose, [Symbol.dispose]: dispose },
    score: (features) => score(method, info, state, banks, windowsOf(features.layouts[0]), features),
    save: (path, entries) => {
      const rows = info.blocks.map((tap, i) => [`rows.${tap}`, state.rows[i]]);
      const tensors = { prototypes: state.prototypes, ...Object.fromEntries(rows) };
      return writeBank(path, info, tensors, entries);
    },
  };
}

/** Every view is treated on its own. */
async function score(
  { scale, maps }: VisualMethod,
  info: BankInfo,
  { prototypes }: State,
  banks: readonly PackedMatrix[],
  windows: Windows,
  { features, taps, layouts }: Features,
): Promise<Detection[]> {
  const made = scope(() => {
    const found = maps === "text" ? null : taps.map((tap, i) => nearest(tap, banks[i]));
    const [patches, ...others] = found ?? [];
    const few =
      found &&
      windows.fewShot({
        patches: patches.similarity,
        windows: others.map(({ similarity }) => similarity),
      });
    const zero = windows.zeroShot({ features, windows: taps.slice(1) }, prototypes, scale);
    const half = (a: Tensor, b: Tensor) => mul(add(a, b), 0.5);
    return {
      score: few ? half(zero.image, few.visual) : zero.image,
      map: !few ? zero.map : maps === "both" ? half(zero.map, few.map) : few.map,
      text: zero.image,
      visual: few?.visual ?? null,
      rows: patches?.index ?? null,
    };
  });
  const tensors = new Set(Object.values(made));
  try {
    const read = await Promise.all([...tensors].map(async (each) => [each, await each?.data()] as const));
    const values = new Map<Tensor | null, ArrayLike<number> | undefined>(read);
    const count = patchesOf(layouts[0]);
    const { rows, columns } = layouts[0];
    return Array.from(values.get(made.score)!, (value, i) => {
      const own = <T extends Float32Array | Int32Array>(all: T) =>
        all.subarray(i * count, (i + 1) * count) as T;
      return {
        score: value,
        parts: {
          text: values.get(made.text)![i],
          ...(made.visual && { visual: values.get(made.visual)![i] }),
        },
        map: { rows, columns, values: own(values.get(made.map) as Float32Array) },
        matches: made.rows && matchesOf(info, own(values.get(made.rows) as Int32Array), count),
      };
    });
  } finally {
    for (const each of tensors) each?.dispose();
  }
}

/** The prompt of each row of the bank of patches, and the patch there, counted on from view to view. */
function matchesOf({ prompts }: BankInfo, rows: Int32Array, patches: number): MatchMap {
  const found = Array.from(rows, (row) => {
    let [prompt, left] = [0, row];
    while (left >= prompts[prompt].views * patches) left -= prompts[prompt++].views * patches;
    return { prompt, patch: left };
  });
  return {
    prompts: Int32Array.from(found, ({ prompt }) => prompt),
    patches: Int32Array.from(found, ({ patch }) => patch),
  };
}
