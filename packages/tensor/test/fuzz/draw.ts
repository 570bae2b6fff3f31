import type { Device } from "../../src/device/device.js";
import { TensorError } from "../../src/errors.js";
import { type Shape, sizeOf } from "../../src/shape.js";
import { generator } from "../support.js";
import { Graph, type Leaf, type Ref } from "./graph.js";
import { MAKERS, type Maker, OPS } from "./makers.js";

/* Random graphs over the table of ops, at boundary sizes and with the values at which formulas break. */

/** Larger values cost more digits than float32 has to compare with differences. */
const MAX_VALUE = 50;

/** What makers draw from: sizes, leaves, and the values so far. */
export class Draw {
  readonly graph = new Graph();
  readonly #next: () => number;
  readonly #floats: Ref[] = [];

  constructor(seed: number) {
    this.#next = generator(seed);
  }

  /** From `low` to `high`, both included. */
  int(low: number, high: number): number {
    return low + Math.floor(this.#next() * (high - low + 1));
  }
  flip = (): boolean => this.#next() < 0.5;
  one = <T>(list: readonly T[]): T => list[this.int(0, list.length - 1)];
  /** A size: most often 1 to 5, seldom 0 or about two vectors. */
  size = (): number => this.one([0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 8, 9].slice(this.flip() ? 1 : 0));
  shape = (rank: number): Shape =>
    Array.from({ length: rank }, () => Math.min(this.size(), rank > 2 ? 3 : 9));

  /** Uniform values among which are zeros, ties, and bounds of other ops. */
  leaf(shape: Shape, change: Partial<Leaf> & { draw?: () => number } = {}): Ref {
    const {
      draw = () => (this.flip() ? this.#next() * 3 - 1.5 : this.one([0, 0, 0, 1, -1, 0.5, 2, this.#next()])),
      ...rest
    } = change;
    const values = Array.from({ length: sizeOf(shape) }, () => Math.fround(draw()));
    const ref = this.graph.leaf({ shape, dtype: "float32", values, fixed: false, ...rest });
    if (!rest.fixed) this.#floats.push(ref);
    return ref;
  }
  /** A leaf without ties. At ties the order of the others may change, and with it slopes that lie between no two differences. */
  distinct = (low: number, high: number): Ref =>
    this.leaf(this.shape(this.int(low, high)), { draw: () => this.#next() * 3 - 1.5 });
  /** A leaf of whole numbers below `high`. */
  wholes = (shape: Shape, high: number): Ref =>
    this.leaf(shape, { dtype: "int32", fixed: true, draw: () => this.int(0, Math.max(0, high - 1)) });
  bools = (shape: Shape): Ref => this.leaf(shape, { dtype: "bool", fixed: true, draw: () => this.int(0, 1) });

  /** An earlier value of one of the ranks, or a new leaf. */
  any(...ranks: number[]): Ref {
    const fits = this.#floats.filter(({ shape }) => ranks.length === 0 || ranks.includes(shape.length));
    if (fits.length > 0 && this.#next() < 0.8) return this.one(fits.slice(-4));
    return this.leaf(this.shape(ranks.length === 0 ? this.int(0, 3) : this.one(ranks)));
  }
  /** A value that broadcasts with one of this shape. */
  beside(shape: Shape): Ref {
    const same = this.#floats.filter((ref) => `${ref.shape}` === `${shape}`);
    if (same.length > 0 && this.flip()) return this.one(same);
    return this.leaf(this.flip() ? shape : shape.map((size) => (this.flip() ? 1 : size)));
  }
  axis = ({ shape }: Ref): number => this.int(-shape.length, shape.length - 1);

  /** Adds a step and the leaves that it needs, unless the op refuses it or its values are too large or none. */
  add(device: Device, make: Maker): boolean {
    const [leaves, floats] = [this.graph.leaves.length, this.#floats.length];
    try {
      const drawn = make(this);
      const ref = this.graph.add(device, OPS[drawn[0]], drawn);
      const { values } = this.graph.onHost().get(ref) as { values: ArrayLike<number> };
      // A slope that is infinite times one that is 0 is NaN, as in PyTorch.
      const steep = drawn[0] === "sqrt" && Array.from(values).includes(0);
      if (!steep && Array.from(values).every((v) => Math.abs(v) <= MAX_VALUE)) {
        this.#floats.push(ref);
        return true;
      }
      this.graph.steps.pop();
    } catch (error) {
      if (!(error instanceof TensorError)) throw error;
    }
    this.graph.leaves.length = leaves;
    this.#floats.length = floats;
    return false;
  }
}

/** A graph of up to six steps. Steps are checked on `device`, which need not be the one that it runs on. */
export function drawGraph(device: Device, seed: number): Graph {
  const d = new Draw(seed);
  d.leaf(d.shape(d.int(0, 3)));
  const names = Object.keys(MAKERS);
  for (let added = 0, tries = 0; added < 1 + (seed % 6) && tries < 60; tries++) {
    // Each op in turn begins a graph, so that none is missed.
    const name = added === 0 && tries === 0 ? names[seed % names.length] : d.one(names);
    if (d.add(device, MAKERS[name])) added++;
  }
  return d.graph;
}
