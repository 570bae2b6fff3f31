import { type Backbone, type Detector, type Encoder, type TextTower, VitBackbone } from "@inctrl/detect";
import { keep, normalize, scope, type Tensor } from "@inctrl/tensor";
import { BaselineError } from "../errors.js";
import { visualDetector } from "../winclip/visual.js";
import type { Context } from "./context.js";
import type { TrainedContext } from "./file.js";
import { contextPrompts } from "./prompt.js";

/**
 * CoOp (Zhou et al. 2022) with a context trained on auxiliary data, scored as WinCLIP is. Parts: `text`, the share of the anomalous
 * text, and `visual`, the largest residual to the prompts' patches and windows, whose map is the detector's.
 *
 * @param encoder taps what `windowInput` says.
 */
export function coopDetector(encoder: Encoder, { context, info, digest }: TrainedContext): Detector {
  const { backbone } = encoder;
  return visualDetector(encoder, {
    ...{ name: "coop", kind: `coop ${digest}`, scale: info.scale, maps: "visual" },
    async prototypes(className) {
      const own = await backbone.textFingerprint();
      if (own !== info.text) {
        throw new BaselineError(
          "weights",
          `the context was trained with another text tower than that of ${backbone.name}; train one with this backbone`,
        );
      }
      return towerOf(backbone)((tower) => Promise.resolve(contextPrototypes(context, tower, className)));
    },
    settings: async () => ({ context: digest, text: info.text, patchTokens: "raw" }),
  });
}

/** The text tower of a backbone. @throws BaselineError `options` where it has none. */
export function towerOf(backbone: Backbone): NonNullable<Backbone["withText"]> {
  if (backbone instanceof VitBackbone && backbone.hasText) return backbone.withText.bind(backbone);
  throw new BaselineError(
    "options",
    `${backbone.name} has no text tower, and CoOp learns words of a text; take a CLIP model`,
  );
}

/** The normal and the anomalous text of a class, normalised, [2, embedDim]. */
const contextPrototypes = (context: Context, { text, tokenizer }: TextTower, className: string): Tensor =>
  keep(
    scope(() => {
      const { count } = context.options;
      const prompts = contextPrompts(tokenizer, className, count, text.text.contextLength);
      return normalize(context.features(text, prompts));
    }),
  );
