import {
  type Backbone,
  customOption,
  type Detector,
  defineMethod,
  type Encoder,
  type FitOptions,
  numberOption,
  type PatchOutput,
  type PatchScoring,
  type PromptBank,
  patchDetector,
  patchesOf,
  sharedLayout,
  textScore,
} from "@inctrl/detect";
import { add, div, type Tensor } from "@inctrl/tensor";
import { InctrlError } from "../errors.js";
import { fuse } from "../fusion.js";
import { Heads } from "../heads.js";
import { aggregateMap, residualMap } from "../residual.js";
import { shippedHeads } from "../shipped.js";
import { checkAggregate, RESIDUAL_OPTIONS, type ResidualOptions } from "./residual.js";

/** The paper's names: P the patch residual s_p, I the image residual s_i, T the text score s_a. */
export const COMPONENTS = ["P", "I", "T"] as const;

export type Component = (typeof COMPONENTS)[number];

export interface InctrlOptions extends ResidualOptions {
  /** The trained heads. Without them a score is the mean of its components. */
  readonly heads?: Heads;
  /** What scores are made of, as in the paper's ablation. Default: P; with heads all that backbone and heads have. */
  readonly components?: readonly Component[];
  /** Weight of s_p in the final score (paper, eq. 9). Default: the heads' own, 1 for the authors'. */
  readonly alpha?: number;
}

/**
 * InCTRL (paper, section 3). Its parts are s_p, s_i, s_a and phi, as far as it has them. One component is its own score. P with I
 * or T goes through the fusion head: (phi(M + s_i + s_a) + alpha s_p) / (1 + alpha), where what is left out counts as 0. Other
 * combinations are the mean of their scores.
 *
 * @throws InctrlError `heads` or `text` where a component lacks what it needs, or heads do not fit the backbone; DetectError
 * `evaluation` for an aggregate that is none.
 * @example
 * const detector = inctrl(encoder, { heads: await Heads.load("heads.safetensors", device) });
 * using fitted = await fitImages(detector, fileImages(good), { className: "metal_nut" });
 */
export function inctrl(encoder: Encoder, options: InctrlOptions = {}): Detector {
  const { backbone } = encoder;
  const { heads, aggregate = "max", alpha = heads?.alpha ?? 1 } = options;
  const { symmetries = backbone.promptSymmetries } = options;
  const components = chooseComponents(encoder, options);
  const largest = checkAggregate(aggregate, encoder);
  // A class that is named is asked about, though without heads nothing fuses the answer.
  const asksText = components.has("T") || (!options.components && backbone.hasText);
  const method: Method = { backbone, heads, alpha, components, largest, asksText };
  return patchDetector({
    ...{ name: "inctrl", encoder, symmetries },
    async settings() {
      const text = components.has("T") ? await backbone.textFingerprint() : null;
      const names = COMPONENTS.filter((name) => components.has(name)).join();
      return { components: names, aggregate, alpha: String(alpha), ...(text !== null && { text }) };
    },
    prepare: (bank, about) => prepare(method, bank, about),
  });
}

interface Method {
  readonly backbone: Backbone;
  readonly heads: Heads | undefined;
  readonly alpha: number;
  readonly components: ReadonlySet<Component>;
  readonly largest: number;
  readonly asksText: boolean;
}

async function prepare(method: Method, bank: PromptBank, { className }: FitOptions): Promise<PatchScoring> {
  const { backbone, heads, components, asksText } = method;
  const prototypes = asksText && className !== undefined ? await backbone.prototypes(className) : null;
  const asksImage = components.has("I") && heads?.form === "paper";
  const promptFeature = asksImage ? heads.module.promptFeature(bank.features) : null;
  return {
    run: (features, similarity) => run(method, features, similarity, promptFeature, prototypes),
    dispose: () => promptFeature?.dispose(),
  };
}

