import { type Operand, queriesAndBanks } from "../data.js";
import type { Peer, Prepared } from "../task.js";
import { browserlike, load } from "./dawn.js";

/** An array that a function consumes unless it is given its `ref`. */
interface JaxArray {
  readonly ref: JaxArray;
  reshape(shape: readonly number[]): JaxArray;
  add(other: JaxArray): JaxArray;
  mul(other: JaxArray): JaxArray;
  transpose(): JaxArray;
  blockUntilReady(): Promise<JaxArray>;
  data(): Promise<Float32Array>;
  dispose(): void;
}
type Op = (...operands: JaxArray[]) => JaxArray;

/** The part of jax-js that is used here. */
interface Jax {
  init(device: string): Promise<string[]>;
  defaultDevice(device: string): string;
  jit(op: Op): Op;
  numpy: {
    array(values: Float32Array): JaxArray;
    matmul(a: JaxArray, b: JaxArray): JaxArray;
    max(x: JaxArray, axis: number): JaxArray;
    concatenate(parts: JaxArray[]): JaxArray;
  };
  nn: {
    dotProductAttention(q: JaxArray, k: JaxArray, v: JaxArray): JaxArray;
    standardize(x: JaxArray, axis: number, options: { epsilon: number }): JaxArray;
    softmax(x: JaxArray, axis: number): JaxArray;
  };
}

await browserlike();
addIteratorHelpers();
const jax = await load<Jax>("@jax-js/jax");
if (!(await jax.init("webgpu")).includes("webgpu")) throw new Error("jax-js has no webgpu device here");
jax.defaultDevice("webgpu");
const { numpy: np, nn } = jax;

/** jax-js, each task as one jitted function. */
export const peer: Peer = {
  tasks: {
    gemm: async (_, operands) => prepared(operands, (a, b) => np.matmul(a, b)),
    attention: async (_, operands) => prepared(operands, (q, k, v) => nn.dotProductAttention(q, k, v)),
    layernorm: async (_, operands) =>
      prepared(operands, (x, weight, bias) => nn.standardize(x, -1, { epsilon: 1e-5 }).mul(weight).add(bias)),
    softmax: async (_, operands) => prepared(operands, (x) => nn.softmax(x, -1)),
    nearest: async (_, operands) =>
      prepared(operands, (...pairs) => {
        const [queries, banks] = queriesAndBanks(pairs);
        return np.concatenate(queries.map((query, i) => np.max(np.matmul(query, banks[i].transpose()), -1)));
      }),
  },
};

function prepared(operands: Operand[], op: Op): Prepared {
  const held = operands.map(({ values, shape }) => np.array(values).reshape(shape));
  const jitted = jax.jit(op);
  const once = () => jitted(...held.map((each) => each.ref));
  return {
    async run(times) {
      // Kept until the end: a result that is disposed before it is needed is never computed.
      const results = Array.from({ length: times }, once);
      for (const result of results) await result.blockUntilReady();
      for (const result of results) result.dispose();
    },
    output: () => once().data(),
    dispose() {
      for (const each of held) each.dispose();
    },
  };
}

/** Iterator helpers that browsers and Node 22 have, and Node 20 lacks. */
function addIteratorHelpers(): void {
  const prototype = Object.getPrototypeOf(Object.getPrototypeOf([].values())) as Record<string, unknown>;
  prototype.map ??= function (this: Iterable<unknown>, to: (value: unknown) => unknown) {
    return [...this].map(to).values();
  };
  prototype.filter ??= function (this: Iterable<unknown>, keep: (value: unknown) => boolean) {
    return [...this].filter(keep).values();
  };
  prototype.toArray ??= function (this: Iterable<unknown>) {
    return [...this];
  };
}
