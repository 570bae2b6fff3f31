import type { Fit, PreprocessConfig } from "@inctrl/clip";
import type { Reading } from "@inctrl/datasets";
import { type Tensor, type TensorFile, tensor } from "@inctrl/tensor";
import { patchesOf, type TapLayout } from "../backbone/backbone.js";
import type { Encoder } from "../encoder/encoder.js";
import type { EncodedPrompt } from "../encoder/prompts.js";
import { DetectError } from "../errors.js";
import { openSealed, writeSealed } from "../files/sealed.js";
import { type Augmentation, SYMMETRIES } from "../images/augmentation.js";
import { otherSize, type Positions, sameSize, type TilePlaces } from "../images/positions.js";
import { type ImageRegion, packRegion } from "../images/region.js";
import type { BankEntries } from "./amend.js";
import {
  type BankInfo,
  FORMAT,
  fail,
  type PromptRecord,
  readBankInfo,
  type SharedReading,
} from "./bank-info.js";
import { type BankOpening, openingIn } from "./opening.js";

/** What a file says besides its prompts and their encoder. */
export interface BankFacts extends Pick<BankInfo, "kind" | "settings"> {
  readonly region?: ImageRegion;
  readonly positions?: Positions;
  readonly variants?: Pick<Augmentation, "name" | "count">;
}

/** What is to be said of prompts in the file of a state that was fitted with them. */
export function bankInfo(
  encoder: Encoder,
  prompts: readonly EncodedPrompt[],
  { variants, kind, settings, region, positions }: BankFacts = {},
): BankInfo {
  const { backbone, fit, taps, raw } = encoder;
  const readings = new Map(
    prompts.map(({ reading = {} }) => [JSON.stringify(shared(reading)), shared(reading)]),
  );
  if (readings.size > 1) {
    const found = [...readings.keys()].join(" and ");
    throw new DetectError(
      "window",
      `the prompts were read in different ways, ${found}; read all of them alike`,
    );
  }
  const [reading = {}] = readings.values();
  return {
    version: 1,
    ...(kind !== undefined && { kind }),
    prompts: prompts.map((prompt) => recordOf(prompt, encoder)),
    backbone: backbone.name,
    fingerprint: backbone.fingerprint,
    fit,
    blocks: [...taps],
    ...(raw && { raw }),
    ...(variants && variants.count > 1 && writtenVariants(variants)),
    reading,
    ...(settings && Object.keys(settings).length > 0 && { settings }),
    ...(region && { region: packRegion(region) }),
    ...(positions && { positions: tilePlaces(positions, encoder, prompts) }),
    preprocess: preprocessOf(encoder),
  };
}

/** @throws DetectError `positions` where tiles have no places in common. */
function tilePlaces(how: Positions, { fit }: Encoder, prompts: readonly EncodedPrompt[]): TilePlaces {
  const of = prompts[0].of ?? { width: 0, height: 0 };
  const other = prompts.find((prompt) => !prompt.of || !sameSize(prompt.of, of));
  if (other) throw otherSize(other.name, other.of ?? of, of);
  if (fit === "tile") return { how, of };
  throw new DetectError(
    "positions",
    `with fit ${fit} an image is one view, and has no tiles with places; cut it into tiles`,
  );
}

const writtenVariants = ({ name, count }: Pick<Augmentation, "name" | "count">) =>
  name === SYMMETRIES ? { turns: count } : { augmentation: { name, count } };

function recordOf({ name, sha256, views, layouts }: EncodedPrompt, encoder: Encoder): PromptRecord {
  const grids = layouts.map(({ rows, columns }) => [rows, columns] as const);
  const own = encoder.layouts.every(
    ({ rows, columns }, i) => grids[i][0] === rows && grids[i][1] === columns,
  );
  return { name, sha256, views, ...(!own && { grids }) };
}

/** The layout of a prompt's taps. */
export const promptLayouts = ({ grids }: PromptRecord, { layouts }: Encoder): readonly TapLayout[] =>
  layouts.map((layout, i) => (grids ? { ...layout, rows: grids[i][0], columns: grids[i][1] } : layout));

const shared = ({ window, orientation }: Reading): SharedReading => ({
  ...(window && { window }),
  ...(orientation && { orientation }),
});

