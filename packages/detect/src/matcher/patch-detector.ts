import { scope, type Tensor } from "@inctrl/tensor";
import type { Detection, Detector, FitOptions, FittedDetector, Known, MatchMap } from "../detector.js";
import type { Features } from "../encoder/features.js";
import { PromptBank } from "./bank.js";
import type { PromptRecord } from "./bank-file.js";
import { matchPatches } from "./match.js";

/** What a method makes of a batch, on the device. */
export interface PatchOutput {
  /** [views]. */
  readonly score: Tensor;
  /** A value for each patch, [views, patches]. */
  readonly map: Tensor;
  /** Scores it is made of, by name, [views] each; null where the method has none. */
  readonly parts: Readonly<Record<string, Tensor | null>>;
}

/** A method once it knows its prompts. */
export interface PatchScoring {
  /**
   * Records the scoring of a batch; runs in a scope.
   *
   * @param features class features, [views, embedDim].
   * @param similarity cosine of each patch to the most similar prompt patch, [views, blocks, patches].
   */
  run(features: Tensor, similarity: Tensor): PatchOutput;
  /** Frees what was made for these prompts. */
  dispose?(): void;
}

/** A method that compares patches with those of the prompts: what is its own about it. */
export interface PatchMethod extends Pick<Detector, "name" | "encoder" | "symmetries" | "settings"> {
  prepare(bank: PromptBank, options: FitOptions): PatchScoring | Promise<PatchScoring>;
}

/**
 * A detector from a nearest-patch method: it holds the prompts in a `PromptBank`, searches it, and tells matches.
 *
 * @example
 * const detector = patchDetector({
 *   ...{ name: "residual", encoder, symmetries: 1, settings: async () => ({}) },
 *   prepare: () => ({ run: (_, similarity) => scoresOf(similarity) }),
 * });
 */
export function patchDetector(method: PatchMethod): Detector {
  const { name, encoder, symmetries } = method;
  const fitted = async (bank: PromptBank, options: FitOptions = {}): Promise<FittedDetector> => {
    try {
      return new FittedPatches(detector, bank, await method.prepare(bank, options));
    } catch (error) {
      bank.dispose();
      throw error;
    }
  };
  const detector: Detector = {
    ...{ name, encoder, symmetries },
    settings: () => method.settings(),
    fit: async (prompts, options) => fitted(PromptBank.of(encoder, prompts, symmetries), options),
    load: async (path, options) => fitted(await PromptBank.load(path, encoder), options),
  };
  return detector;
}

class FittedPatches implements FittedDetector {
  readonly detector: Detector;
  readonly #bank: PromptBank;
  readonly #scoring: PatchScoring;

  constructor(detector: Detector, bank: PromptBank, scoring: PatchScoring) {
    this.detector = detector;
    this.#bank = bank;
    this.#scoring = scoring;
  }

  get prompts(): readonly PromptRecord[] {
    return this.#bank.prompts;
  }

  async score({ features, taps }: Features, known?: Known): Promise<Detection[]> {
    const kept = scope(() => {
      const { similarity, rows } = known?.similarity
        ? { similarity: known.similarity(), rows: null }
        : matchPatches(taps, this.#bank.blocks);
      return { ...this.#scoring.run(features, similarity), rows };
    });
    const { score, map, parts, rows } = kept;
    const tensors = new Set([score, map, ...Object.values(parts)]);
    try {
      const [matched, values] = await Promise.all([rows?.data() ?? null, readAll(tensors)]);
      return this.#detections(
        { score: values.get(score) as Float32Array, map: values.get(map) as Float32Array },
        Object.entries(parts).flatMap(([name, t]) => (t ? [[name, values.get(t) as Float32Array]] : [])),
        matched,
      );
    } finally {
      for (const t of [...tensors, rows]) t?.dispose();
    }
  }

  #detections(
    { score, map }: { score: Float32Array; map: Float32Array },
    parts: [name: string, values: Float32Array][],
    matched: Int32Array | null,
  ): Detection[] {
    const { backbone } = this.detector.encoder;
    const { patches, grid } = backbone;
    return Array.from(score, (value, i) => {
      const own = [i * patches, (i + 1) * patches] as const;
      return {
        score: value,
        parts: Object.fromEntries(parts.map(([name, values]) => [name, values[i]])),
        map: { ...grid, values: map.slice(...own) },
        matches: matched && this.#locate(matched.subarray(...own)),
      };
    });
  }

  #locate(rows: Int32Array): MatchMap {
    const found = Array.from(rows, (row) => this.#bank.locate(row));
    return {
      prompts: Int32Array.from(found, ({ prompt }) => prompt),
      patches: Int32Array.from(found, ({ patch }) => patch),
    };
  }

  save(path: string): Promise<void> {
    return this.#bank.save(path);
  }

  dispose(): void {
    this.#scoring.dispose?.();
    this.#bank.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** Values of several tensors, each read once. */
async function readAll(
  tensors: Iterable<Tensor | null>,
): Promise<Map<Tensor | null, Float32Array | undefined>> {
  return new Map(await Promise.all([...tensors].map(async (t) => [t, await t?.data()] as const)));
}