/** InCTRL's forward pass behind the search. Every view is treated on its own. */
function run(
  { backbone, heads, alpha, components, largest }: Method,
  features: Tensor,
  similarity: Tensor,
  promptFeature: Tensor | null,
  prototypes: Tensor | null,
): PatchOutput {
  const map = residualMap(similarity);
  const s_p = aggregateMap(map, largest);
  const s_a = prototypes && textScore(features, prototypes, backbone.logitScale);
  const text = components.has("T") ? s_a : null;
  if (components.has("P") && heads && (promptFeature || text || heads.form !== "paper")) {
    const fused = fuse(heads.module, { features, map, residual: s_p, textScore: text, promptFeature }, alpha);
    const { score, phi, imageScore: s_i } = fused;
    return { score, map, parts: { s_p, s_i, s_a, phi } };
  }
  const s_i =
    heads && promptFeature ? heads.module.eta(heads.module.imageResidual(features, promptFeature)) : null;
  const scores = [components.has("P") ? s_p : null, s_i, text].filter((part) => part !== null);
  const score = scores.length === 1 ? scores[0] : div(scores.reduce(add), scores.length);
  return { score, map, parts: { s_p, s_i, s_a, phi: null } };
}

/** The components of a score, checked against what there is to compute them from. */
function chooseComponents(
  { backbone, fit, layouts }: Encoder,
  { heads, components: wanted }: InctrlOptions,
): ReadonlySet<Component> {
  const full: Component[] = heads?.form === "paper" ? ["P", "I"] : ["P"];
  if (heads && backbone.hasText) full.push("T");
  const components = new Set(wanted ?? full);
  const fail = (code: "heads" | "text" | "components", why: string) => new InctrlError(code, why);
  if (components.size === 0) throw fail("components", "no components; choose some of P, I and T");
  if (components.has("I") && !heads)
    throw fail("heads", "component I needs trained heads; give their file, or leave I out");
  if (components.has("I") && heads && heads.form !== "paper") {
    throw fail(
      "heads",
      `component I needs heads of the paper's form, and these are ${heads.form}; leave I out`,
    );
  }
  if (components.has("T") && !backbone.hasText)
    throw fail("text", `component T needs text and ${backbone.name} knows none; leave T out`);
  if (heads?.form === "paper" && fit === "whole")
    throw fail(
      "heads",
      "heads of the paper's form take one grid of patches, and fit whole gives each image its own; crop or squash",
    );
  const { embedDim } = backbone;
  const patches = patchesOf(sharedLayout(layouts));
  if (heads && !heads.fits(embedDim, patches)) {
    throw fail(
      "heads",
      `the heads take features of ${heads.embedDim} values and maps of ${heads.patches} patches, and ${backbone.name} ` +
        `gives ${embedDim} and ${patches}; use heads trained with this backbone`,
    );
  }
  return components;
}

export const inctrlMethod = defineMethod({
  name: "inctrl",
  title:
    "InCTRL (Zhu and Pang 2024): residuals of patches and of the image, and texts, fused by trained heads",
  options: {
    ...RESIDUAL_OPTIONS,
    components: customOption(
      undefined,
      "parts of the score: P patches, I image, T text; I needs heads",
      "some of P, I and T, separated by commas, each once",
      readComponents,
      "all that the model has",
    ),
    alpha: numberOption(undefined, "weight of the patch residual in the score", {
      ...{ least: 0, defaultText: "what the heads name, else 1" },
    }),
  },
  load: (path, device) => Heads.load(path, device),
  shipped: shippedHeads,
  create: (encoder, settings, heads?: Heads) => inctrl(encoder, { ...settings, heads }),
});

/** "P,I,T", in any order and case, or a list. */
function readComponents(given: unknown): readonly Component[] | undefined {
  const named = (Array.isArray(given) ? given : String(given).split(",")).map((part) =>
    String(part).trim().toUpperCase(),
  );
  const known = COMPONENTS.filter((name) => named.includes(name));
  return known.length === named.length ? known : undefined;
}
