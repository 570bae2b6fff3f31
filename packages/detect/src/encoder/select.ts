import { normalize, scope } from "@inctrl/tensor";
import type { Tap } from "../backbone/backbone.js";
import { DetectError } from "../errors.js";
import type { ImageSource } from "../images/source.js";
import { type EncodeOptions, Encoder } from "./encoder.js";
import type { EncodedBatch, Features } from "./features.js";
import type { EncodedPrompt } from "./prompts.js";

/**
 * A view onto an encoder: some of its taps. Images are encoded once for all encoders that share a root, as `evaluateAll` does.
 *
 * @param options `raw`: false brings prompts of a raw root to length 1. Default: as the root.
 * @throws DetectError `blocks` for taps that the root does not give, `backbone` for raw prompts of a root that is not raw.
 * @example
 * const root = new Encoder(backbone, { taps: [1, 2, 3], raw: true });
 * const [first, second] = [selectTaps(root, { taps: [2, 3] }), selectTaps(root, { taps: [1], raw: false })];
 */
export function selectTaps(
  { root }: Encoder,
  { taps = root.taps, raw = root.raw }: { taps?: readonly Tap[]; raw?: boolean } = {},
): Encoder {
  const missing = taps.find((tap) => !root.taps.includes(tap));
  if (missing !== undefined)
    throw new DetectError("blocks", `the encoder gives taps ${root.taps.join(", ")} and not ${missing}`);
  if (raw && !root.raw)
    throw new DetectError(
      "backbone",
      "the encoder keeps prompts at length 1; make it raw for methods that need them as they are",
    );
  return new SelectedEncoder(root, taps, raw);
}

class SelectedEncoder extends Encoder {
  readonly #root: Encoder;
  override readonly cached: boolean;
  readonly #at: readonly number[];

  constructor(root: Encoder, taps: readonly Tap[], raw: boolean) {
    const { backbone, fit, preprocess, features, batch, threads, resize } = root;
    super(backbone, { fit, preprocess, features, batch, threads, resize, taps, raw });
    this.#root = root;
    this.cached = root.cached;
    this.#at = taps.map((tap) => root.taps.indexOf(tap));
  }

  override get root(): Encoder {
    return this.#root;
  }

  override hashes() {
    return this.root.hashes();
  }

  override async *encode(images: ImageSource, options?: EncodeOptions): AsyncGenerator<EncodedBatch> {
    for await (const batch of this.root.encode(images, options)) yield { ...batch, ...this.pick(batch) };
  }

  override pick({ features, taps, layouts }: Features): Features {
    return { features, taps: this.#at.map((i) => taps[i]), layouts: this.#at.map((i) => layouts[i]) };
  }

  override pickPrompt(prompt: EncodedPrompt): EncodedPrompt {
    const own = this.#at.map((i) => prompt.rows[i]);
    const unit = this.root.raw && !this.raw;
    const rows = unit ? scope(() => own.map((each) => normalize(each))) : own;
    const layouts = this.#at.map((i) => prompt.layouts[i]);
    const dispose = () => {
      if (unit) for (const each of rows) each.dispose();
    };
    return { ...prompt, rows, layouts, dispose };
  }
}
