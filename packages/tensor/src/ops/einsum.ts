import { check } from "../errors.js";
import { formatShape, sizeOf } from "../shape.js";
import type { Tensor } from "../tensor.js";
import { composeOp } from "./compose.js";
import { mul } from "./elementwise.js";
import { matmul } from "./matmul.js";
import { coordinatesOf } from "./reference.js";
import { permute, reshape, slice } from "./shape.js";
import { sum } from "./sum.js";

/**
 * Products summed over labelled axes, as NumPy's einsum: labels that the result does not name are summed over. Without "->", the
 * result has the labels that stand once, in alphabetical order. "..." stands for leading axes that all share. Pairs are contracted
 * from left to right, as batched matrix products.
 *
 * @throws TensorError `argument` for an equation that does not fit the tensors, `shape` where a label has two sizes.
 * @example
 * einsum("ij,jk->ik", a, b); // a matrix product
 * einsum("bhqd,bhkd->bhqk", q, k); // the scores of attention
 * einsum("ii->", a); // a trace
 */
export const einsum = composeOp("einsum", {
  check: (equation: string, ...operands: Tensor[]) => ({ operands, ...parse(equation, operands) }),
  build: ({ operands, labels, result, sizes }) => {
    const terms = operands.map((tensor, i) => diagonal({ tensor, labels: labels[i] }, sizes));
    let joined = terms[0];
    for (const [i, term] of terms.slice(1).entries()) {
      const needed = new Set([...result, ...terms.slice(i + 2).flatMap((later) => later.labels)]);
      joined = contract(joined, term, needed, sizes);
    }
    const { tensor, labels: left } = summed(joined, new Set(result));
    return permute(
      tensor,
      result.map((label) => left.indexOf(label)),
    );
  },
  reference: ({ operands, labels, result, sizes }) => {
    const every = [...sizes.keys()];
    const out = new Array<number>(sizeOf(result.map((label) => sizes.get(label)!))).fill(0);
    const space = every.map((label) => sizes.get(label)!);
    for (let i = 0; i < sizeOf(space); i++) {
      const at = coordinatesOf(i, space);
      const flat = (names: readonly string[]) =>
        names.reduce((index, label) => index * sizes.get(label)! + at[every.indexOf(label)], 0);
      out[flat(result)] += operands.reduce((product, x, k) => product * x.values[flat(labels[k])], 1);
    }
    return out;
  },
});

/** A tensor whose axes have labels. */
interface Term {
  tensor: Tensor;
  labels: readonly string[];
}

type Sizes = ReadonlyMap<string, number>;

/** The labels of every operand's axes and of the result's, and the size of each. */
function parse(equation: string, operands: readonly Tensor[]) {
  check(
    typeof equation === "string",
    "argument",
    () => 'einsum: the equation comes first, a text such as "ij,jk->ik"',
  );
  const [left, right, ...more] = equation.replaceAll(" ", "").split("->");
  const sides = left.split(",");
  const fits = [...sides, right ?? ""].every((side) => /^[a-zA-Z]*(\.\.\.)?[a-zA-Z]*$/.test(side));
  check(
    fits && more.length === 0,
    "argument",
    () => `einsum: "${equation}" is no equation; write labels a to z, commas and "->", such as "ij,jk->ik"`,
  );
  check(
    sides.length === operands.length,
    "argument",
    () => `einsum: "${equation}" names ${sides.length} tensors and ${operands.length} were given`,
  );
  const sizes = new Map<string, number>();
  let shared = 0;
  const labels = sides.map((side, i) => {
    const { shape } = operands[i];
    const [before, after] = side.split("...");
    const named = before.length + (after?.length ?? 0);
    const spread = after === undefined ? 0 : shape.length - named;
    check(
      spread >= 0 && named + spread === shape.length,
      "argument",
      () => `einsum: "${side}" does not name the axes of tensor ${i}, ${formatShape(shape)}`,
    );
    shared = Math.max(shared, spread);
    const own = [...before, ...sharedLabels(spread), ...(after ?? "")];
    for (const [axis, label] of own.entries()) {
      const known = sizes.get(label);
      check(
        known === undefined || known === shape[axis],
        "shape",
        () => `einsum: label ${label} of "${equation}" is ${known} and, in tensor ${i}, ${shape[axis]}`,
      );
      sizes.set(label, shape[axis]);
    }
    return own;
  });
  const result =
    right === undefined
      ? [...sharedLabels(shared), ...once(labels.flat())]
      : right.split("...").flatMap((part, i) => [...(i === 1 ? sharedLabels(shared) : []), ...part]);
  check(
    result.every((label) => sizes.has(label)) && new Set(result).size === result.length,
    "argument",
    () => `einsum: the result "${right}" must name labels of the tensors, each once`,
  );
  return { labels, result, sizes: sizes as Sizes };
}

