import { type Fit, gridSize, type PreparedImage } from "@inctrl/clip";
import {
  concat,
  type Device,
  normalize,
  openSafetensors,
  type PackedMatrix,
  packBank,
  reshape,
  scope,
  slice,
  type Tensor,
  type TensorFile,
  tensor,
  writeSafetensors,
} from "@inctrl/tensor";
import { quoted } from "@inctrl/tensor/files";
import type { Backbone } from "../backbone/backbone.js";
import { chooseBatch } from "../backbone/batch.js";
import { encodeViews } from "../encoder/encode.js";
import { InctrlError } from "../errors.js";
import { symmetricIndex, symmetricViews } from "../images/symmetries.js";

/** One normal image to learn what is normal from. */
export interface Prompt {
  name: string;
  /** sha256 of the file, where it came from one. */
  sha256?: string;
  /** The image as the model sees it: one square, or several tiles. */
  views: PreparedImage[];
}

/** What a bank remembers of a prompt. */
export interface PromptRecord {
  name: string;
  sha256: string | null;
  views: number;
}

interface BankInfo {
  version: 1;
  prompts: PromptRecord[];
  backbone: string;
  fingerprint: string;
  fit: Fit;
  blocks: number[];
  /** Symmetries of the square that each view is held in; 1 where an older bank does not say. */
  turns?: 1 | 8;
  preprocess: { size: number; mean: readonly number[]; std: readonly number[] };
}

const FORMAT = "inctrl-bank";

/**
 * K normal images, encoded once: the normalised patch tokens of the tapped blocks, packed for the nearest-patch search, and
 * the class features. Scoring reads the bank and never the prompt images again.
 *
 * @example
 * const bank = await PromptBank.encode(backbone, prompts, { fit: "crop" });
 * await bank.save("product.bank.safetensors");
 */
export class PromptBank {
  readonly device: Device;
  readonly info: Readonly<BankInfo>;
  /** One packed bank of rows a tapped block, prompt by prompt, view by view, turn by turn, patch by patch. */
  readonly blocks: readonly PackedMatrix[];
  /** Class features, [views, embedDim]. */
  readonly features: Tensor;
  readonly #patches: readonly Tensor[];

  /** `patches`: normalised rows [views * turns * patches, width], one tensor a tapped block. */
  constructor(info: BankInfo, features: Tensor, patches: readonly Tensor[]) {
    this.device = features.device;
    this.info = info;
    this.features = features;
    this.#patches = patches;
    this.blocks = patches.map((rows) => packBank(rows));
  }

  get prompts(): readonly PromptRecord[] {
    return this.info.prompts;
  }

  /** K. */
  get shots(): number {
    return this.info.prompts.length;
  }

  get fit(): Fit {
    return this.info.fit;
  }

  /** Symmetries of the square that each view is held in. */
  get turns(): 1 | 8 {
    return this.info.turns ?? 1;
  }

  /** Which prompt a matched bank row belongs to, and which of its patches (counted over its views, as they are) it is. */
  locate(row: number, patchesPerView: number): { prompt: number; patch: number } {
    const turned = Math.floor(row / patchesPerView);
    let view = Math.floor(turned / this.turns);
    let prompt = 0;
    while (prompt < this.shots - 1 && view >= this.prompts[prompt].views)
      view -= this.prompts[prompt++].views;
    const patch = symmetricIndex(turned % this.turns, row % patchesPerView, Math.sqrt(patchesPerView));
    return { prompt, patch: view * patchesPerView + patch };
  }

  /**
   * Encodes prompts, a batch at a time; where the backbone's configuration asks for it, in all symmetries of the square: their
   * patches are then compared as well, the class features are of the prompts as they are.
   *
   * @throws InctrlError `shots` without prompts.
   */
  static async encode(
    backbone: Backbone,
    prompts: readonly Prompt[],
    options: { fit?: Fit; batch?: number } = {},
  ): Promise<PromptBank> {
    const { fit = "crop", batch = chooseBatch(backbone.device.caps, backbone.config) } = options;
    if (prompts.length === 0) throw new InctrlError("shots", "no prompts; give at least one normal image");
    const { turns } = backbone;
    const views = prompts.flatMap((prompt) => prompt.views.flatMap((view) => symmetricViews(view, turns)));
    const parts: { features: Tensor; taps: Tensor[] }[] = [];
    for (let at = 0; at < views.length; at += batch) {
      parts.push(
        scope(() => {
          const { features, taps } = encodeViews(backbone, views.slice(at, at + batch));
          return { features, taps: taps.map(normalize) };
        }),
      );
      await backbone.device.sync();
    }
    const { features, patches } = scope(() => ({
      features: unturned(concat(parts.map((part) => part.features)), turns),
      patches: backbone.config.outBlocks.map((_, i) => {
        const all = concat(parts.map((part) => part.taps[i]));
        return reshape(all, [-1, all.shape[2]]);
      }),
    }));
    for (const part of parts) for (const t of [part.features, ...part.taps]) t.dispose();
    const info: BankInfo = {
      version: 1,
      prompts: prompts.map(({ name, sha256 = null, views: own }) => ({ name, sha256, views: own.length })),
      backbone: backbone.name,
      fingerprint: backbone.fingerprint,
      fit,
      blocks: [...backbone.config.outBlocks],
      ...(turns > 1 && { turns }),
      preprocess: preprocessOf(backbone),
    };
    return new PromptBank(info, features, patches);
  }

