/** The results of a run's effects, in order; a replay gets them again. */
export interface Effects {
  readonly values: unknown[];
  /** The next result that a replay gets; null in the first run. */
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
 * Runs an effect that a checkpoint's second run must not repeat, such as advancing a random counter or updating running statistics. The
 * second run gets the result of the first.
 */
export function once<T>(effect: () => T): T {
  const effects = active;
  if (!effects) return effect();
  if (effects.next !== null) return effects.values[effects.next++] as T;
  const value = within(effects.outer, () => once(effect));
  effects.values.push(value);
  return value;
}

/** Runs a function and records its effects. */
export function noteEffects<T>(run: () => T): { result: T; effects: Effects } {
  const effects: Effects = { values: [], next: null, outer: active };
  return { result: within(effects, run), effects };
}

/** Runs the function again without its effects. */
export function replay<T>({ values }: Effects, run: () => T): T {
  return within({ values, next: 0, outer: null }, run);
}