/** Labels for axes that "..." stands for, counted from the last. */
const sharedLabels = (count: number): string[] => Array.from({ length: count }, (_, i) => `${count - i}`);

/** Letters that stand once, in alphabetical order. */
const once = (labels: readonly string[]): string[] =>
  labels.filter((label) => /[a-zA-Z]/.test(label) && labels.filter((l) => l === label).length === 1).sort();

/** The diagonal where a term names a label twice. */
function diagonal(term: Term, sizes: Sizes): Term {
  const twice = term.labels.find((label, axis) => term.labels.indexOf(label) !== axis);
  if (twice === undefined) return term;
  const [first, second] = [
    term.labels.indexOf(twice),
    term.labels.indexOf(twice, term.labels.indexOf(twice) + 1),
  ];
  const others = [...term.labels.keys()].filter((axis) => axis !== first && axis !== second);
  const moved = permute(term.tensor, [...others, first, second]);
  const n = sizes.get(twice)!;
  const rest = others.map((axis) => term.labels[axis]);
  const lead = rest.map((label) => sizes.get(label)!);
  const flat = reshape(moved, [sizeOf(lead), n * n]);
  const taken = reshape(slice(flat, [null, [0, n * n, n + 1]]), [...lead, n]);
  return diagonal({ tensor: taken, labels: [...rest, twice] }, sizes);
}

/** Sums over labels that nothing needs any more. */
function summed({ tensor, labels }: Term, needed: ReadonlySet<string>): Term {
  const axes = labels.flatMap((label, axis) => (needed.has(label) ? [] : [axis]));
  if (axes.length === 0) return { tensor, labels };
  return { tensor: sum(tensor, axes), labels: labels.filter((label) => needed.has(label)) };
}

/** Multiplies two terms and sums over the labels that nothing else needs: a batched matrix product. */
function contract(a0: Term, b0: Term, needed: ReadonlySet<string>, sizes: Sizes): Term {
  const a = summed(a0, new Set([...needed, ...b0.labels]));
  const b = summed(b0, new Set([...needed, ...a0.labels]));
  const both = a.labels.filter((label) => b.labels.includes(label));
  const batch = both.filter((label) => needed.has(label));
  const inner = both.filter((label) => !needed.has(label));
  const rows = a.labels.filter((label) => !both.includes(label));
  const columns = b.labels.filter((label) => !both.includes(label));
  const size = (labels: readonly string[]) => sizeOf(labels.map((label) => sizes.get(label)!));
  const [k, m, n] = [size(inner), size(rows), size(columns)];
  const lead = batch.length > 0 ? [size(batch)] : [];
  const arranged = ({ tensor, labels }: Term, order: readonly string[], shape: number[]) =>
    reshape(
      permute(
        tensor,
        order.map((label) => labels.indexOf(label)),
      ),
      [...lead, ...shape],
    );
  const left = arranged(a, [...batch, ...rows, ...inner], inner.length > 0 ? [m, k] : [m, 1]);
  const labels = [...batch, ...rows, ...columns];
  const shape = labels.map((label) => sizes.get(label)!);
  if (inner.length === 0) {
    return { tensor: reshape(mul(left, arranged(b, [...batch, ...columns], [1, n])), shape), labels };
  }
  // The order that needs no copy: a product takes its right operand either way.
  const across = [...batch, ...columns, ...inner];
  const transposed = across.every((label, axis) => label === b.labels[axis]);
  const right = transposed
    ? arranged(b, across, [n, k])
    : arranged(b, [...batch, ...inner, ...columns], [k, n]);
  return { tensor: reshape(matmul(left, right, { transposeB: transposed }), shape), labels };
}
