import {
  add,
  concat,
  type Device,
  expand,
  mean,
  mul,
  nn,
  normalize,
  reshape,
  scope,
  sigmoid,
  stack,
  sub,
  type Tensor,
  tensor,
} from "@inctrl/tensor";
import { InctrlError } from "./errors.js";
import { monotonePhi, RANK_BINS, rankMeans } from "./ranks.js";

/**
 * How the heads may be built. `paper`: the adapter psi, eta, and phi over the map place by place. `concat` and `average` are the paper's
 * ablations of the residual (table 3): features of the query and the mean of the prompts' are laid side by side, or averaged, where
 * `paper` subtracts them. That is so at the image level and at each patch, where a head of its own for each block makes the map's value
 * of the two features; the paper does not say how, and this head has eta's form.
 *
 * `sorted` and `monotone` have phi alone, over the map's values by rank, so that phi depends neither on the place of a defect nor on the
 * product: `sorted` is a small network, `monotone` has no negative weight, so that a larger residual never lowers a score.
 * `research/generalisation` measures what each gains on other kinds of data; sorted heads scored worse there than no heads.
 */
export const HEADS_FORMS = ["paper", "concat", "average", "sorted", "monotone"] as const;

export type HeadsForm = (typeof HEADS_FORMS)[number];

/** Forms with an image level, which have psi and eta. */
export type ImageForm = Exclude<HeadsForm, "sorted" | "monotone">;

/** What heads are made for; a form ignores what it does not depend on. */
export interface HeadSizes {
  readonly embedDim: number;
  readonly patches: number;
  /** Width of the patches of each tapped block, which forms that join patches need. */
  readonly widths?: readonly number[];
  /** Seed of the initial values. Default 0. */
  readonly seed?: number;
}

/** Parameters and statistics of heads by released name. */
export type HeadValues = ReadonlyMap<
  string,
  { readonly shape: readonly number[]; readonly data: Float32Array }
>;

/** Widths inside a scoring head of the paper's form. */
const HIDDEN = [128, 64] as const;
/** Width inside phi of the sorted form. */
const SORTED_HIDDEN = 16;
/** Square root of every initial weight of the monotone form: all ranks alike, and small. */
const INITIAL_ROOT = 0.3;

/** psi: Linear, ReLU, Linear, ReLU, without biases. [n, embedDim] to [n, embedDim]. */
class Adapter extends nn.Module {
  readonly fc: readonly [nn.Linear, null, nn.Linear];

  constructor(embedDim: number, seed: number) {
    super();
    const reduced = Math.floor(embedDim / 4);
    const layer = (from: number, to: number, n: number) =>
      new nn.Linear(from, to, { bias: false, seed: seed + n });
    this.fc = [layer(embedDim, reduced, 0), null, layer(reduced, embedDim, 1)];
  }

  forward(x: Tensor): Tensor {
    const [first, , second] = this.fc;
    return scope(() => second.forward(first.forward(x, { activation: "relu" }), { activation: "relu" }));
  }
}

/** eta or phi: Linear, ReLU, BatchNorm, twice, then Linear and sigmoid. [n, inputs] to [n]. */
class ScoringHead extends nn.Module {
  readonly projection1: nn.Linear;
  readonly bn2: nn.BatchNorm;
  readonly projection2: nn.Linear;
  readonly bn3: nn.BatchNorm;
  readonly projection3: nn.Linear;

  constructor(inputs: number, seed: number) {
    super();
    const [first, second] = HIDDEN;
    this.projection1 = new nn.Linear(inputs, first, { seed });
    this.bn2 = new nn.BatchNorm(first);
    this.projection2 = new nn.Linear(first, second, { seed: seed + 1 });
    this.bn3 = new nn.BatchNorm(second);
    this.projection3 = new nn.Linear(second, 1, { seed: seed + 2 });
  }

  forward(x: Tensor): Tensor {
    return scope(() => {
      const first = this.bn2.forward(this.projection1.forward(x, { activation: "relu" }));
      const second = this.bn3.forward(this.projection2.forward(first, { activation: "relu" }));
      return reshape(sigmoid(this.projection3.forward(second)), [x.shape[0]]);
    });
  }
}

