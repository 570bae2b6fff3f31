import { isHeadName, openWeights, type Weights } from "@inctrl/clip";
import { InctrlError } from "@inctrl/detect";
import {
  batchNorm,
  type Device,
  matmul,
  mean,
  type PackedMatrix,
  packMatrix,
  reshape,
  scope,
  sigmoid,
  sub,
  type Tensor,
  tensor,
  writeSafetensors,
} from "@inctrl/tensor";
import { quoted } from "@inctrl/tensor/files";
import { monotonePhi, RANK_BINS, rankMeans } from "./ranks.js";

const BATCH_NORM_EPS = 1e-5;

/** Widths inside a scoring head. */
export const HIDDEN = [128, 64] as const;

/** Parts that released files hold and scoring never uses: a counter, and a norm that is never applied. */
const UNUSED = /^diff_head(_ref)?\.bn(\d\.num_batches_tracked|1\.\w+)$/;

/**
 * Released names and shapes of the heads for features of `embedDim` values and maps of `patches`: the adapter psi
 * narrows to a quarter, eta is `diff_head_ref`, phi is `diff_head`.
 */
export function headShapes(embedDim: number, patches: number): Map<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>();
  const reduced = Math.floor(embedDim / 4);
  shapes.set("adapter.fc.0.weight", [reduced, embedDim]);
  shapes.set("adapter.fc.2.weight", [embedDim, reduced]);
  for (const [prefix, input] of [
    ["diff_head_ref", embedDim],
    ["diff_head", patches],
  ] as const) {
    const sizes = [input, ...HIDDEN, 1];
    for (const i of [1, 2, 3]) {
      shapes.set(`${prefix}.projection${i}.weight`, [sizes[i], sizes[i - 1]]);
      shapes.set(`${prefix}.projection${i}.bias`, [sizes[i]]);
    }
    for (const i of [2, 3]) {
      for (const part of ["weight", "bias", "running_mean", "running_var"]) {
        shapes.set(`${prefix}.bn${i}.${part}`, [sizes[i - 1]]);
      }
    }
  }
  return shapes;
}

/**
 * What the heads are made of: `paper`, the adapter, eta and phi over the map place by place. The others are phi alone over the map's
 * values by rank, which knows of no place and of no product: `sorted`, a small network; `monotone`, weights of which none is below 0,
 * so that a larger residual never lowers a score. What each gains on data of another kind is measured in `research/generalisation`: sorted heads
 * scored worse there than no heads.
 */
export type HeadsForm = "paper" | "sorted" | "monotone";

/** Width inside a phi of the sorted form. */
export const SORTED_HIDDEN = 16;

/** Names and shapes of heads that see ranks. */
export function rankShapes(form: Exclude<HeadsForm, "paper">): Map<string, readonly number[]> {
  if (form === "monotone") {
    return new Map([
      ["diff_head.roots", [RANK_BINS]],
      ["diff_head.bias", [1]],
    ]);
  }
  return new Map([
    ["diff_head.sorted1.weight", [SORTED_HIDDEN, RANK_BINS]],
    ["diff_head.sorted1.bias", [SORTED_HIDDEN]],
    ["diff_head.sorted2.weight", [1, SORTED_HIDDEN]],
    ["diff_head.sorted2.bias", [1]],
  ]);
}

interface HeadValue {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Parameters and statistics of the heads by released name. */
export type HeadValues = ReadonlyMap<string, HeadValue>;

/**
 * InCTRL's trained parts (paper, section 3): the adapter psi and the scoring heads eta (image residual) and phi (fused
 * map), under their released names.
 */
export class Heads {
  readonly device: Device;
  /** What the heads were trained on and with, as the file says. */
  readonly provenance: Readonly<Record<string, string>>;
  readonly form: HeadsForm;
  /** The weight of s_p beside phi that the file names (paper, eq. 9); 1 where it names none. */
  readonly alpha: number;
  /** Width of the class feature and number of patches that these heads take; 0 for any. */
  readonly embedDim: number;
  readonly patches: number;
  readonly #values: HeadValues;
  readonly #parameters = new Map<string, Tensor | PackedMatrix>();

