import { detectLayout, type Layout, rename } from "../model/layouts.js";

/** Under which prefix a file's names are those of a model. */
export interface Spelling {
  /** What is cut off: "", or for example "module." or "teacher.backbone.". */
  readonly prefix: string;
  readonly layout: Layout;
  /** Prefixes of other models in the same file. */
  readonly others: readonly string[];
}

/** Averaged weights, which are what trainers evaluate and publish; and those that were trained beside them. */
const AVERAGED = /(?:^|[._])(?:ema|teacher|momentum|target|avg|averaged?)(?:[._]|$)/i;
const TRAINED = /(?:^|[._])(?:student|online)(?:[._]|$)/i;

/** A model in a file whose towers are not all there has fewer known names: those with as many as this share of the most are models too. */
const SHARE = 0.9;

/**
 * Finds the model among a file's names, whatever trainers put before them: the prefix behind which most are known. Of several, averaged
 * weights are taken.
 *
 * @example
 * findSpelling(["model.visual.conv1.weight", "criterion.weight", ...])?.prefix // "model."
 */
export function findSpelling(names: readonly string[]): Spelling | undefined {
  const below = new Map<string, string[]>();
  for (const name of names)
    for (let at = 0; at >= 0 && at < name.length; at = name.indexOf(".", at) + 1 || -1) {
      const prefix = name.slice(0, at);
      const rest = below.get(prefix);
      if (rest) rest.push(name.slice(at));
      else below.set(prefix, [name.slice(at)]);
    }
  const counted = new Map<string, { layout: Layout; known: number }>();
  let most = 0;
  // Shorter prefixes first: a longer one cuts into the model's own names unless it knows more.
  for (const [prefix, rest] of [...below].sort(([a], [b]) => a.length - b.length)) {
    const layout = detectLayout(rest);
    if (layout === undefined) continue;
    const known = rest.filter((name) => rename(layout, name) !== "unexpected").length;
    const covered = [...counted].some(
      ([outer, { known: more }]) => prefix.startsWith(outer) && more >= known,
    );
    if (known === 0 || covered) continue;
    counted.set(prefix, { layout, known });
    most = Math.max(most, known);
  }
  const rank = (prefix: string) => (AVERAGED.test(prefix) ? 0 : TRAINED.test(prefix) ? 2 : 1);
  const models = [...counted]
    .filter(([, { known }]) => known >= SHARE * most)
    .sort(([a, x], [b, y]) => rank(a) - rank(b) || y.known - x.known);
  if (models.length === 0) return undefined;
  const [[prefix, { layout }], ...others] = models;
  return { prefix, layout, others: others.map(([other]) => other) };
}
