import type { DefectKind } from "../defects.js";
import { chance, pick, type Random } from "../draw/random.js";
import type { DrawnClass } from "../sample/class.js";
import type { View } from "../sample/view.js";
import { BAD, type Condition, DEFECT_WORDS, GOOD, PLAIN_TEMPLATES, TEMPLATES } from "./words.js";

/** A caption for a picture, in one of many wordings. Half of the captions use the paper's prompts. */
export function captionFor(of: DrawnClass, view: View, defect: DefectKind | null, random: Random): string {
  const thing = thingOf(of, random);
  // Only patterns for damaged things name a defect. The paper's prompts never use "an".
  const fill = (pattern: string) =>
    pattern
      .replace("*", random.below(2) ? "the" : "a")
      .replace("D", () => pick(random, of.family.words?.[defect!] ?? DEFECT_WORDS[defect!].nouns))
      .replace(/\bA\b/, () => pick(random, DEFECT_WORDS[defect!].adjectives))
      .replace("{}", () => thing);
  const { paper, others, sentences } = defect === null ? GOOD : BAD;
  const style = random.between(0, 1);
  if (style < 0.2) return fill(pick(random, sentences));
  const isPaper = style < 0.7;
  const wanted = conditionsOf(of, view);
  const fitting = (isPaper ? TEMPLATES : PLAIN_TEMPLATES).filter(([condition]) => wanted.has(condition));
  // Half of the captions mention a special condition of the photograph, where there is one.
  const special = fitting.filter(([condition]) => condition !== "any");
  const [, template] = pick(random, special.length > 0 && chance(random, 0.5) ? special : fitting);
  return fill(template.replace("{}", pick(random, isPaper ? paper : others)));
}

/** The noun, often with a colour or material before it. */
function thingOf({ design, noun }: DrawnClass, random: Random): string {
  const count = random.below(5);
  const { adjectives } = design;
  if (count < 2 || adjectives.length === 0) return noun;
  const chosen = count === 4 ? adjectives : [pick(random, adjectives)];
  return [...chosen, noun].join(" ");
}

function conditionsOf({ family }: DrawnClass, { photo, scale }: View): ReadonlySet<Condition> {
  const isTexture = family.kind === "texture";
  const holds: Readonly<Record<Condition, boolean>> = {
    any: true,
    bright: photo.exposure > 1.2,
    dark: photo.exposure < 0.8,
    blurry: photo.blur >= 2,
    jpeg: photo.jpeg > 4,
    grey: photo.grey,
    noisy: photo.noise > 0.025,
    small: scale < 0.85 && !isTexture,
    large: scale > 1.15 && !isTexture,
    close: scale > 1.15 || isTexture,
    cropped: scale > 1.15 || isTexture,
  };
  return new Set((Object.keys(holds) as Condition[]).filter((condition) => holds[condition]));
}
