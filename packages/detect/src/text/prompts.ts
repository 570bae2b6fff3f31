// The prompt ensembles of InCTRL's text branch, in the order and wording of its released code.
import { CIFAR10_CLASSES, PROMPT_STATES } from "@inctrl/datasets";

const TEMPLATES = [
  "a cropped photo of the {}.",
  "a cropped photo of a {}.",
  "a close-up photo of a {}.",
  "a close-up photo of the {}.",
  "a bright photo of a {}.",
  "a bright photo of the {}.",
  "a dark photo of a {}.",
  "a dark photo of the {}.",
  "a jpeg corrupted photo of a {}.",
  "a jpeg corrupted photo of the {}.",
  "a blurry photo of the {}.",
  "a blurry photo of a {}.",
  "a photo of the {}.",
  "a photo of a {}.",
  "a photo of a small {}.",
  "a photo of the small {}.",
  "a photo of a large {}.",
  "a photo of the large {}.",
  "a photo of a {} for visual inspection.",
  "a photo of the {} for visual inspection.",
  "a photo of a {} for anomaly detection.",
  "a photo of the {} for anomaly detection.",
];

/** The templates as anomalib has them: one twice, and two of the others missing. */
const ANOMALIB_TEMPLATES = [
  ...TEMPLATES.filter((each) => !/^a (cropped|jpeg corrupted) photo of a /.test(each)),
  "a jpeg corrupted photo of the {}.",
];

/**
 * Which texts describe a class: "winclip" the ensemble of WinCLIP and InCTRL, "anomalib" that of anomalib, "pair" one text each,
 * "normal {name}" and "anomalous {name}" (CLIP-AC).
 */
export type Ensemble = "winclip" | "anomalib" | "pair";

/** CIFAR-10's classes and the class of its multi-class setting: an anomaly is another class there, not a defect. */
const WHOLE_OBJECTS = new Set<string>([...CIFAR10_CLASSES, "animal"]);

/** Texts that describe a class without defects and with them. */
export interface PromptTexts {
  readonly normal: string[];
  readonly anomaly: string[];
}

/**
 * The prompt ensemble of a class, by default 7 x 22 normal and 4 x 22 anomaly texts, state by state, or one pair for whole
 * objects. `_` in the name stands for a space; its case is kept (the tokenizer lowers it).
 *
 * @example
 * promptTexts("metal_nut").normal[0] // "a cropped photo of the metal nut."
 */
export function promptTexts(className: string, ensemble: Ensemble = "winclip"): PromptTexts {
  // Anomalib keeps the name as it is.
  const name = ensemble === "anomalib" ? className : className.replaceAll("_", " ");
  if (ensemble === "pair") return { normal: [`normal ${name}`], anomaly: [`anomalous ${name}`] };
  if (ensemble === "winclip" && WHOLE_OBJECTS.has(name))
    return {
      normal: [`a photo of ${name} for anomaly detection.`],
      anomaly: [`a photo without ${name} for anomaly detection.`],
    };
  // A function as replacement: "$" in a class name has no meaning.
  const fill = (pattern: string, text: string) => pattern.replace("{}", () => text);
  const templates = ensemble === "anomalib" ? ANOMALIB_TEMPLATES : TEMPLATES;
  const all = (states: readonly string[]) =>
    states.flatMap((state) => templates.map((template) => fill(template, fill(state, name))));
  return { normal: all(PROMPT_STATES.normal), anomaly: all(PROMPT_STATES.anomaly) };
}
