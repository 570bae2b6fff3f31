import { check, kindOf, TensorError } from "./errors.js";

const open: Set<Disposable>[] = [];

/** Adds a new tensor to the innermost open scope. */
export function trackInScope(tensor: Disposable): void {
  open.at(-1)?.add(tensor);
}

/**
 * Runs a function and disposes every tensor made in it, except those in its result (a tensor, a packed matrix, or such in
 * arrays, maps and plain objects). These pass to the enclosing scope. The function must not be async: record work inside, await
 * `data()` outside.
 *
 * @throws TensorError `scope` when the function returns a promise.
 * @example
 * const probabilities = scope(() => softmax(matmul(x, w)));
 * console.log(await probabilities.data());
 */
export function scope<T>(run: () => T): T {
  check(typeof run === "function", "argument", () => `scope: give a function, not ${kindOf(run)}`);
  const made = new Set<Disposable>();
  open.push(made);
  let kept = new Set<Disposable>();
  try {
    const result = run();
    if (result instanceof Promise) {
      throw new TensorError(
        "scope",
        "scope: the function is async; record the ops inside and await data() outside the scope",
      );
    }
    kept = collect(result, new Set());
    return result;
  } finally {
    open.pop();
    const outer = open.at(-1);
    for (const tensor of made) {
      if (kept.has(tensor)) outer?.add(tensor);
      else tensor[Symbol.dispose]();
    }
  }
}

/** Takes a tensor, or all tensors of a holder, out of the open scopes, so that they outlive them. @throws TensorError `argument` for other values. */
export function keep<T extends Disposable | HoldsTensors>(value: T): T {
  check(
    typeof value === "object" && value !== null,
    "argument",
    () => `keep: give a tensor or what holds some, not ${kindOf(value)}`,
  );
  const parts: Iterable<Disposable> = "tensors" in value ? value.tensors() : [value];
  for (const part of parts) for (const made of open) made.delete(part);
  return value;
}

/** An object with tensors of its own, such as a packed matrix or a module. Scopes keep them when it is returned. */
export interface HoldsTensors {
  tensors(): Iterable<Disposable>;
}

function collect(value: unknown, into: Set<Disposable>): Set<Disposable> {
  if (typeof value !== "object" || value === null || into.has(value as Disposable)) return into;
  if (typeof (value as Partial<HoldsTensors>).tensors === "function") {
    for (const tensor of (value as HoldsTensors).tensors()) into.add(tensor);
  } else if (typeof (value as Partial<Disposable>)[Symbol.dispose] === "function") {
    into.add(value as Disposable);
  } else if (value instanceof Map || Array.isArray(value)) {
    for (const item of value.values()) collect(item, into);
  } else if (Object.getPrototypeOf(value) === Object.prototype) {
    for (const item of Object.values(value)) collect(item, into);
  }
  return into;
}
