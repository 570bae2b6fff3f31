import { type Device, type Tensor, type TensorFile, tensor } from "@inctrl/tensor";
import { DetectError } from "../errors.js";
import { openSealed } from "../files/sealed.js";
import { medianOf } from "../metrics/metrics.js";
import { type BankInfo, fail, type PromptRecord, readBankInfo } from "./bank-info.js";
import { boundOf, type Compared, compareAll } from "./coverage.js";
import { PatchPool, type PoolImage, type Residual } from "./patch-pool.js";

/** Views whose patches are searched for together. */
const BATCH = 8;
/** Two prompts are nearly the same where they are nearer than this share of the median of all pairs. */
const NEAR = 1 / 3;
/** Residuals up to this are what float32 makes of equal patches. */
const EQUAL = 1e-6;

/** A prompt as the others see it. */
export interface CheckedPrompt extends Residual {
  readonly name: string;
  /** The prompt that is most like it, and its mean residual with that one alone. */
  readonly nearest: { readonly name: string; readonly mean: number };
}

/** How the prompts of a bank are to each other. */
export interface BankCheck {
  /** The most unlike first, by its largest residual with all others as prompts. */
  readonly prompts: readonly CheckedPrompt[];
  /** The residual from which a prompt is unlike the others; null for fewer than 8 prompts. */
  readonly bound: number | null;
  /** Pairs that are nearly the same, the nearest first: of each the larger of both mean residuals. */
  readonly redundant: readonly { readonly names: readonly [string, string]; readonly mean: number }[];
}

/**
 * Compares the prompts of a bank with each other by the patches that its file holds, without their images or the network.
 *
 * @throws DetectError `bank` for other files and for banks without patches, `shots` for a single prompt.
 * @example
 * const { prompts, redundant } = await checkBank(device, "part.bank.safetensors");
 */
export async function checkBank(device: Device, path: string): Promise<BankCheck> {
  await using file = await openSealed(path);
  const info = readBankInfo(path, file);
  if (info.kind !== undefined) {
    const kept = `holds what ${JSON.stringify(info.kind)} keeps of its prompts and not the patches of each`;
    throw fail(path, `${kept}, so that they cannot be told apart; give a bank of a nearest-patch method`);
  }
  if (info.prompts.length < 2)
    throw new DetectError("shots", `${path}: has one prompt, and there is none to compare it with`);
  const variants = info.augmentation?.count ?? info.turns ?? 1;
  const images = await readImages(device, file, info, variants);
  try {
    using pool = new PatchPool(images, { variants, batch: BATCH });
    const compared = await compareAll(pool, (image) => pool.nearestTo(image));
    return verdictOf(info.prompts, compared);
  } finally {
    for (const tap of images.flatMap(({ rows }) => rows)) tap.dispose();
  }
}

/** The patches of each prompt, tap by tap. */
async function readImages(
  device: Device,
  file: TensorFile,
  { prompts, blocks }: BankInfo,
  variants: number,
): Promise<PoolImage[]> {
  const rows = prompts.map((): Tensor[] => []);
  try {
    for (const [tap, block] of blocks.entries()) {
      const name = `block.${block}`;
      const [total, width, ...more] = file.tensors.get(name)?.shape ?? [];
      const sizes = rowsOf(prompts, tap, variants, total);
      const same = tap === 0 || sizes?.every((size, i) => size === rows[i][0].shape[0]);
      if (!sizes || !(width > 0) || more.length > 0 || !same)
        throw fail(file.path, `${name} is not as its prompts say; make the bank again`);
      const values = await file.readFloat32(name);
      if (!values.every(Number.isFinite))
        throw fail(file.path, `${name} is not finite; make the bank again with sound weights`);
      let at = 0;
      for (const [i, size] of sizes.entries()) {
        const own = values.subarray(at * width, (at + size) * width);
        rows[i].push(tensor(device, own, [size, width]));
        at += size;
      }
    }
  } catch (error) {
    for (const tap of rows.flat()) tap.dispose();
    throw error;
  }
  return prompts.map(({ views }, i) => ({ views, rows: rows[i] }));
}

/** Rows of each prompt in a tap: those without a grid of their own share what others leave. Null where that is no whole number. */
function rowsOf(
  prompts: readonly PromptRecord[],
  tap: number,
  variants: number,
  total: number,
): number[] | null {
  const known = ({ grids }: PromptRecord) => grids && grids[tap][0] * grids[tap][1];
  let [left, views] = [total, 0];
  for (const prompt of prompts) {
    const patches = known(prompt);
    if (patches === undefined) views += prompt.views * variants;
    else left -= prompt.views * variants * patches;
  }
  const shared = views > 0 ? left / views : 0;
  const sound = views > 0 ? Number.isInteger(shared) && shared > 0 : left === 0;
  if (!sound) return null;
  return prompts.map((prompt) => prompt.views * variants * (known(prompt) ?? shared));
}

function verdictOf(records: readonly PromptRecord[], { alone, others }: Compared): BankCheck {
  const names = records.map(({ name }) => name);
  const prompts = others.map((residual, image) => {
    const [nearest] = [...alone.keys()]
      .filter((prompt) => prompt !== image)
      .sort((a, b) => alone[a][image] - alone[b][image]);
    return {
      ...{ name: names[image], ...residual },
      nearest: { name: names[nearest], mean: alone[nearest][image] },
    };
  });
  const pairs = names.flatMap((name, i) =>
    names.slice(0, i).map((other, j) => ({
      names: [other, name] as const,
      mean: Math.max(alone[i][j], alone[j][i]),
    })),
  );
  const near = Math.max(EQUAL, NEAR * medianOf(pairs.map(({ mean }) => mean)));
  return {
    prompts: prompts.sort((a, b) => b.peak - a.peak),
    bound: boundOf(others),
    redundant: pairs.filter(({ mean }) => mean < near).sort((a, b) => a.mean - b.mean),
  };
}
