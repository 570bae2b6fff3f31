import { PROMPT_STATES } from "@inctrl/datasets";
import type { DefectKind } from "../defects.js";

/** Names of a defect: nouns after "with", and adjectives before the class. */
interface DefectWords {
  readonly nouns: readonly string[];
  readonly adjectives: readonly string[];
}

export const DEFECT_WORDS: Readonly<Record<DefectKind, DefectWords>> = {
  scratch: {
    nouns: ["a scratch", "a long scratch", "a scratch mark", "scratches"],
    adjectives: ["scratched"],
  },
  crack: { nouns: ["a crack", "a fine crack", "a fracture", "cracks"], adjectives: ["cracked", "fractured"] },
  hole: { nouns: ["a hole", "a small hole", "a puncture", "a pit"], adjectives: ["punctured", "pierced"] },
  stain: { nouns: ["a stain", "a spot", "a dark stain", "a blotch"], adjectives: ["stained", "spotted"] },
  dent: {
    nouns: ["a dent", "a bump", "a pressed mark", "a deformation"],
    adjectives: ["dented", "deformed"],
  },
  contamination: {
    nouns: ["contamination", "dirt", "a foreign particle", "dust", "a hair on it"],
    adjectives: ["contaminated", "dirty"],
  },
  misweave: { nouns: ["a weaving fault", "a missing thread", "loose threads"], adjectives: ["badly woven"] },
  pull: { nouns: ["a pulled thread", "a distortion", "a warped area"], adjectives: ["distorted", "warped"] },
  missing: { nouns: ["a missing part", "a missing piece"], adjectives: ["incomplete", "broken"] },
  bent: { nouns: ["a bend", "a bent part", "a deformation"], adjectives: ["bent", "crooked"] },
  misprint: { nouns: ["a misprint", "a printing error", "a faulty print"], adjectives: ["misprinted"] },
  fold: { nouns: ["a fold", "a crease", "a wrinkle"], adjectives: ["folded", "creased", "wrinkled"] },
  discolouration: {
    nouns: ["discolouration", "a discoloured area", "a colour change", "a faded patch"],
    adjectives: ["discoloured", "faded"],
  },
  chip: { nouns: ["a chipped edge", "a broken edge", "a missing corner"], adjectives: ["chipped", "broken"] },
};

/** The paper's templates, each with the condition of a photograph that it states. */
export const TEMPLATES = [
  ["any", "a photo of * {}."],
  ["any", "a photo of * {} for visual inspection."],
  ["any", "a photo of * {} for anomaly detection."],
  ["cropped", "a cropped photo of * {}."],
  ["close", "a close-up photo of * {}."],
  ["bright", "a bright photo of * {}."],
  ["dark", "a dark photo of * {}."],
  ["jpeg", "a jpeg corrupted photo of * {}."],
  ["blurry", "a blurry photo of * {}."],
  ["small", "a photo of * small {}."],
  ["large", "a photo of * large {}."],
] as const;

/** Other templates. */
export const PLAIN_TEMPLATES = [
  ["any", "a picture of * {}."],
  ["any", "an image of * {}"],
  ["any", "{}"],
  ["any", "this is * {}."],
  ["any", "* {} on the inspection table"],
  ["any", "* {} seen by a camera"],
  ["grey", "a black and white photo of * {}."],
  ["noisy", "a noisy photo of * {}."],
  ["bright", "* {} in bright light"],
  ["dark", "* {} in dim light"],
  ["blurry", "an unsharp picture of * {}"],
  ["close", "a close view of * {}"],
  ["small", "a small {} from far away"],
  ["large", "a large {}"],
] as const;

export type Condition = (typeof TEMPLATES | typeof PLAIN_TEMPLATES)[number][0];

/** How captions speak of a thing: `{}` is the class, `D` a noun for the defect, `A` an adjective, `*` an article. */
interface Wording {
  /** The states of the paper's prompts. */
  readonly paper: readonly string[];
  /** Other states. */
  readonly others: readonly string[];
  readonly sentences: readonly string[];
}

export const GOOD: Wording = {
  paper: PROMPT_STATES.normal,
  others: [
    "intact {}",
    "undamaged {}",
    "pristine {}",
    "clean {}",
    "normal {}",
    "good {}",
    "{} in perfect condition",
    "{} without any defects",
    "{} free of damage",
    "{} with no flaws",
  ],
  sentences: [
    "the {} has no defect.",
    "the {} is flawless.",
    "the {} is perfect.",
    "the {} is in good condition.",
    "the {} is not damaged.",
    "nothing is wrong with the {}.",
    "a normal {} as it should be.",
    "no damage can be seen on the {}.",
    "the {} passed inspection.",
  ],
};

export const BAD: Wording = {
  paper: PROMPT_STATES.anomaly,
  others: [
    "A {}",
    "A {}",
    "{} with D",
    "{} with D",
    "{} with D",
    "defective {}",
    "faulty {}",
    "flawed {}",
    "damaged {} with D",
    "{} damaged by D",
    "{} with a defect",
    "{} with some damage",
    "{} in bad condition",
  ],
  sentences: [
    "the {} has D.",
    "the {} is A.",
    "there is D on the {}.",
    "D can be seen on the {}.",
    "the {} is damaged: D.",
    "the {} is defective.",
    "* {} that is A.",
    "something is wrong with the {}.",
    "the {} failed inspection because of D.",
  ],
};