  /** Writes the bank as one safetensors file, whole or not at all. */
  async save(path: string): Promise<void> {
    const stored = async (t: Tensor) => ({
      dtype: "F32" as const,
      shape: t.shape,
      data: await t.data(),
    });
    const tensors: Record<string, Awaited<ReturnType<typeof stored>>> = {
      features: await stored(this.features),
    };
    for (const [i, rows] of this.#patches.entries()) {
      tensors[`block.${this.info.blocks[i]}`] = await stored(rows);
    }
    await writeSafetensors(path, tensors, { format: FORMAT, bank: JSON.stringify(this.info) });
  }

  /**
   * Loads a saved bank for the backbone that made it.
   *
   * @throws InctrlError `bank` for other files, other backbones and other preprocessing.
   */
  static async load(path: string, backbone: Backbone): Promise<PromptBank> {
    const file = await openSafetensors(path);
    try {
      const info = readInfo(path, file);
      checkFits(path, info, backbone);
      const { width } = backbone.config.vision;
      const views = info.prompts.reduce((sum, prompt) => sum + prompt.views, 0);
      const rows = views * (info.turns ?? 1) * patchesOf(backbone);
      const shapes: [name: string, shape: readonly number[]][] = [
        ["features", [views, backbone.config.embedDim]],
        ...info.blocks.map((block): [string, number[]] => [`block.${block}`, [rows, width]]),
      ];
      for (const [name, want] of shapes) checkShape(file, name, want);
      const tensors: Tensor[] = [];
      for (const [name, shape] of shapes) {
        tensors.push(tensor(backbone.device, await file.readFloat32(name), shape));
      }
      const [features, ...patches] = tensors;
      return new PromptBank(info, features, patches);
    } finally {
      await file.close();
    }
  }

  dispose(): void {
    for (const held of [this.features, ...this.#patches, ...this.blocks]) held.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** Of class features [views * turns, embedDim] those of the views as they are. */
export function unturned(features: Tensor, turns: number): Tensor {
  if (turns === 1) return features;
  const width = features.shape[1];
  return reshape(slice(reshape(features, [-1, turns, width]), [null, [0, 1]]), [-1, width]);
}

const preprocessOf = ({ config }: Backbone) => {
  const { size, mean, std } = config.preprocess;
  return { size, mean: [...mean], std: [...std] };
};

/** Patches of one view. */
export const patchesOf = ({ config }: Backbone): number => gridSize(config.vision) ** 2;

function checkShape(file: TensorFile, name: string, want: readonly number[]): void {
  const got = file.tensors.get(name)?.shape;
  if (got?.length === want.length && got.every((d, i) => d === want[i])) return;
  throw new InctrlError(
    "bank",
    `${file.path}: ${name} is ${got ? `[${got.join(", ")}]` : "missing"} and must be [${want.join(", ")}]; make the bank again`,
  );
}

function readInfo(path: string, file: TensorFile): BankInfo {
  const fail = (why: string, cause?: unknown) =>
    new InctrlError("bank", `${path}: ${why}; make one with --save-bank`, { cause });
  if (file.metadata.format !== FORMAT) throw fail("is no prompt bank");
  let info: BankInfo;
  try {
    info = JSON.parse(file.metadata.bank ?? "");
  } catch (cause) {
    throw fail("its description is damaged", cause);
  }
  const sound =
    info?.version === 1 &&
    Array.isArray(info.prompts) &&
    info.prompts.length > 0 &&
    info.prompts.every(isRecord) &&
    Array.isArray(info.blocks) &&
    info.blocks.every(Number.isInteger) &&
    [undefined, 1, 8].includes(info.turns) &&
    ["crop", "squash", "tile"].includes(info.fit) &&
    typeof info.backbone === "string" &&
    typeof info.fingerprint === "string";
  if (!sound) throw fail("its description is damaged or of a later version");
  return info;
}

function isRecord(prompt: PromptRecord | null): boolean {
  if (typeof prompt?.name !== "string" || !Number.isInteger(prompt.views) || prompt.views < 1) return false;
  return prompt.sha256 === null || typeof prompt.sha256 === "string";
}

function checkFits(path: string, info: BankInfo, backbone: Backbone): void {
  const fail = (why: string) =>
    new InctrlError("bank", `${path}: ${why}; make the bank again from its prompts with this backbone`);
  if (info.fingerprint !== backbone.fingerprint) {
    throw fail(
      `was made by another backbone (${quoted(info.backbone)}, ${quoted(info.fingerprint.slice(0, 8))}) than "${backbone.name}" ("${backbone.fingerprint.slice(0, 8)}")`,
    );
  }
  if (JSON.stringify(info.blocks) !== JSON.stringify(backbone.config.outBlocks)) {
    throw fail(
      `holds blocks ${info.blocks.join(", ")} and ${backbone.config.outBlocks.join(", ")} are compared`,
    );
  }
  if (JSON.stringify(info.preprocess) !== JSON.stringify(preprocessOf(backbone))) {
    throw fail("its images were prepared in another way");
  }
}
