import { type Detector, type Encoder, type PromptForm, textScore } from "@inctrl/detect";
import { add, reshape, zeros } from "@inctrl/tensor";
import { mapDetector } from "../maps/map-detector.js";
import { classOf } from "../winclip/visual.js";
import { scaleOf } from "../winclip/winclip.js";

export interface ClipTextOptions extends Required<PromptForm> {
  /** Divides cosines of images and texts. Default: the model's own, .01 where it names none. */
  readonly temperature?: number;
}

/**
 * CLIP's own answer, zero-shot: the share of anomalous texts in a softmax over both prototypes. Prompts are not looked at, and the
 * map is the score everywhere.
 */
export function clipTextDetector(encoder: Encoder, options: ClipTextOptions): Detector {
  const { backbone } = encoder;
  const { ensemble, average, temperature } = options;
  const scale = scaleOf(backbone, temperature);
  const [{ rows, columns }] = encoder.layouts;
  return mapDetector({
    ...{ name: "clip-text", kind: `clip-text ${ensemble}/${average}`, encoder },
    settings: async () => ({
      ...{ ensemble, average, scale: String(scale) },
      text: (await backbone.textFingerprint()) as string,
    }),
    async texts(about) {
      const made = await backbone.prototypes(classOf("clip-text", about), { ensemble, average });
      return { prototypes: made.view(made.shape) };
    },
    keep: () => ({}),
    shapes: () => ({ prototypes: [2, backbone.embedDim] }),
    prepare: ({ prototypes }) => ({
      run({ features }) {
        const score = textScore(features, prototypes, scale);
        const map = add(reshape(score, [-1, 1, 1]), zeros(backbone.device, [1, rows, columns]));
        return { score, map, parts: { text: score } };
      },
    }),
  });
}
