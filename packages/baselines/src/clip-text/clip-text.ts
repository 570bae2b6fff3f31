import {
  type BankInfo,
  bankInfo,
  DetectError,
  type Detection,
  type Detector,
  type Encoder,
  type FittedDetector,
  type PromptForm,
  patchesOf,
  readBank,
  readingOf,
  textScore,
  writeBank,
} from "@inctrl/detect";
import type { Tensor } from "@inctrl/tensor";
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
  const kind = `clip-text ${ensemble}/${average}`;
  const fitted = (info: BankInfo, prototypes: Tensor): FittedDetector => ({
    ...{ detector, prompts: info.prompts, reading: readingOf(info) },
    async score({ features, layouts: [layout] }) {
      const made = textScore(features, prototypes, scale);
      const scores = await made.data().finally(() => made.dispose());
      const { rows, columns } = layout;
      return Array.from(
        scores,
        (score): Detection => ({
          ...{ score, parts: { text: score }, matches: null },
          map: { rows, columns, values: new Float32Array(patchesOf(layout)).fill(score) },
        }),
      );
    },
    save: (path, entries) => writeBank(path, info, { prototypes }, entries),
    dispose: () => prototypes.dispose(),
    [Symbol.dispose]: () => prototypes.dispose(),
  });
  const detector: Detector = {
    ...{ name: "clip-text", encoder, symmetries: 1 },
    settings: async () => ({
      ...{ ensemble, average, scale: String(scale) },
      text: (await backbone.textFingerprint()) as string,
    }),
    async fit(prompts, about) {
      if (prompts.length === 0)
        throw new DetectError("shots", "there are no prompts; give at least one normal image");
      const made = await backbone.prototypes(classOf("clip-text", about), { ensemble, average });
      return fitted(bankInfo(encoder, prompts, { kind }), made.view(made.shape));
    },
    async load(path) {
      const shapes = new Map([["prototypes", [2, backbone.embedDim]]]);
      const { info, tensors } = await readBank(path, encoder, kind, () => shapes);
      return fitted(info, tensors.get("prototypes") as Tensor);
    },
  };
  return detector;
}