/** phi of the sorted form: Linear, ReLU, Linear and sigmoid over the means by rank. [n, patches] to [n]. */
class SortedHead extends nn.Module {
  readonly sorted1: nn.Linear;
  readonly sorted2: nn.Linear;

  constructor(seed: number) {
    super();
    this.sorted1 = new nn.Linear(RANK_BINS, SORTED_HIDDEN, { seed });
    this.sorted2 = new nn.Linear(SORTED_HIDDEN, 1, { seed: seed + 1 });
  }

  forward(x: Tensor): Tensor {
    return scope(() => {
      const hidden = this.sorted1.forward(rankMeans(x), { activation: "relu" });
      return reshape(sigmoid(this.sorted2.forward(hidden)), [x.shape[0]]);
    });
  }
}

/** phi of the monotone form. [n, patches] to [n]. */
class MonotoneHead extends nn.Module {
  readonly roots = new nn.Parameter([RANK_BINS], { role: "scale", initial: nn.filledWith(INITIAL_ROOT) });
  readonly bias = new nn.Parameter([1], { role: "bias" });

  forward(x: Tensor): Tensor {
    return monotonePhi(x, this.roots.value, this.bias.value);
  }
}

/** How features of a query and the mean of the prompts' become one, [..., width] each, and how much wider that is. */
const JOINS: Record<ImageForm, { readonly factor: number; join(query: Tensor, prompt: Tensor): Tensor }> = {
  paper: { factor: 1, join: (query, prompt) => sub(prompt, query) },
  concat: { factor: 2, join: (query, prompt) => concat([query, expand(prompt, query.shape)], -1) },
  average: { factor: 1, join: (query, prompt) => mul(add(query, prompt), 0.5) },
};

/** How many times an image form widens features. */
export const widenedBy = (form: ImageForm): number => JOINS[form].factor;

/**
 * InCTRL's trained parts (paper, section 3) under their released names. They train as any module does; `freeze()` packs them for
 * scoring.
 */
export abstract class HeadsModule extends nn.Module {
  abstract readonly form: HeadsForm;
  abstract readonly diff_head: nn.Module & nn.Layer;

  /** Whether there are psi and eta. */
  get hasImageLevel(): boolean {
    return false;
  }

  /** Whether the map is made by `joinedMap`, not by the nearest patches. */
  get joinsPatches(): boolean {
    return false;
  }

  /** phi: fused maps M+ [batch, patches] to [batch]. */
  phi(map: Tensor): Tensor {
    return this.diff_head.forward(map);
  }

  /** psi: features [n, embedDim] to [n, embedDim]. @throws InctrlError `heads` without an image level. */
  adapt(_features: Tensor): Tensor {
    throw new InctrlError("heads", `heads of the ${this.form} form have no adapter`);
  }

  /** eta: image residuals [batch, inputs] to s_i, [batch]. @throws InctrlError `heads` without an image level. */
  eta(_residual: Tensor): Tensor {
    throw new InctrlError("heads", `heads of the ${this.form} form have no eta`);
  }

  /**
   * F: the mean adapted prompt feature minus the adapted query feature (paper, eq. 5, with the released sign), or both joined as the
   * form says, query first.
   *
   * @param query class features, [batch, embedDim].
   * @param prompt mean of the adapted prompt features, [embedDim] or [batch, embedDim].
   * @throws InctrlError `heads` without an image level.
   */
  imageResidual(_query: Tensor, _prompt: Tensor): Tensor {
    throw new InctrlError("heads", `heads of the ${this.form} form have no image residual`);
  }

  /**
   * The map M of forms that join patches: each block's head of the query's patch and the prompts' mean at its place, mean over blocks.
   *
   * @param queries patches of each block, [batch, patches, width], of any length.
   * @param prompts mean over the prompts of their normalised patches, [patches, width] or [batch, patches, width].
   * @returns [batch, patches], from 0 to 1.
   * @throws InctrlError `heads` for other forms.
   */
  joinedMap(_queries: readonly Tensor[], _prompts: readonly Tensor[]): Tensor {
    throw new InctrlError("heads", `heads of the ${this.form} form join no patches`);
  }

