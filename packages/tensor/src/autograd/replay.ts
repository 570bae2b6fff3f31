/** What a run's effects gave, in their order; a replay is handed them again. */
export interface Effects {
  readonly values: unknown[];
  /** The next to hand out in a replay; null in the first run. */
  next: number | null;
  readonly outer: Effects | null;
}

let active: Effects | null = null;

function within<T>(effects: Effects | null, run: () => T): T {
  const outer = active;
  active = effects;
  try {
    return run();
  } finally {
    active = outer;
  }
}

/**
 * Does something that a checkpoint's second run must not do again, such as moving a random counter on or updating running
 * statistics: the second run is given the first one's result.
 */
export function once<T>(effect: () => T): T {
  const effects = active;
  if (!effects) return effect();
  if (effects.next !== null) return effects.values[effects.next++] as T;
  const value = within(effects.outer, () => once(effect));
  effects.values.push(value);
  return value;
}

/** Runs a function and notes its effects. */
export function noteEffects<T>(run: () => T): { result: T; effects: Effects } {
  const effects: Effects = { values: [], next: null, outer: active };
  return { result: within(effects, run), effects };
}

/** Runs the function again without its effects. */
export function replay<T>({ values }: Effects, run: () => T): T {
  return within({ values, next: 0, outer: null }, run);
}
