import { TensorError } from "./errors.js";
import type { Tensor } from "./tensor.js";

const open: Set<Disposable>[] = [];

/** Notes a new tensor in the innermost open scope. */
export function trackInScope(tensor: Disposable): void {
  open.at(-1)?.add(tensor);
}

/**
 * Runs a function and frees every tensor made in it, except those in what it returns (a tensor, or tensors in
 * arrays, maps and plain objects), which pass to the enclosing scope. The function must not be async: record work inside,
 * await `data()` outside.
 *
 * @throws TensorError `scope` when the function returns a promise.
 * @example
 * const probabilities = scope(() => softmax(matmul(x, w)));
 * console.log(await probabilities.data());
 */
export function scope<T>(run: () => T): T {
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

/** Takes tensors out of the open scope, so that they outlive it: for what a module keeps. */
export function keep<T extends Tensor>(tensor: T): T {
  for (const made of open) made.delete(tensor);
  return tensor;
}

function collect(value: unknown, into: Set<Disposable>): Set<Disposable> {
  if (typeof value !== "object" || value === null || into.has(value as Disposable)) return into;
  if (typeof (value as Partial<Disposable>)[Symbol.dispose] === "function") into.add(value as Disposable);
  if (value instanceof Map) for (const item of value.values()) collect(item, into);
  else if (Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype) {
    for (const item of Object.values(value)) collect(item, into);
  }
  return into;
}
