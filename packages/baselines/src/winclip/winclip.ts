import {
  type Backbone,
  DetectError,
  type Detector,
  type Encoder,
  type EncoderOptions,
  type PromptForm,
  VitBackbone,
} from "@inctrl/detect";
import { visualDetector } from "./visual.js";
import { SIDES } from "./windows.js";

export interface WinclipOptions extends Required<PromptForm> {
  /** Divides cosines of images and texts. Default: the model's own, .01 where it names none. */
  readonly temperature?: number;
  /** Patches of the last block as they are, or after the final norm. */
  readonly patchTokens: "raw" | "ln_post";
  /** Few-shot: text and prompts. Zero-shot: text alone, of the image and of each window. */
  readonly mode: "few-shot" | "zero-shot";
}

/** What multiplies cosines: of the options, of the model, or CLIP's own. */
export const scaleOf = (backbone: Backbone, temperature: number | undefined): number =>
  temperature === undefined ? (backbone.logitScale ?? 100) : 1 / temperature;

/** @throws DetectError `backbone` for one that is no CLIP. */
export function requireText(method: string, backbone: Backbone): asserts backbone is VitBackbone {
  if (backbone instanceof VitBackbone && backbone.hasText) return;
  throw new DetectError(
    "backbone",
    `${method} asks text, and ${backbone.name} knows none; take a CLIP model`,
  );
}

/** The last block of a CLIP, and its windows. @throws DetectError `backbone` for others. */
export function windowInput(
  method: string,
  backbone: Backbone,
  patchTokens: WinclipOptions["patchTokens"],
): Pick<EncoderOptions, "taps"> {
  requireText(method, backbone);
  const patches = patchTokens === "raw" ? backbone.config.vision.layers : "norm";
  return { taps: [patches, ...SIDES.map((side) => `window.${side}`)] };
}

/**
 * WinCLIP and WinCLIP+ (Jeong et al. 2023). Parts: `text`, the text score of the image, and `visual`, the largest entry of the map
 * of residuals to the prompts' patches and windows.
 *
 * @param encoder taps what `windowInput` says.
 */
export function winclipDetector(encoder: Encoder, options: WinclipOptions): Detector {
  const { backbone } = encoder;
  const { ensemble, average, temperature, patchTokens, mode } = options;
  const scale = scaleOf(backbone, temperature);
  return visualDetector(encoder, {
    ...{ name: "winclip", kind: `winclip ${ensemble}/${average}`, scale },
    maps: mode === "few-shot" ? "both" : "text",
    prototypes: async (className) => {
      const made = await backbone.prototypes(className, { ensemble, average });
      return made.view(made.shape);
    },
    settings: async () => ({
      ...{ ensemble, average, scale: String(scale), patchTokens, mode },
      text: (await backbone.textFingerprint()) as string,
    }),
  });
}