  private constructor(device: Device, values: HeadValues, provenance: Record<string, string>) {
    this.device = device;
    this.#values = values;
    this.provenance = provenance;
    this.form = formOf(values);
    const alpha = Number(provenance.alpha ?? 1);
    this.alpha = Number.isFinite(alpha) && alpha >= 0 ? alpha : 1;
    this.embedDim = values.get("adapter.fc.0.weight")?.shape[1] ?? 0;
    this.patches = values.get("diff_head.projection1.weight")?.shape[1] ?? 0;
    for (const [name, { shape, data }] of values) {
      if (UNUSED.test(name)) continue;
      const value = scope(() => {
        const flat = tensor(device, data, shape);
        return shape.length === 2 ? packMatrix(flat, { transposed: true }) : flat;
      });
      this.#parameters.set(name, value);
    }
  }

  /**
   * Loads heads from a released `.pyth` file, which holds the whole model, or from a heads-only file.
   *
   * @throws InctrlError `heads` where parts are missing or of the wrong shape.
   */
  static async load(path: string, device: Device): Promise<Heads> {
    const weights = await openWeights(path);
    try {
      return await Heads.from(weights, device);
    } finally {
      await weights.close();
    }
  }

  /** Reads heads out of opened weights. */
  static async from(weights: Weights, device: Device): Promise<Heads> {
    const names = [...weights.keys.keys()].filter(isHeadName);
    const values = new Map<string, HeadValue>();
    for (const name of names) {
      values.set(name, { shape: weights.shape(name), data: await weights.readFloat32(name) });
    }
    return Heads.fromValues(device, values, weights.path, { ...weights.file.metadata });
  }

  /** Makes heads from values by released name; `source` is what errors name. */
  static fromValues(
    device: Device,
    values: HeadValues,
    source: string,
    provenance: Record<string, string> = {},
  ): Heads {
    checkHeads(source, values);
    return new Heads(device, values, provenance);
  }

  /** Whether features of `embedDim` values and maps of `patches` are what these heads take. */
  fits(embedDim: number, patches: number): boolean {
    return this.form !== "paper" || (this.embedDim === embedDim && this.patches === patches);
  }

