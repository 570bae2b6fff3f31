import { LOGIT_SCALE } from "@inctrl/detect";
import type { Component, Heads } from "@inctrl/inctrl";
import { concat, scope } from "@inctrl/tensor";
import type { Graph } from "./graph.js";
import { HeadsWriter } from "./heads.js";
import type { Scorer } from "./scorer.js";
import { unit } from "./search.js";

/** What a score is made of. */
export interface Parts {
  readonly components: ReadonlySet<Component>;
  /** Weight of s_p beside phi. */
  readonly alpha: number;
  readonly heads?: Heads;
}

/** What is known of a batch, by names in the graph. */
export interface Known {
  /** [batch, embedDim]; null where no part needs them. */
  readonly features: string | null;
  /** M, [batch, patches], and s_p, [batch]. */
  readonly map: string;
  readonly residual: string;
  readonly patches: number;
}

/** InCTRL's fusion (paper, section 3.4) in a graph, part by part as `combine` of `@inctrl/inctrl` has it. */
export class Fusion {
  readonly #graph: Graph;
  readonly #scorer: Scorer;
  readonly #parts: Parts;

  constructor(graph: Graph, scorer: Scorer, parts: Parts) {
    this.#graph = graph;
    this.#scorer = scorer;
    this.#parts = parts;
  }

  /** [batch]. */
  async score({ features, map, residual, patches }: Known): Promise<string> {
    const { components, heads, alpha } = this.#parts;
    const writer = heads && new HeadsWriter(this.#graph, heads);
    const image =
      components.has("I") && writer && features !== null
        ? writer.imageScore(features, await this.#promptFeature())
        : null;
    const text = components.has("T") && features !== null ? await this.#textScore(features) : null;
    const alone = heads?.form === "paper" && image === null && text === null;
    if (components.has("P") && writer && !alone) {
      const offset = this.#sum(image, text);
      const column = offset && this.#node("Reshape", [offset, this.#graph.integers(-1, 1)]);
      const phi = writer.phi(column ? this.#node("Add", [map, column]) : map, patches);
      const weighted = this.#node("Mul", [residual, this.#scalar(alpha)]);
      return this.#node("Div", [this.#node("Add", [phi, weighted]), this.#scalar(1 + alpha)]);
    }
    const own = components.has("P") ? residual : null;
    const scores = [own, image, text].filter((part) => part !== null);
    const sum = scores.reduce((joined, part) => this.#node("Add", [joined, part]));
    return scores.length === 1 ? sum : this.#node("Div", [sum, this.#scalar(scores.length)]);
  }

  #sum(a: string | null, b: string | null): string | null {
    return a !== null && b !== null ? this.#node("Add", [a, b]) : (a ?? b);
  }

  /** s_a: the share of the anomalous prototype, [batch]. */
  async #textScore(features: string): Promise<string> {
    const { fitted, className = "" } = this.#scorer;
    const { backbone } = fitted.detector.encoder;
    const prototypes = (await (await backbone.prototypes(className)).data()) as Float32Array;
    const width = prototypes.length / 2;
    const scale = backbone.logitScale ?? LOGIT_SCALE;
    // The softmax of two is the sigmoid of their difference.
    const difference = Float32Array.from(
      { length: width },
      (_, i) => scale * (prototypes[width + i] - prototypes[i]),
    );
    const logit = this.#node("MatMul", [
      unit(this.#graph, features),
      this.#graph.constant([width, 1], difference),
    ]);
    return this.#node("Reshape", [this.#node("Sigmoid", [logit]), this.#graph.integers(-1)]);
  }

  /** The mean adapted feature of the prompts. */
  async #promptFeature(): Promise<Float32Array> {
    const { heads } = this.#parts;
    const prompts = this.#scorer.fitted.encoded?.() ?? [];
    try {
      const features = scope(() => concat(prompts.map((prompt) => prompt.features)));
      using mean = heads!.module.promptFeature(features);
      features.dispose();
      return (await mean.data()) as Float32Array;
    } finally {
      for (const prompt of prompts) prompt.dispose();
    }
  }

  #scalar(value: number): string {
    return this.#graph.constant([1], Float32Array.of(value));
  }

  #node(type: string, inputs: readonly string[]): string {
    return this.#graph.node(type, inputs);
  }
}
