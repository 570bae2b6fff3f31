import { openWeights, type Weights } from "@inctrl/clip";
import { type Device, writeSafetensors } from "@inctrl/tensor";
import { quoted } from "@inctrl/tensor/files";
import { type Component, componentsText, readComponents } from "./components.js";
import { InctrlError } from "./errors.js";
import {
  type HeadSizes,
  type HeadsForm,
  type HeadsModule,
  type HeadValues,
  makeHeads,
  storedParameters,
  widenedBy,
} from "./head-modules.js";

export type { HeadsForm, HeadValues } from "./head-modules.js";

/** Whether a name in a checkpoint belongs to InCTRL's heads: the `extra` of `openWeights` and `openBackbone`. */
export const isHeadName = (name: string): boolean => HEAD_PREFIXES.some((prefix) => name.startsWith(prefix));

const HEAD_PREFIXES = ["adapter.fc.", "diff_head.", "diff_head_ref.", "patch_heads."];

/** Parts that released files hold and scoring never uses: a counter, and a norm that is never applied. */
const UNUSED = /^diff_head(_ref)?\.bn(\d\.num_batches_tracked|1\.\w+)$/;

/** InCTRL's trained heads, frozen for scoring, with what their file says of them. */
export class Heads {
  readonly device: Device;
  /** Data and settings of their training, as the file says. */
  readonly provenance: Readonly<Record<string, string>>;
  /** psi, eta and phi, packed. */
  readonly module: HeadsModule;
  /** The weight of s_p beside phi that the file names (paper, eq. 9); 1 where it names none. */
  readonly alpha: number;
  /** What the file says they were trained for; null where it does not say. */
  readonly components: ReadonlySet<Component> | null;
  /** Width of the class feature and number of patches that these heads take; 0 for any. */
  readonly embedDim: number;
  readonly patches: number;
  /** Width of the patches of each tapped block, for forms that join patches; else empty. */
  readonly widths: readonly number[];
  readonly #values: HeadValues;

  private constructor(
    device: Device,
    values: HeadValues,
    module: HeadsModule,
    provenance: Record<string, string>,
  ) {
    this.device = device;
    this.#values = values;
    this.module = module.freeze().load(device, values);
    this.provenance = provenance;
    this.alpha = Number(provenance.alpha ?? 1);
    const { components } = provenance;
    this.components = components === undefined ? null : new Set(readComponents(components));
    ({ embedDim: this.embedDim, patches: this.patches, widths: this.widths } = sizesIn(values, module.form));
  }

  /**
   * Loads heads from a released `.pyth` file, which holds the whole model, or from a heads-only file.
   *
   * @throws InctrlError `heads` where parts are missing or of the wrong shape; ClipError `values` for a NaN or an infinity, as
   * training that diverged leaves.
   */
  static async load(path: string, device: Device): Promise<Heads> {
    await using weights = await openWeights(path, { extra: isHeadName });
    return await Heads.from(weights, device);
  }

  /** Reads heads out of weights that were opened with `extra: isHeadName`. */
  static async from(weights: Weights, device: Device): Promise<Heads> {
    return Heads.fromValues(device, await headValuesIn(weights), weights.path, { ...weights.file.metadata });
  }

  /** Makes heads from values by released name; `source` is what errors name. */
  static fromValues(
    device: Device,
    values: HeadValues,
    source: string,
    provenance: Record<string, string> = {},
  ): Heads {
    return new Heads(device, values, headsModule(values, source, provenance), provenance);
  }

  /** Parameters and statistics by released name. */
  get values(): HeadValues {
    return this.#values;
  }

  get form(): HeadsForm {
    return this.module.form;
  }

  /** Whether features of `embedDim` values and maps of `patches` of these widths are what these heads take. */
  fits({ embedDim, patches, widths = [] }: HeadSizes): boolean {
    if (!this.module.hasImageLevel) return true;
    const sameWidths = this.widths.length === widths.length && this.widths.every((w, i) => w === widths[i]);
    return (
      this.embedDim === embedDim && this.patches === patches && (!this.module.joinsPatches || sameWidths)
    );
  }

  /** @throws InctrlError `components` where one is asked for that they were not trained for. */
  checkTrained(asked: ReadonlySet<Component>): void {
    const untrained = new Set([...asked].filter((name) => this.components && !this.components.has(name)));
    if (untrained.size === 0 || !this.components) return;
    const [missing, known] = [untrained, this.components].map(componentsText);
    throw new InctrlError(
      "components",
      `the heads were trained for the components ${known} and know nothing of ${missing}; leave ${missing} out, or train heads with it`,
    );
  }