  /** Writes a heads-only safetensors file (released names) with what the heads were trained on. */
  async save(path: string, provenance: Record<string, string> = this.provenance): Promise<void> {
    const tensors = Object.fromEntries(
      [...this.#values].map(([name, { shape, data }]) => [name, { dtype: "F32" as const, shape, data }]),
    );
    await writeSafetensors(path, tensors, { ...provenance, format: "inctrl-heads" });
  }

  /** psi, of the paper's form only: Linear, ReLU, Linear, ReLU, no biases. [n, embedDim] to [n, embedDim]. */
  adapt(features: Tensor): Tensor {
    return scope(() => {
      const hidden = matmul(features, this.#matrix("adapter.fc.0.weight"), { activation: "relu" });
      return matmul(hidden, this.#matrix("adapter.fc.2.weight"), { activation: "relu" });
    });
  }

  /**
   * F: the mean adapted prompt feature minus the adapted query feature (paper, eq. 5, with the released sign).
   *
   * @param query class features, [batch, embedDim].
   * @param prompt mean of the adapted prompt features, [embedDim].
   */
  imageResidual(query: Tensor, prompt: Tensor): Tensor {
    return scope(() => sub(prompt, this.adapt(query)));
  }

  /** The mean of psi over the prompts, [embedDim]. */
  promptFeature(prompts: Tensor): Tensor {
    return scope(() => mean(this.adapt(prompts), 0));
  }

  /** eta, of the paper's form only: image residuals [batch, embedDim] to s_i, [batch]. */
  eta(residual: Tensor): Tensor {
    return this.#head("diff_head_ref", residual);
  }

  /** phi: fused maps M+ [batch, patches] to [batch]. */
  phi(map: Tensor): Tensor {
    if (this.form === "paper") return this.#head("diff_head", map);
    if (this.form === "monotone") {
      return monotonePhi(map, this.#tensor("diff_head.roots"), this.#tensor("diff_head.bias"));
    }
    return scope(() => {
      const layer = (input: Tensor, i: 1 | 2, activation?: "relu") =>
        matmul(input, this.#matrix(`diff_head.sorted${i}.weight`), {
          bias: this.#tensor(`diff_head.sorted${i}.bias`),
          activation,
        });
      return reshape(sigmoid(layer(layer(rankMeans(map), 1, "relu"), 2)), [map.shape[0]]);
    });
  }

  /** Linear, ReLU, BatchNorm, twice, then Linear and sigmoid. */
  #head(prefix: string, x: Tensor): Tensor {
    return scope(() => {
      const layer = (input: Tensor, i: number, activation?: "relu") =>
        matmul(input, this.#matrix(`${prefix}.projection${i}.weight`), {
          bias: this.#tensor(`${prefix}.projection${i}.bias`),
          activation,
        });
      const norm = (input: Tensor, i: number) =>
        batchNorm(input, {
          mean: this.#tensor(`${prefix}.bn${i}.running_mean`),
          variance: this.#tensor(`${prefix}.bn${i}.running_var`),
          weight: this.#tensor(`${prefix}.bn${i}.weight`),
          bias: this.#tensor(`${prefix}.bn${i}.bias`),
          eps: BATCH_NORM_EPS,
        });
      const first = norm(layer(x, 1, "relu"), 2);
      const second = norm(layer(first, 2, "relu"), 3);
      return reshape(sigmoid(layer(second, 3)), [x.shape[0]]);
    });
  }

  dispose(): void {
    for (const value of this.#parameters.values()) value.dispose();
    this.#parameters.clear();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #matrix(name: string): PackedMatrix {
    return this.#parameters.get(name) as PackedMatrix;
  }

  #tensor(name: string): Tensor {
    return this.#parameters.get(name) as Tensor;
  }
}

function formOf(values: HeadValues): HeadsForm {
  if (values.has("diff_head.roots")) return "monotone";
  return values.has("diff_head.sorted1.weight") ? "sorted" : "paper";
}

/** Throws unless every part is there and fits the others; features and maps may have any size. */
function checkHeads(path: string, values: HeadValues): void {
  const embedDim = values.get("adapter.fc.0.weight")?.shape[1] ?? 0;
  const patches = values.get("diff_head.projection1.weight")?.shape[1] ?? 0;
  const form = formOf(values);
  const needed = form === "paper" ? headShapes(embedDim, patches) : rankShapes(form);
  const missing = [...needed.keys()].filter((name) => !values.has(name));
  if (missing.length > 0) {
    const some = missing.slice(0, 4).join(", ") + (missing.length > 4 ? ", ..." : "");
    throw new InctrlError(
      "heads",
      `${path}: holds no InCTRL heads: ${missing.length} of ${needed.size} parts are missing (${some}); ` +
        "give a file that training wrote or a released .pyth",
    );
  }
  const unknown = [...values.keys()].find((name) => !needed.has(name) && !UNUSED.test(name));
  if (unknown !== undefined) {
    throw new InctrlError(
      "heads",
      `${path}: ${quoted(unknown)} is no part of InCTRL's heads; give a file that training wrote or a released .pyth`,
    );
  }
  for (const [name, want] of needed) {
    const got = values.get(name)?.shape ?? [];
    if (got.length !== want.length || got.some((d, i) => d !== want[i])) {
      throw new InctrlError(
        "heads",
        `${path}: ${name} is [${got.join(", ")}] and must be [${want.join(", ")}]; the file does not fit its own other parts`,
      );
    }
  }
}
