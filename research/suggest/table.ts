import { meanOf } from "@inctrl/detect";
import { markdown } from "../report.js";

/** AUROC of a category by suggested prompts and by random draws. */
export interface Compared {
  readonly set: string;
  readonly category: string;
  /** Good images to choose from. */
  readonly pool: number;
  readonly tested: number;
  readonly suggested: number;
  readonly random: readonly number[];
}

export interface SuggestFacts {
  readonly network: string;
  readonly shots: number;
  readonly draws: number;
  /** Commit, date and machine, a sentence. */
  readonly made: string;
}

/** Suggested against random prompts, category by category and over all. */
export function tableOf(
  compared: readonly Compared[],
  { network, shots, draws, made }: SuggestFacts,
): string {
  const rows = compared.map(({ set, category, pool, tested, suggested, random }) => [
    ...[set, category, String(pool), String(tested), digits(suggested), digits(meanOf(random))],
    ...[digits(Math.min(...random)), digits(Math.max(...random)), signed(suggested - meanOf(random))],
  ]);
  const better = compared.filter(({ suggested, random }) => suggested > meanOf(random)).length;
  const above = compared.filter(({ suggested, random }) => suggested >= Math.max(...random)).length;
  const below = compared.filter(({ suggested, random }) => suggested < Math.min(...random)).length;
  const mean = meanOf(compared.map(({ suggested, random }) => suggested - meanOf(random)));
  return `# Suggested prompts against random ones

${network}, patch residual, K = ${shots}, one symmetry. ${made}

\`coverPool\`, which \`inctrl bank suggest\` runs, chooses out of each category's pool; ${draws} random draws are of the
same pool. AUROC on the same test images. A category's test images are few, so that differences below a few hundredths mean little.

Over ${compared.length} categories suggested prompts are better than the mean of random ones in ${better}, at least as good as the best draw in ${above}, and
worse than the worst draw in ${below}. The mean difference is ${signed(mean)}, its standard error over the categories ${digits(errorOf(compared))}.

${markdown(["set", "category", "pool", "tested", "suggested", "random, mean", "worst", "best", "difference"], rows)}`;
}

/** Standard error of the mean difference. */
function errorOf(compared: readonly Compared[]): number {
  const found = compared.map(({ suggested, random }) => suggested - meanOf(random));
  const mean = meanOf(found);
  const squares = found.reduce((sum, each) => sum + (each - mean) ** 2, 0);
  return Math.sqrt(squares / Math.max(1, found.length - 1) / found.length);
}

const digits = (value: number): string => value.toFixed(3);
const signed = (value: number): string => `${value >= 0 ? "+" : ""}${value.toFixed(3)}`;
