import type { PreparedImage } from "@inctrl/clip";
import type { Backbone } from "@inctrl/detect";
import { encodeViews, InctrlError, type PromptBank, patchesOf } from "@inctrl/detect";
import { scope, type Tensor } from "@inctrl/tensor";
import type { Heads } from "./heads.js";
import { type ModelContext, runModel } from "./model.js";

/** What the model says of one prepared image. */
export interface ViewScore {
  /** The anomaly score: larger is more anomalous. Without heads it is `residual`. */
  score: number;
  /** s_p. */
  residual: number;
  /** s_i, null without heads of the paper's form. */
  imageResidual: number | null;
  /** s_a, null without text. */
  text: number | null;
  /** phi(M+), null without heads. */
  phi: number | null;
  /** M, row by row, `grid` patches a side. */
  map: Float32Array;
  grid: number;
  /** The most anomalous patch, and the prompt (index in the bank) and patch it came closest to. */
  match: { prompt: number; patch: number; queryPatch: number };
  /** For each patch the matched bank row in the deepest tapped block; `PromptBank.locate` names its prompt. */
  matches: Int32Array;
  /** Which part of the image was seen, in its pixels. */
  box: PreparedImage["box"];
}

export interface ScorerOptions {
  backbone: Backbone;
  bank: PromptBank;
  heads?: Heads;
  /** The class's text prototypes, from `backbone.prototypes(name)`. */
  prototypes?: Tensor;
  /** Weight of s_p in the final score (paper, eq. 9). Default: the heads' own, 1 for the authors'. */
  alpha?: number;
}

/**
 * Scores images against a bank of normal prompts.
 *
 * @throws InctrlError `heads` where the heads do not fit the backbone.
 * @example
 * const scorer = new Scorer({ backbone, bank });
 * const [{ score, map }] = await scorer.score(prepareImage(raster, backbone.config.preprocess));
 */
export class Scorer {
  readonly backbone: Backbone;
  readonly bank: PromptBank;
  readonly alpha: number;
  readonly #context: ModelContext;

  constructor({ backbone, bank, heads, prototypes, alpha = heads?.alpha ?? 1 }: ScorerOptions) {
    this.alpha = alpha;
    this.backbone = backbone;
    this.bank = bank;
    if (bank.info.fingerprint !== backbone.fingerprint) {
      throw new InctrlError(
        "bank",
        `the bank was made by another backbone (${JSON.stringify(bank.info.backbone)}) than ${backbone.name}; encode the prompts with this one`,
      );
    }
    const { embedDim, text } = backbone.config;
    const patches = patchesOf(backbone);
    if (heads && !heads.fits(embedDim, patches)) {
      throw new InctrlError(
        "heads",
        `the heads take features of ${heads.embedDim} values and maps of ${heads.patches} patches, and ${backbone.name} gives ` +
          `${embedDim} and ${patches}; use heads trained with this backbone`,
      );
    }
    const promptFeature = heads?.form === "paper" ? heads.promptFeature(bank.features) : undefined;
    const logitScale = text?.logitScale;
    this.#context = { banks: bank.blocks, heads, promptFeature, prototypes, logitScale, alpha };
  }

  /**
   * Scores prepared images as one batch. The work is recorded and submitted before the first await, so a second batch
   * may be prepared and handed in while this one runs.
   */
  async score(views: readonly PreparedImage[]): Promise<ViewScore[]> {
    if (views.length === 0) return [];
    const kept = scope(() => {
      const { features, taps } = encodeViews(this.backbone, views);
      const {
        residuals,
        residual,
        imageScore,
        textScore: text,
        phi,
        score,
      } = runModel(features, taps, this.#context);
      return { map: residuals.map, matches: residuals.matches, residual, imageScore, text, phi, score };
    });
    const read = async (t: Tensor | null) => (t ? await t.data() : null);
    try {
      const [map, matches, residual, imageScore, text, phi, score] = await Promise.all([
        kept.map.data(),
        kept.matches.data(),
        kept.residual.data(),
        read(kept.imageScore),
        read(kept.text),
        read(kept.phi),
        kept.score.data(),
      ]);
      const patches = patchesOf(this.backbone);
      return views.map((view, i) => {
        const own = map.slice(i * patches, (i + 1) * patches);
        const rows = matches.slice(i * patches, (i + 1) * patches);
        const queryPatch = own.indexOf(Math.max(...own));
        return {
          score: score[i],
          residual: residual[i],
          imageResidual: imageScore?.[i] ?? null,
          text: text?.[i] ?? null,
          phi: phi?.[i] ?? null,
          map: own,
          grid: Math.round(Math.sqrt(patches)),
          match: { ...this.bank.locate(rows[queryPatch], patches), queryPatch },
          matches: rows,
          box: view.box,
        };
      });
    } finally {
      for (const t of Object.values(kept)) t?.dispose();
    }
  }

  /** Frees what the scorer made; backbone, bank and heads stay. */
  dispose(): void {
    this.#context.promptFeature?.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
