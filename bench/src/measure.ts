/** The time of a task, over several runs. */
export interface Timing {
  runs: number;
  medianMs: number;
  minMs: number;
  /** Half the distance between the quartiles, as a share of the median. */
  spread: number;
}

/** A task that runs a number of times in a row and returns the milliseconds of one run. */
export interface Runner {
  run(times: number): Promise<number>;
}

export interface Effort {
  /** Discarded runs, which compile and fill caches; fewer where they exceed `budgetMs`. */
  warmUps: number;
  /** Rounds in which each runner is measured once; fewer where they exceed `budgetMs`. */
  rounds: number;
  /** A sample repeats a quick task until it takes about this long. */
  sampleMs: number;
  budgetMs: number;
}

export const FULL: Effort = { warmUps: 3, rounds: 15, sampleMs: 40, budgetMs: 12_000 };
export const QUICK: Effort = { warmUps: 1, rounds: 2, sampleMs: 1, budgetMs: 500 };

const MAX_REPEATS = 50;
const MIN_ROUNDS = 3;

/**
 * Times runners one after another, round by round, so that a busy moment of the machine slows all alike. A runner that
 * fails is reported and left out of the other rounds.
 */
export async function interleave(
  runners: readonly Runner[],
  effort: Effort,
  onFailure: (runner: number, error: Error) => void,
): Promise<(Timing | null)[]> {
  const samples = runners.map((): number[] => []);
  const repeats = runners.map(() => 1);
  const alive = new Set(runners.keys());
  const each = async (action: (index: number) => Promise<void>) => {
    for (const index of [...alive]) {
      try {
        await action(index);
      } catch (error) {
        alive.delete(index);
        onFailure(index, error as Error);
      }
    }
  };
  let roundMs = 0;
  await each(async (index) => {
    let last = 0;
    let spent = 0;
    for (let i = 0; i < effort.warmUps && (i === 0 || spent < effort.budgetMs); i++) {
      last = await runners[index].run(1);
      spent += last;
    }
    repeats[index] = Math.min(MAX_REPEATS, Math.max(1, Math.round(effort.sampleMs / Math.max(last, 1e-3))));
    roundMs += last * repeats[index];
  });
  const affordable = Math.floor(effort.budgetMs / roundMs);
  const rounds = Math.min(effort.rounds, Math.max(Math.min(MIN_ROUNDS, effort.rounds), affordable));
  for (let round = 0; round < rounds; round++)
    await each(async (index) => void samples[index].push(await runners[index].run(repeats[index])));
  return samples.map((own, index) => (alive.has(index) && own.length > 0 ? summarise(own) : null));
}

/** The figures of some samples of milliseconds. */
export function summarise(samples: readonly number[]): Timing {
  const sorted = [...samples].sort((a, b) => a - b);
  const median = quantile(sorted, 0.5);
  return {
    runs: sorted.length,
    medianMs: median,
    minMs: sorted[0],
    spread: (quantile(sorted, 0.75) - quantile(sorted, 0.25)) / 2 / median,
  };
}

/** Linear interpolation between the two nearest of sorted values. */
function quantile(sorted: readonly number[], share: number): number {
  const at = share * (sorted.length - 1);
  const below = Math.floor(at);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (at - below);
}