  /** The mean of psi over the prompts: [..., prompts, embedDim] to [..., embedDim]. */
  promptFeature(prompts: Tensor): Tensor {
    return scope(() => mean(this.adapt(prompts), -2));
  }

  /** Takes over values by released name; those of other names, which no form uses, are left out. */
  load(device: Device, values: HeadValues): this {
    for (const [name, parameter] of this.namedParameters()) {
      const value = values.get(name);
      if (value) parameter.set(tensor(device, value.data, value.shape, parameter.dtype));
    }
    return this;
  }
}

/** Heads with an image level. */
export class ImageHeads extends HeadsModule {
  readonly form: ImageForm;
  readonly adapter: Adapter;
  /** eta. */
  readonly diff_head_ref: ScoringHead;
  /** phi. */
  readonly diff_head: ScoringHead;
  /** A head a block that makes the map, in the forms that join patches. */
  readonly patch_heads: readonly ScoringHead[];

  constructor(form: ImageForm, { embedDim, patches, widths = [], seed = 0 }: HeadSizes) {
    super();
    this.form = form;
    const { factor } = JOINS[form];
    this.adapter = new Adapter(embedDim, 16 * seed + 1);
    this.diff_head_ref = new ScoringHead(factor * embedDim, 16 * seed + 3);
    this.diff_head = new ScoringHead(patches, 16 * seed + 7);
    const joined = form === "paper" ? [] : widths;
    this.patch_heads = joined.map((width, i) => new ScoringHead(factor * width, 16 * seed + 11 + 3 * i));
  }

  override get hasImageLevel(): boolean {
    return true;
  }

  override get joinsPatches(): boolean {
    return this.form !== "paper";
  }

  override adapt(features: Tensor): Tensor {
    return this.adapter.forward(features);
  }

  override eta(residual: Tensor): Tensor {
    return this.diff_head_ref.forward(residual);
  }

  override imageResidual(query: Tensor, prompt: Tensor): Tensor {
    return scope(() => JOINS[this.form].join(this.adapt(query), prompt));
  }

  override joinedMap(queries: readonly Tensor[], prompts: readonly Tensor[]): Tensor {
    if (!this.joinsPatches) return super.joinedMap(queries, prompts);
    return scope(() => {
      const maps = this.patch_heads.map((head, block) => {
        const [batch, patches] = queries[block].shape;
        const joined = JOINS[this.form].join(normalize(queries[block]), prompts[block]);
        return reshape(head.forward(reshape(joined, [batch * patches, joined.shape[2]])), [batch, patches]);
      });
      return mean(stack(maps, 1), 1);
    });
  }
}

/** Heads with phi alone, over the map's values by rank. */
export class RankHeads extends HeadsModule {
  readonly form: Exclude<HeadsForm, ImageForm>;
  readonly diff_head: SortedHead | MonotoneHead;

  constructor(form: Exclude<HeadsForm, ImageForm>, seed = 0) {
    super();
    this.form = form;
    this.diff_head = form === "sorted" ? new SortedHead(16 * seed + 1) : new MonotoneHead();
  }
}

/**
 * Heads of a form, as placeholders.
 *
 * @example
 * const heads = makeHeads("paper", { embedDim: 640, patches: 225 }).to(device).train();
 */
export const makeHeads = (form: HeadsForm, sizes: HeadSizes): HeadsModule =>
  form === "sorted" || form === "monotone" ? new RankHeads(form, sizes.seed) : new ImageHeads(form, sizes);

/** What a file of heads must hold: all parameters but the counters, which scoring never reads. */
export const storedParameters = (heads: HeadsModule): Map<string, nn.Parameter> =>
  new Map([...heads.namedParameters()].filter(([, { role }]) => role !== "count"));
