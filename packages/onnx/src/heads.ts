import { type Heads, rankMatrix } from "@inctrl/inctrl";
import { OnnxError } from "./errors.js";
import type { Graph } from "./graph.js";
import { transposed } from "./tower/tower.js";

/** Added to the variance of batch norms, as in PyTorch. */
const EPS = 1e-5;

/** InCTRL's trained heads in a graph. */
export class HeadsWriter {
  readonly #graph: Graph;
  readonly #heads: Heads;

  /** @throws OnnxError `method` for forms that have none in ONNX. */
  constructor(graph: Graph, heads: Heads) {
    if (heads.module.joinsPatches)
      throw new OnnxError(
        "method",
        `heads of the ${heads.form} form have no form in ONNX; use heads of the paper's form, sorted or monotone ones, or none`,
      );
    this.#graph = graph;
    this.#heads = heads;
  }

  /** eta of the mean adapted prompt feature less the adapted feature: [batch, embedDim] to s_i, [batch]. */
  imageScore(features: string, promptFeature: Float32Array): string {
    const adapted = ["adapter.fc.0", "adapter.fc.2"].reduce(
      (x, name) => this.#node("Relu", [this.#linear(x, name)]),
      features,
    );
    const prompt = this.#constant([1, promptFeature.length], promptFeature);
    return this.#scoringHead(this.#node("Sub", [prompt, adapted]), "diff_head_ref");
  }

  /** phi of M+, [batch, patches] to [batch]. */
  phi(map: string, patches: number): string {
    const { form } = this.#heads;
    if (form === "paper") return this.#scoringHead(map, "diff_head");
    const ranked = this.#graph.nodes(2, "TopK", [map, this.#graph.integers(patches)], {
      ...{ axis: 1, largest: 1, sorted: 1 },
    })[0];
    const { matrix, bins } = rankMatrix(patches);
    const means = this.#node("MatMul", [ranked, this.#constant([patches, bins], matrix)]);
    if (form === "sorted") {
      const hidden = this.#node("Relu", [this.#linear(means, "diff_head.sorted1")]);
      return this.#chance(this.#linear(hidden, "diff_head.sorted2"));
    }
    const weights = this.#values("diff_head.roots").data.map((root) => root * root);
    const sum = this.#node("MatMul", [means, this.#constant([bins, 1], weights)]);
    return this.#chance(this.#node("Add", [sum, this.#constant([1], this.#values("diff_head.bias").data)]));
  }

  #scoringHead(x: string, name: string): string {
    const hidden = [1, 2].reduce((y, layer) => {
      const active = this.#node("Relu", [this.#linear(y, `${name}.projection${layer}`)]);
      return this.#batchNorm(active, `${name}.bn${layer + 1}`);
    }, x);
    return this.#chance(this.#linear(hidden, `${name}.projection3`));
  }

  /** The sigmoid of [batch, 1] as [batch]. */
  #chance(x: string): string {
    return this.#node("Reshape", [this.#node("Sigmoid", [x]), this.#graph.integers(-1)]);
  }

  #linear(x: string, name: string): string {
    const { shape, data } = this.#values(`${name}.weight`);
    const [outputs, inputs] = shape;
    const matrix = this.#constant([inputs, outputs], transposed(data, outputs, inputs));
    const product = this.#node("MatMul", [x, matrix]);
    const bias = this.#heads.values.get(`${name}.bias`);
    return bias ? this.#node("Add", [product, this.#constant([outputs], bias.data)]) : product;
  }

  #batchNorm(x: string, name: string): string {
    const of = (part: string) => this.#values(`${name}.${part}`).data;
    const [gain, bias, mean, variance] = ["weight", "bias", "running_mean", "running_var"].map(of);
    const factors = gain.map((g, i) => g / Math.sqrt(variance[i] + EPS));
    const shifts = bias.map((b, i) => b - mean[i] * factors[i]);
    const scaled = this.#node("Mul", [x, this.#constant([factors.length], factors)]);
    return this.#node("Add", [scaled, this.#constant([shifts.length], shifts)]);
  }

  #values(name: string): { readonly shape: readonly number[]; readonly data: Float32Array } {
    const found = this.#heads.values.get(name);
    if (!found) throw new Error(`${name}: the heads have no such part`);
    return found;
  }

  #constant(shape: readonly number[], values: Float32Array): string {
    return this.#graph.constant(shape, values);
  }

  #node(type: string, inputs: readonly string[]): string {
    return this.#graph.node(type, inputs);
  }
}