  /** Writes a heads-only safetensors file (released names) with what the heads were trained on. */
  async save(path: string, provenance: Record<string, string> = this.provenance): Promise<void> {
    const tensors = Object.fromEntries(
      [...this.#values].map(([name, { shape, data }]) => [name, { dtype: "F32" as const, shape, data }]),
    );
    await writeSafetensors(path, tensors, { ...provenance, format: "inctrl-heads" });
  }

  dispose(): void {
    this.module.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** The values of all heads in a checkpoint, by released name. */
export async function headValuesIn(weights: Weights): Promise<HeadValues> {
  const values = new Map<string, { shape: readonly number[]; data: Float32Array }>();
  for (const name of [...weights.keys.keys()].filter(isHeadName)) {
    values.set(name, { shape: weights.shape(name), data: await weights.readFloat32(name) });
  }
  return values;
}

/** The module that values fill, once they are known to fit it. @throws InctrlError `heads`. */
export function headsModule(
  values: HeadValues,
  source: string,
  provenance: Readonly<Record<string, string>>,
): HeadsModule {
  const form = formOf(values);
  const module = makeHeads(form, sizesIn(values, form));
  const refuse = (why: string) => new InctrlError("heads", `${source}: ${why}`);
  checkHeads(values, module, refuse);
  const { alpha = "1", components, heads_form: named = form } = provenance;
  if (alpha.trim() === "" || !(Number(alpha) >= 0 && Number(alpha) < Infinity))
    throw refuse(`its alpha is ${quoted(alpha)} and must be a number from 0 on; train the heads again`);
  if (components !== undefined && !readComponents(components)?.length)
    throw refuse(
      `its components are ${quoted(components)} and must be some of P, I and T; train the heads again`,
    );
  if (named !== form)
    throw refuse(
      `says that its heads are ${quoted(named)}, and its parts are those of ${form}; train the heads again`,
    );
  return module;
}

function formOf(values: HeadValues): HeadsForm {
  if (values.has("diff_head.roots")) return "monotone";
  if (values.has("diff_head.sorted1.weight")) return "sorted";
  if (![...values.keys()].some((name) => name.startsWith("patch_heads."))) return "paper";
  const inputs = values.get("diff_head_ref.projection1.weight")?.shape[1];
  return inputs === values.get("adapter.fc.0.weight")?.shape[1] ? "average" : "concat";
}

/** The sizes that heads with an image level were made for; 0 where a part is missing. */
function sizesIn(values: HeadValues, form: HeadsForm): Required<Omit<HeadSizes, "seed">> {
  const inputsOf = (name: string) => values.get(`${name}.projection1.weight`)?.shape[1] ?? 0;
  const blocks = new Set([...values.keys()].flatMap((name) => /^patch_heads\.(\d+)\./.exec(name)?.[1] ?? []));
  const factor = form === "concat" ? widenedBy(form) : 1;
  return {
    embedDim: values.get("adapter.fc.0.weight")?.shape[1] ?? 0,
    patches: inputsOf("diff_head"),
    // Blocks are counted on from 0: a file that lacks one lacks parts, which is said.
    widths: Array.from({ length: blocks.size }, (_, i) => Math.floor(inputsOf(`patch_heads.${i}`) / factor)),
  };
}

const GIVE = "give a file that training wrote or a released .pyth";

/** Throws unless every part is there and fits the others; features and maps may have any size. */
function checkHeads(values: HeadValues, module: HeadsModule, refuse: (why: string) => InctrlError): void {
  const needed = storedParameters(module);
  const missing = [...needed.keys()].filter((name) => !values.has(name));
  if (missing.length > 0) {
    const some = missing.slice(0, 4).join(", ") + (missing.length > 4 ? ", ..." : "");
    const lacks = `${missing.length} of ${needed.size} parts are missing (${some})`;
    throw refuse(`holds no InCTRL heads: ${lacks}; ${GIVE}`);
  }
  const unknown = [...values.keys()].find((name) => !needed.has(name) && !UNUSED.test(name));
  if (unknown !== undefined) throw refuse(`${quoted(unknown)} is no part of InCTRL's heads; ${GIVE}`);
  for (const [name, { shape: want, role }] of needed) {
    const { shape: got = [], data } = values.get(name) ?? {};
    if (got.length !== want.length || got.some((d, i) => d !== want[i])) {
      const sizes = `${name} is [${got.join(", ")}] and must be [${want.join(", ")}]`;
      throw refuse(`${sizes}; the file does not fit its own other parts`);
    }
    if (role === "variance" && data?.some((value) => value < 0))
      throw refuse(`${name} holds a variance below 0; the file is spoilt: train the heads again`);
  }
}
