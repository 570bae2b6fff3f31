import { clipParameters, gridSize, type ModelConfig, prefixTokens, resizePositional } from "@inctrl/clip";
import type { Tap } from "@inctrl/detect";
import { OnnxError } from "../errors.js";
import type { Graph, Operator } from "../graph.js";
import { attention } from "./attention.js";
import { type Read, type Tower, type TowerResults, transposed, type Wanted } from "./tower.js";

/** The tap of the last block after the final norm. */
const NORM = "norm";

/**
 * The image tower of a ViT (CLIP's, timm's, DeiT's, DINOv2's) in standard operators, which runtimes fuse as they see fit. As in our tower,
 * only class tokens go through the end of the last block, unless its patches are tapped.
 *
 * @param size side of the images; another than the configuration's where that names a rule for its positions.
 */
export function vitTower(config: ModelConfig, read: Read, size: number = config.vision.imageSize): Tower {
  const { vision, embedDim } = config;
  if (size !== vision.imageSize && !vision.positions)
    throw new OnnxError(
      "method",
      `images of ${size} pixels: this network takes ${vision.imageSize}; prepare them at that size`,
    );
  const side = Math.floor(size / vision.patch);
  return {
    ...{ embedDim, size },
    layout: () => ({ rows: side, columns: side, width: vision.width }),
    add: (graph, pixels, wanted) => new VitWriter(graph, config, read, side).add(pixels, wanted),
  };
}

class VitWriter {
  readonly #graph: Graph;
  readonly #config: ModelConfig;
  readonly #read: Read;
  /** Patches a side. */
  readonly #side: number;
  readonly #parameters;

  constructor(graph: Graph, config: ModelConfig, read: Read, side: number) {
    this.#graph = graph;
    this.#config = config;
    this.#read = read;
    this.#side = side;
    this.#parameters = clipParameters(config, "vision");
  }

  async add(pixels: string, { taps = [], features = true }: Wanted): Promise<TowerResults> {
    const { layers } = this.#config.vision;
    const blocks = taps.map((tap) => this.#blockOf(tap));
    const last = features ? layers : Math.max(...blocks);
    const prefix = prefixTokens(this.#config.vision);
    const classes = this.#classTokens;
    const outputs = new Map<number, string>();
    let x = await this.#embed(pixels);
    for (let index = 1; index <= last; index++) {
      // After the last block only the class tokens are read, unless its patches are tapped.
      const queries = index === layers && !blocks.includes(layers) ? classes : undefined;
      x = await this.#block(x, index - 1, queries);
      if (blocks.includes(index)) outputs.set(index, this.#tokens(x, prefix, prefix + this.#side ** 2));
    }
    const tapped: string[] = [];
    for (const [i, tap] of taps.entries()) {
      const patches = outputs.get(blocks[i]) as string;
      tapped.push(tap === NORM ? await this.#norm(patches, "ln_post") : patches);
    }
    return {
      features: features ? await this.#classFeature(this.#tokens(x, 0, classes)) : null,
      taps: tapped,
    };
  }

  #blockOf(tap: Tap): number {
    const { layers } = this.#config.vision;
    const block = tap === NORM ? layers : Number(tap);
    if (Number.isInteger(block) && block >= 1 && block <= layers) return block;
    throw new OnnxError(
      "method",
      `the tap ${tap} has no form in ONNX; take blocks 1 to ${layers}, or "${NORM}"`,
    );
  }

  get #classTokens(): number {
    return this.#config.vision.distilled ? 2 : 1;
  }

  #node(...operator: Operator): string {
    return this.#graph.node(...operator);
  }

  /** Values of a parameter, by its name within the image tower. */
  async #values(name: string): Promise<Float32Array> {
    const full = `visual.${name}`;
    const parameter = this.#parameters.get(full);
    if (!parameter) throw new Error(`${full}: no such parameter`);
    return Float32Array.from(await this.#read(full, parameter));
  }

  async #constant(name: string, shape?: readonly number[]): Promise<string> {
    const values = await this.#values(name);
    return this.#graph.constant(shape ?? this.#parameters.get(`visual.${name}`)!.shape, values);
  }

