import {
  type Backbone,
  type BankInfo,
  bankInfo,
  DetectError,
  type Detection,
  type Detector,
  defineMethod,
  type EncodedPrompt,
  type Encoder,
  type FittedDetector,
  joinMoments,
  loadedSubspace,
  type Moments,
  momentsOf,
  option,
  type PatchSubspace,
  readBank,
  readingOf,
  sharedLayout,
  storedSubspace,
  subspaceDistances,
  subspaceOf,
  subspaceShapes,
  type Tap,
  type ViewSize,
  variantsOf,
  writeBank,
} from "@inctrl/detect";
import { keep, mean, reshape, scope, stack, type Tensor } from "@inctrl/tensor";
import { topMean } from "../anomalydino/aggregate.js";
import { turnsOf } from "../anomalydino/turns.js";
import { type Blur, pixelMaps } from "../maps/pixel-maps.js";

export interface SubspaceOptions {
  /** Share of the variance that the subspace of normal patches holds. Default 0.99. */
  readonly share?: number;
  /** Symmetries of the square that prompts are taken in, where they are not turned. Default 8. */
  readonly symmetries?: number;
  /** Turns of a whole circle that prompts are taken in, in place of symmetries. Default: none. */
  readonly turns?: number;
}

const NAME = "subspacead";

/** Networks of fewer blocks have no middle, and layers of ResNets have grids of their own. */
const MIN_DEPTH = 6;

/** The published blur: 3 x 3 pixels. */
const BLUR: Blur = { sigma: 4, radius: 1, border: "mirror" };

/**
 * SubspaceAD (CVPR 2026): the squared distance of each patch to the principal subspace of the prompts' patches; a patch is the mean
 * over the tapped blocks. An image's score is the mean of the largest hundredth of its pixels. It takes as long for any number of
 * prompts, and matches no patches.
 *
 * @throws DetectError `option` for a share that is none.
 * @example
 * const detector = subspaceAd(new Encoder(backbone, { taps: [7, 8, 9], raw: true }));
 */
export function subspaceAd(encoder: Encoder, options: SubspaceOptions = {}): Detector {
  const { share = 0.99, turns = 1, symmetries = turns > 1 ? 1 : 8 } = options;
  if (!(share > 0 && share <= 1))
    throw new DetectError("option", `share ${share} of the variance: give one above 0, at most 1`);
  /** Of each prompt, whose draws share it. */
  const known = new WeakMap<EncodedPrompt, Promise<Moments>>();
  const momentsOfPrompt = (prompt: EncodedPrompt): Promise<Moments> => {
    const found = known.get(prompt) ?? withRows(prompt, momentsOf);
    known.set(prompt, found);
    return found;
  };
  const detector: Detector = {
    ...{ name: NAME, encoder, symmetries },
    ...(turns > 1 && { augmentation: turnsOf(turns) }),
    settings: async () => ({ share: String(share) }),
    async fit(prompts) {
      if (prompts.length === 0)
        throw new DetectError("shots", "there are no prompts; give at least one normal image");
      const parts = await Promise.all(prompts.map(momentsOfPrompt));
      const state = subspaceOf(encoder.backbone.device, parts.reduce(joinMoments), share);
      return fitted(
        detector,
        bankInfo(encoder, prompts, { variants: variantsOf(detector), kind: NAME }),
        state,
      );
    },
    async load(path) {
      const shapes = new Map(Object.entries(subspaceShapes(sharedLayout(encoder.layouts).width)));
      const { info, tensors } = await readBank(path, encoder, NAME, () => shapes);
      const stored = Object.fromEntries(tensors) as ReturnType<typeof storedSubspace>;
      const state = await loadedSubspace(stored);
      for (const each of tensors.values()) each.dispose();
      return fitted(detector, info, state);
    },
  };
  return detector;
}

/** A prompt's patches, each the mean over the taps, for as long as they are used. */
async function withRows<T>({ rows }: EncodedPrompt, use: (rows: Tensor) => Promise<T>): Promise<T> {
  const joined = keep(scope(() => (rows.length === 1 ? rows[0].view(rows[0].shape) : mean(stack(rows), 0))));
  try {
    return await use(joined);
  } finally {
    joined.dispose();
  }
}

function fitted(detector: Detector, info: BankInfo, state: PatchSubspace): FittedDetector {
  const dispose = () => {
    state.mean.dispose();
    state.rest.dispose();
  };
  return {
    ...{ detector, prompts: info.prompts, reading: readingOf(info), dispose, [Symbol.dispose]: dispose },
    async score({ taps, layouts }) {
      const { rows, columns } = sharedLayout(layouts);
      const [views] = taps[0].shape;
      const size = sizeOf(detector.encoder, rows, columns);
      const { residual, pixels } = scope(() => {
        const patches = taps.length === 1 ? taps[0] : mean(stack(taps), 0);
        const residual = reshape(subspaceDistances(patches, state), [views, rows, columns]);
        return { residual, pixels: pixelMaps(residual, size, { blur: BLUR }) };
      });
      const reads = [residual.data(), pixels.data()];
      residual.dispose();
      pixels.dispose();
      const [maps, smooth] = await Promise.all(reads);
      const [patchCount, pixelCount] = [rows * columns, size.width * size.height];
      return Array.from({ length: views }, (_, i): Detection => {
        const score = topMean(smooth.subarray(i * pixelCount, (i + 1) * pixelCount));
        const values = maps.slice(i * patchCount, (i + 1) * patchCount);
        return { score, parts: {}, map: { rows, columns, values }, matches: null };
      });
    },
    async save(path, entries) {
      const stored = storedSubspace(state);
      try {
        await writeBank(path, info, stored, entries);
      } finally {
        for (const each of Object.values(stored)) each.dispose();
      }
    },
  };
}

export const subspaceAdMethod = defineMethod({
  name: NAME,
  title:
    "SubspaceAD (2026): the squared distance of each patch to the principal subspace of the prompts' patches",
  options: {
    share: option.number(0.99, "share of the variance of normal patches that the subspace holds", {
      least: 0.01,
      most: 1,
    }),
    turns: option.number(
      1,
      "turns of a circle that prompts are taken in; 1: the 8 symmetries of the square",
      {
        least: 1,
        most: 64,
        whole: true,
      },
    ),
  },
  presets: { paper: { turns: 30 }, released: { turns: 30 } },
  input: (backbone) => ({ taps: middleBlocks(backbone), raw: true }),
  create: (encoder, { share, turns }) => subspaceAd(encoder, { share, turns }),
});

/** Blocks from 0.575 to 0.725 of the network's depth, 23 to 29 of 40; the default taps of a network of few layers. */
function middleBlocks({ depth, defaultTaps }: Backbone): readonly Tap[] {
  const [first, last] = [0.575, 0.725].map((share) => Math.round(share * depth));
  return depth < MIN_DEPTH ? defaultTaps : Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

/** The pixels of a view with so many patches. */
function sizeOf({ preprocess, layouts: [square] }: Encoder, rows: number, columns: number): ViewSize {
  const along = (count: number, of: number) => Math.round((count * preprocess.size) / of);
  return { width: along(columns, square.columns), height: along(rows, square.rows) };
}
