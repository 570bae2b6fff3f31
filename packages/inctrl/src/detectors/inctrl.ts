import {
  type Backbone,
  type Detector,
  defineMethod,
  type Encoder,
  type FitOptions,
  option,
  type PatchOutput,
  type PatchScoring,
  type PromptBank,
  patchDetector,
  patchesOf,
  sharedLayout,
  textScore,
} from "@inctrl/detect";
import type { Tensor } from "@inctrl/tensor";
import { quoted } from "@inctrl/tensor/files";
import { type Component, componentsText, readComponents } from "../components.js";
import { InctrlError } from "../errors.js";
import { combine } from "../fusion.js";
import { Heads } from "../heads.js";
import { aggregateMap, residualMap } from "../residual.js";
import { shippedHeads } from "../shipped.js";
import { BLOCKS_OPTION, tapsOf } from "./blocks.js";
import { checkAggregate, type MapOptions, RESIDUAL_OPTIONS } from "./residual.js";

export interface InctrlOptions extends MapOptions {
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
    takesRegion: !heads && componentsText(components) === "P",
    async settings() {
      const text = components.has("T") ? await backbone.textFingerprint() : null;
      const names = componentsText(components);
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
  const promptFeature =
    components.has("I") && heads?.module.hasImageLevel ? heads.module.promptFeature(bank.features) : null;
  const promptPatches = heads?.module.joinsPatches ? bank.meanPatches() : [];
  return {
    run: (features, similarity, taps) =>
      run(method, { features, similarity, taps }, { promptFeature, prototypes, promptPatches }),
    dispose() {
      for (const held of [promptFeature, ...promptPatches]) held?.dispose();
    },
  };
}

/** What is known of a batch. */
interface Seen {
  readonly features: Tensor;
  readonly similarity: Tensor;
  readonly taps: readonly Tensor[];
}

/** What is known of the prompts and the class. */
interface Given {
  readonly promptFeature: Tensor | null;
  readonly prototypes: Tensor | null;
  /** Of each block the mean of the prompts' patches, where heads join patches. */
  readonly promptPatches: readonly Tensor[];
}

/** InCTRL's forward pass behind the search. Every view is treated on its own. */
function run(
  { backbone, heads, alpha, components, largest }: Method,
  { features, similarity, taps }: Seen,
  { promptFeature, prototypes, promptPatches }: Given,
): PatchOutput {
  const map =
    promptPatches.length > 0 && heads ? heads.module.joinedMap(taps, promptPatches) : residualMap(similarity);
  const s_p = aggregateMap(map, largest);
  const s_a = prototypes && textScore(features, prototypes, backbone.logitScale);
  const textScored = components.has("T") ? s_a : null;
  const known = { features, map, residual: s_p, textScore: textScored, promptFeature };
  const { score, imageScore: s_i, phi } = combine(heads?.module, known, components, alpha);
  return { score, map, parts: { s_p, s_i, s_a, phi } };
}

/** The components of a score, checked against what there is to compute them from. */
function chooseComponents(
  { backbone, fit, layouts, taps }: Encoder,
  { heads, components: wanted }: InctrlOptions,
): ReadonlySet<Component> {
  const all: Component[] = heads?.module.hasImageLevel ? ["P", "I"] : ["P"];
  if (heads && backbone.hasText) all.push("T");
  const full = all.filter((name) => heads?.components?.has(name) ?? true);
  const components = new Set(wanted ?? full);
  const fail = (code: "heads" | "text" | "components", why: string) => new InctrlError(code, why);
  if (components.size === 0) throw fail("components", "no components; choose some of P, I and T");
  if (components.has("I") && !heads)
    throw fail("heads", "component I needs trained heads; give their file, or leave I out");
  if (components.has("I") && heads && !heads.module.hasImageLevel)
    throw fail(
      "heads",
      `component I needs heads with an image level, as the paper's are, and these are ${heads.form}; leave I out`,
    );
  heads?.checkTrained(components);
  if (components.has("T") && !backbone.hasText)
    throw fail("text", `component T needs text and ${backbone.name} knows none; leave T out`);
  if (heads?.module.hasImageLevel && fit === "whole")
    throw fail(
      "heads",
      "heads with an image level take one grid of patches, and fit whole gives each image its own; crop or squash",
    );
  const { blocks, fingerprint, backbone: trainedOn = "another" } = heads?.provenance ?? {};
  const { weights = backbone.fingerprint } = backbone;
  if (fingerprint !== undefined && fingerprint !== weights)
    throw fail(
      "heads",
      `the heads were trained with the backbone ${quoted(trainedOn)} of fingerprint ${quoted(fingerprint.slice(0, 16))}, and ${backbone.name} ` +
        `has ${weights.slice(0, 16)}; use that backbone, or heads trained with this one`,
    );
  if (blocks !== undefined && blocks !== taps.join(","))
    throw fail(
      "heads",
      `the heads were trained on the blocks ${quoted(blocks)} of a backbone, and ${taps.join(", ")} are compared; set blocks to those that they were trained on`,
    );
  const { embedDim } = backbone;
  const patches = patchesOf(sharedLayout(layouts));
  const widths = layouts.map(({ width }) => width);
  if (heads && !heads.fits({ embedDim, patches, widths })) {
    const texts = (sizes: typeof heads | { widths: number[] }) =>
      heads.module.joinsPatches ? ` of widths ${sizes.widths.join(", ")}` : "";
    throw fail(
      "heads",
      `the heads take features of ${heads.embedDim} values and maps of ${heads.patches} patches${texts(heads)}, and ${backbone.name} ` +
        `gives ${embedDim} and ${patches}${texts({ widths })}; use heads trained with this backbone`,
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
    components: option.custom(
      undefined,
      "parts of the score: P patches, I image, T text; I needs heads",
      "some of P, I and T, separated by commas, each once",
      readComponents,
      "all that the model has",
    ),
    blocks: BLOCKS_OPTION,
    alpha: option.number(undefined, "weight of the patch residual in the score", {
      ...{ least: 0, defaultText: "what the heads name, else 1" },
    }),
  },
  bankOptions: ({ taps }) => ({ blocks: taps as readonly number[] }),
  input: (backbone, { blocks }) => ({ taps: tapsOf(backbone, blocks) }),
  zeroShot: ({ components }) => components?.join() === "T",
  load: (path, device) => Heads.load(path, device),
  shipped: shippedHeads,
  create: (encoder, settings, heads?: Heads) => inctrl(encoder, { ...settings, heads }),
});