/** How the prompts of a bank were read. Earlier versions kept the high byte of 16 bits and followed no orientation. */
export const readingOf = ({ reading }: BankInfo): SharedReading =>
  reading ?? { window: "full", orientation: "ignore" };

/**
 * Writes the state of a fitted detector as one safetensors file with checksums, whole or not at all.
 *
 * @param entries further entries of the file's metadata.
 * @throws DetectError `bank` for values that are not finite.
 */
export async function writeBank(
  path: string,
  info: BankInfo,
  tensors: Readonly<Record<string, Tensor>>,
  entries: BankEntries = {},
): Promise<void> {
  const stored = Object.entries(tensors).map(async ([name, value]) => {
    const data = await value.data();
    checkFinite(path, name, data);
    return [name, { dtype: "F32", shape: value.shape, data }] as const;
  });
  const values = Object.fromEntries(await Promise.all(stored));
  await writeSealed(path, values, { format: FORMAT, bank: JSON.stringify(info), ...entries });
}

/**
 * Reads the state of a fitted detector for the encoder that it was fitted with.
 *
 * @param kind as in the file's `BankInfo`.
 * @param shapesOf the tensors that such a file must hold.
 * @throws DetectError `bank` for other files, other backbones, other blocks, other preprocessing and values that are not finite;
 * `damaged` for bytes that are not those written.
 */
export async function readBank(
  path: string,
  encoder: Encoder,
  kind: string | undefined,
  shapesOf: (info: BankInfo) => ReadonlyMap<string, readonly number[]>,
): Promise<{ info: BankInfo; tensors: Map<string, Tensor> }> {
  await using file = await openSealed(path);
  const tensors = new Map<string, Tensor>();
  try {
    const { info, stored } = bankIn(file, encoder, kind, shapesOf);
    for await (const { name, shape, values } of stored)
      tensors.set(name, tensor(encoder.backbone.device, values, shape));
    return { info, tensors };
  } catch (error) {
    for (const each of tensors.values()) each.dispose();
    throw error;
  }
}

/** What an open file says of its bank, and its tensors one after the other. @throws as `readBank`. */
export function bankIn(
  file: TensorFile,
  encoder: Encoder,
  kind: string | undefined,
  shapesOf: (info: BankInfo) => ReadonlyMap<string, readonly number[]>,
) {
  const info = readBankInfo(file.path, file);
  checkFits(file.path, info, encoder, kind);
  const shapes = shapesOf(info);
  for (const [name, want] of shapes) checkShape(file, name, want);
  async function* stored() {
    for (const [name, shape] of shapes) {
      const values = await file.readFloat32(name);
      checkFinite(file.path, name, values);
      yield { name, shape, values };
    }
  }
  return { info, stored: stored() };
}

/** Tiles of a size of their own, in pixels of an image. */
export type TileSizes = Pick<PreprocessConfig, "tile" | "overlap">;

/** How a bank's images were read and made square. */
export interface BankFit {
  /** The network that it was made with. */
  readonly network: Pick<BankInfo, "backbone" | "fingerprint">;
  /** The taps whose patches it holds. */
  readonly taps: BankInfo["blocks"];
  readonly fit: Fit;
  readonly symmetries: number;
  /** Pixels of an image that a tile has along each side, and that it shares with the next one, where tiles have a size of their own. */
  readonly tiles?: TileSizes;
  /** Whether tiles are compared by their place. */
  readonly positions?: Positions;
  readonly reading: SharedReading;
  /** How its method scores; absent for a bank of the paper's nearest patches. */
  readonly settings?: Readonly<Record<string, string>>;
  /** What it was made for; absent where it does not say. */
  readonly opening?: BankOpening;
  /** Whether it is of a version before readings were kept. */
  readonly early: boolean;
  /** Whether the file has checksums, as it has since there are any. */
  readonly sealed: boolean;
}

/** How a bank's images were made square, which its encoder must do as well. @throws DetectError `bank` for other files. */
export async function readBankFit(path: string): Promise<BankFit> {
  await using file = await openSealed(path);
  const info = readBankInfo(path, file);
  const { fit, blocks: taps, turns: symmetries = 1, settings, backbone, fingerprint } = info;
  const { tile, overlap } = info.preprocess;
  const tiles = tile === undefined ? {} : { tiles: { tile, overlap } };
  const positions = info.positions && { positions: info.positions.how };
  const opening = openingIn(file);
  const made = {
    network: { backbone, fingerprint },
    taps,
    fit,
    ...tiles,
    ...positions,
    symmetries,
    reading: readingOf(info),
    ...(settings && { settings }),
  };
  return { ...made, ...(opening && { opening }), early: !info.reading, sealed: file.sealed };
}

