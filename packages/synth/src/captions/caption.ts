import type { DefectKind } from "../defects.js";
import { chance, pick, type Random } from "../draw/random.js";
import type { DrawnClass } from "../sample/class.js";
import type { View } from "../sample/view.js";
import {
  BAD_EXTRA,
  BAD_SENTENCES,
  BAD_STATES,
  type Condition,
  DEFECT_WORDS,
  GOOD_EXTRA,
  GOOD_SENTENCES,
  GOOD_STATES,
  PLAIN_TEMPLATES,
  TEMPLATES,
} from "./words.js";

/** A caption for a picture, in one of many wordings. Half of the captions use the paper's prompts. */
export function captionFor(of: DrawnClass, view: View, defect: DefectKind | null, random: Random): string {
  const thing = thingOf(of, random);
  const names = defect === null ? null : namesOf(of, defect);
  const fill = (pattern: string) =>
    withArticle(pattern, random)
      .replace("D", () => (names ? pick(random, names.nouns) : ""))
      .replace(/\bA\b/, () => (names ? pick(random, names.adjectives) : ""))
      .replace("{}", () => thing);
  const style = random.between(0, 1);
  if (style < 0.2) return fill(pick(random, names ? BAD_SENTENCES : GOOD_SENTENCES));
  const isPaper = style < 0.7;
  const states = isPaper ? (names ? BAD_STATES : GOOD_STATES) : names ? BAD_EXTRA : GOOD_EXTRA;
  const wanted = conditionsOf(of, view);
  const fitting = (isPaper ? TEMPLATES : PLAIN_TEMPLATES).filter(([condition]) => wanted.has(condition));
  // Half of the captions mention a special condition of the photograph, where there is one.
  const special = fitting.filter(([condition]) => condition !== "any");
  const [, template] = pick(random, special.length > 0 && chance(random, 0.5) ? special : fitting);
  return fill(template.replace("{}", pick(random, states)));
}

function namesOf({ family }: DrawnClass, defect: DefectKind) {
  const { nouns, adjectives } = DEFECT_WORDS[defect];
  return { nouns: family.words?.[defect] ?? nouns, adjectives };
}

/** The noun, often with a colour or material before it. */
function thingOf({ design, noun }: DrawnClass, random: Random): string {
  const count = random.below(5);
  const { adjectives } = design;
  if (count < 2 || adjectives.length === 0) return noun;
  const chosen = count === 4 ? adjectives : [pick(random, adjectives)];
  return [...chosen, noun].join(" ");
}

/** Replaces `*` by an article. The paper's prompts never use "an". */
function withArticle(pattern: string, random: Random): string {
  return pattern.replace("*", random.below(2) ? "the" : "a");
}

function conditionsOf({ family }: DrawnClass, { photo, scale }: View): ReadonlySet<Condition> {
  const all: readonly (readonly [Condition, boolean])[] = [
    ["any", true],
    ["bright", photo.exposure > 1.2],
    ["dark", photo.exposure < 0.8],
    ["blurry", photo.blur >= 2],
    ["jpeg", photo.jpeg > 4],
    ["grey", photo.grey],
    ["noisy", photo.noise > 0.025],
    ["small", scale < 0.85 && family.kind === "object"],
    ["large", scale > 1.15 && family.kind === "object"],
    ["close", family.kind === "texture" || scale > 1.15],
    ["cropped", family.kind === "texture" || scale > 1.15],
  ];
  return new Set(all.filter(([, holds]) => holds).map(([condition]) => condition));
}
