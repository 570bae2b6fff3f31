/** The memory of a process at a moment, in MB. */
export interface MemoryLook {
  /** Since the beginning. */
  readonly seconds: number;
  /** What is resident, and of it JavaScript's heap in use and buffers outside of it. */
  readonly rss: number;
  readonly heap: number;
  readonly external: number;
}

/** How resident memory goes: the straight line through it, by least squares. */
export interface MemoryTrend {
  /** Looks that the line goes through, and the time between the first and the last of them. */
  readonly looks: number;
  readonly seconds: number;
  /** MB an hour. */
  readonly perHour: number;
  /** MB by which the line rises over that time. */
  readonly rise: number;
  /** Means of resident memory, heap and external memory, in MB. */
  readonly mean: Omit<MemoryLook, "seconds">;
}

/**
 * MB by which the line may rise. Collections of garbage make memory a saw: half a minute's tooth of 60 MB moves the line through 20 minutes
 * by a few MB. A leak of 8 kB a request at 10 requests a second is 96 MB in that time. The bound is of the whole time, so that a soak
 * of 72 hours allows 0.6 MB an hour.
 */
export const MAX_RISE = 30;

/** The trend of the last two thirds: code, caches and heaps are warm by then. */
export function trendOf(all: readonly MemoryLook[]): MemoryTrend {
  const end = all.at(-1)?.seconds ?? 0;
  const looks = all.filter(({ seconds }) => seconds >= end / 3);
  const mean = (of: (look: MemoryLook) => number) =>
    looks.reduce((sum, look) => sum + of(look), 0) / looks.length;
  const [at, rss] = [mean(({ seconds }) => seconds), mean((look) => look.rss)];
  const slope =
    mean((look) => (look.seconds - at) * (look.rss - rss)) / mean(({ seconds }) => (seconds - at) ** 2);
  const seconds = end - looks[0].seconds;
  return {
    ...{ looks: looks.length, seconds, perHour: 3600 * slope, rise: seconds * slope },
    mean: { rss, heap: mean((look) => look.heap), external: mean((look) => look.external) },
  };
}
