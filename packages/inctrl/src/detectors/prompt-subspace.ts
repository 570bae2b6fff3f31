import {
  type EncodedPrompt,
  type Encoder,
  joinMoments,
  loadedSubspace,
  type Moments,
  matchBank,
  meanOf,
  momentsOf,
  type PatchSubspace,
  PromptBank,
  patchesOf,
  sharedLayout,
  storedSubspace,
  subspaceDistances,
  subspaceOf,
  subspaceShapes,
} from "@inctrl/detect";
import {
  add,
  mean,
  mul,
  normalize,
  reshape,
  scope,
  slice,
  stack,
  sub,
  type Tensor,
  tensor,
} from "@inctrl/tensor";
import { residualMap } from "../residual.js";

/** Share of the variance of normal patches that the subspace holds. */
const SHARE = 0.99;
/** Deviations below it are rounding: prompts that are all alike tell no scale. */
const MIN_DEVIATION = 1e-4;

/** How the principal subspace of prompts is used: alone, or beside the nearest patch. */
export interface SubspaceUse {
  readonly encoder: Encoder;
  readonly symmetries: number;
  /** Whether the nearest patch is that of averaged patches. */
  readonly averaged: boolean;
  readonly beside: boolean;
}

/** Mean and weight of the nearest map, then of the subspace's: a map counts as (map - mean) * weight. */
type Scales = readonly (readonly [mean: number, weight: number])[];

/** A single prompt leaves nothing to compare it with: the nearest patch then counts alone. */
const ONE_PROMPT: Scales = [
  [0, 1],
  [0, 0],
];

const PREFIX = "subspace.";
const SCALES = "scales";

/** What a bank holds of it. */
export const learntShapes = ({ encoder, beside }: SubspaceUse) => ({
  ...prefixed(subspaceShapes(sharedLayout(encoder.layouts).width)),
  ...(beside && { [SCALES]: [2, 2] }),
});

const prefixed = <T>(values: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [PREFIX + name, value]));

/** The principal subspace of the prompts' patches, and how maps become comparable. */
export async function learnSubspace(
  use: SubspaceUse,
  prompts: readonly EncodedPrompt[],
): Promise<Record<string, Tensor>> {
  const { device } = use.encoder.backbone;
  const moments = await Promise.all(prompts.map(momentsOfPrompt));
  const subspace = subspaceOf(device, moments.reduce(joinMoments), SHARE);
  const learnt: Record<string, Tensor> = prefixed(storedSubspace(subspace));
  free(subspace);
  if (use.beside) {
    const scales = prompts.length > 1 ? await leaveOut(use, prompts, moments) : ONE_PROMPT;
    learnt[SCALES] = tensor(device, Float32Array.from(scales.flat()), [2, 2]);
  }
  return learnt;
}

/** Patches of some taps as one, each the mean over the taps at length 1. */
const joined = (taps: readonly Tensor[]): Tensor =>
  scope(() => mean(stack(taps.map((tap) => normalize(tap))), 0));

async function momentsOfPrompt({ rows }: EncodedPrompt): Promise<Moments> {
  using patches = joined(rows);
  return await momentsOf(patches);
}

/** The scales of both maps, from prompts that are left out in turn and compared with the others. */
async function leaveOut(
  { encoder, symmetries, averaged }: SubspaceUse,
  prompts: readonly EncodedPrompt[],
  moments: readonly Moments[],
): Promise<Scales> {
  const values: number[][] = [[], []];
  const others = <T>(all: readonly T[], left: number) => all.filter((_, i) => i !== left);
  for (const [i, prompt] of prompts.entries()) {
    using bank = PromptBank.of(encoder, others(prompts, i), symmetries);
    const subspace = subspaceOf(encoder.backbone.device, others(moments, i).reduce(joinMoments), SHARE);
    const maps = scope(() => {
      const taps = asTheyAre(prompt, symmetries);
      const { similarity } = matchBank(bank, { taps, layouts: prompt.layouts }, averaged);
      return [residualMap(similarity), subspaceDistances(joined(taps), subspace)];
    });
    free(subspace);
    for (const [of, map] of maps.entries()) {
      for (const value of await map.data()) values[of].push(value);
      map.dispose();
    }
  }
  return values.map((of) => {
    const middle = meanOf(of);
    const variance = meanOf(of.map((value) => (value - middle) ** 2));
    return [middle, 1 / Math.max(MIN_DEVIATION, Math.sqrt(variance))];
  });
}

/** A prompt's patches in no symmetry, [views, patches, width] of each tap. */
const asTheyAre = ({ rows, views, layouts }: EncodedPrompt, symmetries: number): Tensor[] =>
  rows.map((tap, i) => {
    const [patches, width] = [patchesOf(layouts[i]), tap.shape[1]];
    const all = reshape(tap, [views, symmetries, patches, width]);
    return reshape(slice(all, [null, [0, 1]]), [views, patches, width]);
  });

const free = ({ mean, rest }: PatchSubspace): void => {
  mean.dispose();
  rest.dispose();
};

/** The map of an image once prompts are known. */
export interface SubspaceMaps {
  /** @param nearest the map of the nearest patches. @param taps patches of each tap. @returns [views, patches]. */
  of(nearest: Tensor, taps: readonly Tensor[]): Tensor;
  dispose(): void;
}

/** Opens what `learnSubspace` made. */
export async function openSubspace(
  { beside }: SubspaceUse,
  learnt: Readonly<Record<string, Tensor>>,
): Promise<SubspaceMaps> {
  const [mean, directions, components] = ["mean", "directions", "components"].map(
    (name) => learnt[PREFIX + name],
  );
  const subspace = await loadedSubspace({ mean, directions, components });
  const scales = beside ? await learnt[SCALES].data() : null;
  return {
    of(nearest, taps) {
      const distances = subspaceDistances(joined(taps), subspace);
      if (!scales) return distances;
      const standard = (map: Tensor, at: number) => mul(sub(map, scales[at]), scales[at + 1]);
      return add(standard(nearest, 0), standard(distances, 2));
    },
    dispose: () => free(subspace),
  };
}
