import { tensor } from "../../src/create.js";
import type { Device } from "../../src/device/device.js";
import type { DType } from "../../src/dtype.js";
import type { AnyDefinition, Op } from "../../src/ops/define.js";
import type { HostTensor } from "../../src/ops/reference.js";
import { scope } from "../../src/scope.js";
import type { Shape } from "../../src/shape.js";
import { Tensor } from "../../src/tensor.js";
import { listed, replace } from "../ops/check-op.js";

/* A graph of ops as data: run on a device, or in float64 by the references of the ops' definitions. */

/** A value of a graph, by its number: first the leaves, then what each step gives. */
export class Ref {
  readonly id: number;
  readonly shape: Shape;

  constructor(id: number, shape: Shape) {
    this.id = id;
    this.shape = shape;
  }
}

/** What a graph starts from. Gradients are taken by those that are not fixed. */
export interface Leaf extends HostTensor {
  readonly dtype: DType;
  readonly values: readonly number[];
  readonly fixed: boolean;
}

interface Step {
  readonly name: string;
  readonly op: Op<never[], unknown>;
  readonly args: readonly unknown[];
  /** Which of several results. */
  readonly pick: number;
  /** The op's checked call, with a `Ref` for each tensor. */
  readonly call: unknown;
}

/** A step as it is drawn: an op's name, its arguments with `Ref`s where tensors go, and which of several results. */
export type Drawn = readonly [name: string, args: readonly unknown[], pick?: number];

type AnyOp = Op<never[], unknown> & { definition: AnyDefinition };

export class Graph {
  readonly leaves: (Leaf & { readonly ref: Ref })[] = [];
  readonly steps: (Step & { readonly ref: Ref })[] = [];
  #count = 0;

  leaf(leaf: Leaf): Ref {
    const ref = new Ref(this.#count++, leaf.shape);
    this.leaves.push({ ...leaf, ref });
    return ref;
  }

  /** Adds a step, checked on `device`. Throws what the op throws. */
  add(device: Device, op: AnyOp, [name, args, pick = 0]: Drawn): Ref {
    const { shape, call } = scope(() => {
      const made = new Map<Tensor, Ref>();
      const given = replace(args, (value) => {
        if (!(value instanceof Ref)) return value;
        const dtype = this.leaves.find(({ ref }) => ref === value)?.dtype ?? "float32";
        const stand = Tensor.empty(device, value.shape, dtype);
        made.set(stand, value);
        return stand;
      }) as never[];
      const checked = op.definition.check(...given);
      return {
        shape: resultOf(op(...given), pick).shape,
        call: replace(checked, (value) => (value instanceof Tensor ? made.get(value) : value)),
      };
    });
    const ref = new Ref(this.#count++, shape);
    this.steps.push({ name, op, args, pick, call, ref });
    return ref;
  }

  /** Values that no step reads; the loss is of these. */
  ends(): Ref[] {
    const read = new Set<Ref>();
    for (const { args } of this.steps)
      replace(args, (value) => {
        if (value instanceof Ref) read.add(value);
        return value;
      });
    return this.steps.map(({ ref }) => ref).filter((ref) => !read.has(ref));
  }

  /** Every value in float64, where leaf values may be given anew. */
  onHost(changed: ReadonlyMap<Ref, readonly number[]> = new Map()): Map<Ref, HostTensor> {
    const values = new Map<Ref, HostTensor>();
    for (const { ref, shape, values: own } of this.leaves)
      values.set(ref, { shape, values: changed.get(ref) ?? own });
    for (const step of this.steps) this.#referenceOf(step, values);
    return values;
  }

  #referenceOf({ op, call, pick, ref }: Graph["steps"][number], values: Map<Ref, HostTensor>): void {
    const host = replace(call, (value) => (value instanceof Ref ? values.get(value) : value));
    const made = ((op as AnyOp).definition.reference as (call: unknown) => never)(host);
    values.set(ref, { shape: ref.shape, values: listed(made)[pick] });
  }

  /** The ends on a device, from the tensors of the leaves that are not fixed. */
  onDevice(device: Device, free: readonly Tensor[]): Tensor[] {
    const values = new Map<Ref, Tensor>();
    let next = 0;
    for (const leaf of this.leaves) values.set(leaf.ref, leaf.fixed ? put(device, leaf) : free[next++]);
    for (const { op, args, pick, ref } of this.steps) {
      const given = replace(args, (value) => (value instanceof Ref ? values.get(value) : value)) as never[];
      values.set(ref, resultOf(op(...given), pick));
    }
    return this.ends().map((ref) => values.get(ref) as Tensor);
  }

  toString(): string {
    const named = (value: unknown) =>
      JSON.stringify(value, (_, v) =>
        v instanceof Ref ? `#${v.id}[${v.shape}]` : typeof v === "number" && !Number.isFinite(v) ? `${v}` : v,
      );
    const leaves = this.leaves.map(
      ({ ref, dtype, values }) => `#${ref.id} = ${dtype}[${ref.shape}] ${named(values)}`,
    );
    const steps = this.steps.map(({ ref, name, args }) => `#${ref.id} = ${name} ${named(args)}`);
    return [...leaves, ...steps].join("\n");
  }
}

export const put = (device: Device, { values, shape, dtype }: Leaf): Tensor =>
  tensor(device, [...values], shape, dtype);

const resultOf = (made: unknown, pick: number): Tensor =>
  made instanceof Tensor ? made : (Object.values(made as object)[pick] as Tensor);