  async #norm(x: string, name: string): Promise<string> {
    const operands = [x, await this.#constant(`${name}.weight`), await this.#constant(`${name}.bias`)];
    return this.#node("LayerNormalization", operands, {
      axis: -1,
      epsilon: this.#config.vision.lnEps,
    });
  }

  async #linear(x: string, name: string): Promise<string> {
    const [rows, columns] = this.#parameters.get(`visual.${name}weight`)!.shape;
    const matrix = this.#graph.constant(
      [columns, rows],
      transposed(await this.#values(`${name}weight`), rows, columns),
    );
    return this.#node("Add", [this.#node("MatMul", [x, matrix]), await this.#constant(`${name}bias`)]);
  }

  /** Some tokens, [batch, to - from, width]. */
  #tokens(x: string, from: number, to: number): string {
    const graph = this.#graph;
    return this.#node("Slice", [x, graph.integers(from), graph.integers(to), graph.integers(1)]);
  }

  /** Class tokens, registers and patches at their places. */
  async #embed(pixels: string): Promise<string> {
    const { vision } = this.#config;
    const { patch, width } = vision;
    const filters = [await this.#constant("conv1.weight")];
    if (vision.patchBias) filters.push(await this.#constant("conv1.bias"));
    const size = { kernel_shape: [patch, patch], strides: [patch, patch] };
    const grid = this.#node("Conv", [pixels, ...filters], size);
    const columns = this.#node("Reshape", [grid, this.#graph.integers(0, width, -1)]);
    const patches = this.#node("Transpose", [columns], { perm: [0, 2, 1] });
    // The tokens before the patches are constants, so that room for them and one sum place all, at any batch size.
    const prefix = prefixTokens(vision);
    const room = this.#node("Pad", [patches, this.#graph.integers(0, prefix, 0, 0, 0, 0)]);
    const table = this.#graph.constant([1, prefix + this.#side ** 2, width], await this.#table());
    const tokens = this.#node("Add", [room, table]);
    return vision.lnPre ? this.#norm(tokens, "ln_pre") : tokens;
  }

  /** What is added to the patches, and what stands before them: [prefix + patches, width]. */
  async #table(): Promise<Float32Array> {
    const { vision } = this.#config;
    const { width, distilled, registers = 0, positions: rule } = vision;
    const classes = this.#classTokens;
    const own = await this.#values("positional_embedding");
    const from = gridSize(vision);
    const to = { rows: this.#side, columns: this.#side };
    const placed =
      this.#side === from ? own : resizePositional(own, { from, to, rule, width, prefix: classes });
    const table = new Float32Array((classes + registers + this.#side ** 2) * width);
    table.set(placed.subarray(0, classes * width));
    const names = ["class_embedding", ...(distilled ? ["distillation_embedding"] : [])];
    for (const [i, name] of names.entries())
      for (const [j, value] of (await this.#values(name)).entries()) table[i * width + j] += value;
    if (registers) table.set(await this.#values("register_tokens"), classes * width);
    table.set(placed.subarray(classes * width), (classes + registers) * width);
    return table;
  }

  /** @param queries the tokens, from the first on, that are computed; all where it is absent. */
  async #block(x: string, index: number, queries: number | undefined): Promise<string> {
    const { width, heads } = this.#config.vision;
    const prefix = `transformer.resblocks.${index}.`;
    const first = (tokens: string) => (queries === undefined ? tokens : this.#tokens(tokens, 0, queries));
    const qkv = await this.#linear(await this.#norm(x, `${prefix}ln_1`), `${prefix}attn.in_proj_`);
    const parts = this.#graph.nodes(3, "Split", [qkv], { axis: -1 });
    parts[0] = first(parts[0]);
    const attended = attention(this.#graph, parts, heads, width / heads);
    const output = await this.#linear(attended, `${prefix}attn.out_proj.`);
    const middle = this.#node("Add", [first(x), await this.#gain(output, `${prefix}ls_1.gamma`)]);
    const normed = await this.#norm(middle, `${prefix}ln_2`);
    const hidden = this.#activation(await this.#linear(normed, `${prefix}mlp.c_fc.`));
    const made = await this.#linear(hidden, `${prefix}mlp.c_proj.`);
    return this.#node("Add", [middle, await this.#gain(made, `${prefix}ls_2.gamma`)]);
  }

  async #gain(x: string, name: string): Promise<string> {
    return this.#config.vision.layerScale ? this.#node("Mul", [x, await this.#constant(name)]) : x;
  }

  #activation(x: string): string {
    const scalar = (value: number) => this.#graph.constant([1], Float32Array.of(value));
    if (this.#config.vision.swiglu) {
      const [a, b] = this.#graph.nodes(2, "Split", [x], { axis: -1 });
      return this.#node("Mul", [this.#node("Mul", [a, this.#node("Sigmoid", [a])]), b]);
    }
    if (this.#config.activation === "quick_gelu")
      return this.#node("Mul", [x, this.#node("Sigmoid", [this.#node("Mul", [x, scalar(1.702)])])]);
    // x / 2 (1 + erf(x / sqrt 2)) in the order that runtimes know as one operator.
    const bell = this.#node("Erf", [this.#node("Div", [x, scalar(Math.SQRT2)])]);
    return this.#node("Mul", [this.#node("Mul", [x, this.#node("Add", [bell, scalar(1)])]), scalar(0.5)]);
  }

  /** Class tokens after the last block, [batch, class tokens, width], to [batch, embedDim]. */
  async #classFeature(classes: string): Promise<string> {
    const { vision } = this.#config;
    const normed = await this.#norm(classes, "ln_post");
    const projected = vision.proj ? this.#node("MatMul", [normed, await this.#constant("proj")]) : normed;
    return this.#node("ReduceMean", [projected], { axes: [1], keepdims: 0 });
  }
}
