/** A one-sided sum over parts that are hits or not (Reynolds and Stoumbos 1999), in whole steps, so that it takes few values. */
export interface Chart {
  /** What a hit and what any other part adds. The sum never falls below 0. */
  readonly hit: number;
  readonly miss: number;
  /** The sum alarms from here on. */
  readonly limit: number;
}

/**
 * A chart for the odds of hits growing `odds` times (or shrinking, for odds below 1). Its limit is the smallest at which no more than
 * `chance` of lines alarm within `parts` parts while hits keep their share: exact, by the Markov chain of Brook and Evans (1972).
 *
 * @param share of hits while all is well, between 0 and 1.
 * @example
 * chartFor({ share: 0.1, odds: 3, parts: 10_000, chance: 0.01 });
 */
export function chartFor({
  share,
  odds,
  parts,
  chance,
}: {
  share: number;
  odds: number;
  parts: number;
  chance: number;
}): Chart {
  const other = (odds * share) / (1 - share + odds * share);
  // The sum of log likelihood ratios, scaled so that a hit and a miss lie one part apart: a hit adds 1 less the reference.
  const reference = Math.log((1 - share) / (1 - other)) / Math.log(odds);
  // The nearest 1 / n or 1 - 1 / n makes n steps of a part, and keeps the chain of sums short.
  const parted = Math.max(2, Math.round(1 / Math.min(reference, 1 - reference)));
  const taken = reference < 0.5 ? 1 : parted - 1;
  const sign = odds > 1 ? 1 : -1;
  const steps = { hit: sign * (parted - taken), miss: -sign * taken };
  let [low, high] = [0, parted];
  while (alarmChance({ ...steps, limit: high }, share, parts) > chance) [low, high] = [high, 2 * high];
  while (high - low > 1) {
    const limit = Math.floor((low + high) / 2);
    if (alarmChance({ ...steps, limit }, share, parts) > chance) low = limit;
    else high = limit;
  }
  return { ...steps, limit: high };
}

/** The chance of an alarm at the next part settles. It counts as settled once it has kept nine digits for so many parts. */
const SETTLED = 50;

/**
 * The chance that a chart alarms within so many parts of which each is a hit with the chance `share`. Once the chance of an alarm at the
 * next part has settled, the rest is a power of it.
 */
export function alarmChance({ hit, miss, limit }: Chart, share: number, parts: number): number {
  let now = new Float64Array(limit);
  let next = new Float64Array(limit);
  now[0] = 1;
  let alarmed = 0;
  let [hazard, settled] = [0, 0];
  for (let part = 0; part < parts && alarmed < 1 - 1e-12; part++) {
    let newly = 0;
    next.fill(0);
    for (let sum = 0; sum < limit; sum++) {
      const mass = now[sum];
      if (mass === 0) continue;
      const [up, down] = [Math.max(0, sum + hit), Math.max(0, sum + miss)];
      if (up >= limit) newly += mass * share;
      else next[up] += mass * share;
      if (down >= limit) newly += mass * (1 - share);
      else next[down] += mass * (1 - share);
    }
    [now, next] = [next, now];
    const last = hazard;
    hazard = newly / (1 - alarmed);
    alarmed += newly;
    settled = hazard > 0 && Math.abs(hazard - last) <= 1e-9 * hazard ? settled + 1 : 0;
    if (settled === SETTLED) return 1 - (1 - alarmed) * (1 - hazard) ** (parts - part - 1);
  }
  return alarmed;
}

/** The sum after one more part. It is held below twice the limit, so that an alarm ends soon after its cause. */
export const addPart = ({ hit, miss, limit }: Chart, sum: number, isHit: boolean): number =>
  Math.min(2 * limit, Math.max(0, sum + (isHit ? hit : miss)));