const preprocessOf = ({ preprocess }: Encoder): BankInfo["preprocess"] => {
  const { size, mean, std, interpolation, resize, rgbFirst, unrounded, multiple, tile, overlap } = preprocess;
  const filter = interpolation === "bicubic" ? undefined : interpolation;
  return { size, mean, std, interpolation: filter, resize, rgbFirst, unrounded, multiple, tile, overlap };
};

function checkFinite(path: string, name: string, values: Float32Array): void {
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at >= 0) throw fail(path, `${name} is ${values[at]} at ${at}; make the bank again with sound weights`);
}

function checkShape(file: TensorFile, name: string, want: readonly number[]): void {
  const got = file.tensors.get(name)?.shape;
  if (got?.length === want.length && got.every((d, i) => d === want[i])) return;
  const found = got ? `[${got.join(", ")}]` : "missing";
  throw fail(file.path, `${name} is ${found} and must be [${want.join(", ")}]; make the bank again`);
}

function checkFits(path: string, info: BankInfo, encoder: Encoder, kind: string | undefined): void {
  const { backbone, taps, fit, raw } = encoder;
  const again = "make the bank again from its prompts with this backbone";
  const short = (text: string) => JSON.stringify(text.slice(0, 8));
  if (info.kind !== kind) {
    const made = info.kind === undefined ? "patches of prompts" : JSON.stringify(info.kind);
    throw fail(path, `holds ${made} and not what ${kind ?? "a nearest-patch method"} needs; ${again}`);
  }
  if (info.fingerprint !== backbone.fingerprint) {
    throw fail(
      path,
      `was made by another backbone (${JSON.stringify(info.backbone.slice(0, 100))}, ${short(info.fingerprint)}) than ` +
        `"${backbone.name}" (${short(backbone.fingerprint)}); ${again}`,
    );
  }
  if (info.blocks.join() !== taps.join()) {
    throw fail(path, `holds blocks ${info.blocks.join(", ")} and ${taps.join(", ")} are compared; ${again}`);
  }
  if ((info.raw ?? false) !== raw) {
    throw fail(
      path,
      `holds patches ${raw ? "of length 1" : "as they are"} and this method compares others; ${again}`,
    );
  }
  if (JSON.stringify(info.preprocess) !== JSON.stringify(preprocessOf(encoder))) {
    throw fail(path, `its images were prepared in another way; ${again}`);
  }
  if (info.fit !== fit) {
    throw fail(path, `was made with fit ${info.fit} and this encoder uses ${fit}; use the same for both`);
  }
}

/** Shapes of what a method learns, by name. */
export type LearntShapes = Readonly<Record<string, readonly number[]>>;

/** The tensors of a bank's file. @throws DetectError `bank` for prompts that were augmented in another way. */
export function bankShapes(
  path: string,
  info: BankInfo,
  encoder: Encoder,
  augmentation?: Augmentation,
  learnt: LearntShapes = {},
): Map<string, readonly number[]> {
  const { prompts, blocks, turns = 1 } = info;
  if (info.augmentation?.name !== augmentation?.name || info.augmentation?.count !== augmentation?.count) {
    const names = [info, { augmentation }].map((from) => from.augmentation?.name ?? "none");
    throw new DetectError(
      "bank",
      `${path}: its prompts were augmented by ${names[0]} and this method's are by ${names[1]}; make the bank again`,
    );
  }
  const count = augmentation?.count ?? turns;
  const sum = (of: (prompt: PromptRecord) => number) =>
    prompts.reduce((sum, prompt) => sum + prompt.views * of(prompt), 0);
  return new Map<string, readonly number[]>([
    ["features", [sum(() => 1), encoder.backbone.embedDim]],
    ...blocks.map((block, i) => {
      const rows = sum((prompt) => count * patchesOf(promptLayouts(prompt, encoder)[i]));
      return [`block.${block}`, [rows, encoder.layouts[i].width]] as const;
    }),
    ...Object.entries(learnt),
  ]);
}
