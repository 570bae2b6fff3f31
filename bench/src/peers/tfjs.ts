import { operand, unitRows } from "../data.js";
import type { Peer, Prepared } from "../task.js";
import { browserlike } from "./dawn.js";
import { load } from "./load.js";

interface TfTensor {
  dispose(): void;
  data(): Promise<Float32Array>;
  size: number;
}

interface Backend {
  queue: GPUQueue;
  /** Null between a submission and the next op. */
  commandEncoder: GPUCommandEncoder | null;
  endComputePassEncoder(): void;
  submitQueue(): void;
}

/** The part of tfjs-core that is used here. */
interface Tf {
  setBackend(name: string): Promise<boolean>;
  ready(): Promise<void>;
  tensor(values: Float32Array, shape: number[]): TfTensor;
  matMul(a: TfTensor, b: TfTensor, transposeA?: boolean, transposeB?: boolean): TfTensor;
  softmax(x: TfTensor): TfTensor;
  max(x: TfTensor, axis: number): TfTensor;
  moments(x: TfTensor, axis: number, keepDims: boolean): { mean: TfTensor; variance: TfTensor };
  add(a: TfTensor, b: TfTensor | number): TfTensor;
  sub(a: TfTensor, b: TfTensor): TfTensor;
  mul(a: TfTensor, b: TfTensor | number): TfTensor;
  rsqrt(x: TfTensor): TfTensor;
  concat(parts: TfTensor[]): TfTensor;
  tidy<T>(run: () => T): T;
  profile(run: () => TfTensor): Promise<{ peakBytes: number }>;
  memory(): { numBytes: number };
  backend(): Backend;
}

await browserlike();
const tf = await load<Tf>("@tensorflow/tfjs-core");
await load("@tensorflow/tfjs-backend-webgpu");
if (!(await tf.setBackend("webgpu"))) throw new Error("tfjs has no webgpu backend here");
await tf.ready();

/** tfjs-backend-webgpu, by the ops that its users would write. */
export const peer: Peer = {
  tasks: {
    gemm: async ({ m, k, n }) => {
      const [a, b] = [upload(1, [m, k]), upload(2, [k, n])];
      return prepared([a, b], () => tf.matMul(a, b));
    },

    attention: async ({ heads, tokens, width }) => {
      const [q, k, v] = [1, 2, 3].map((seed) =>
        tf.tensor(byHead(seed, heads, tokens, width), [heads, tokens, width]),
      );
      const scale = 1 / Math.sqrt(width);
      const once = () => tf.matMul(tf.softmax(tf.mul(tf.matMul(q, k, false, true), scale)), v);
      return prepared([q, k, v], once, (values) => byToken(values, heads, tokens, width));
    },

    layernorm: async ({ rows, n }) => {
      const [x, weight, bias] = [upload(1, [rows, n]), upload(2, [n]), upload(3, [n])];
      return prepared([x, weight, bias], () => {
        const { mean, variance } = tf.moments(x, -1, true);
        const unit = tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, 1e-5)));
        return tf.add(tf.mul(unit, weight), bias);
      });
    },

    softmax: async ({ rows, n }) => {
      const x = upload(1, [rows, n]);
      return prepared([x], () => tf.softmax(x));
    },

    nearest: async ({ rows, bank, width, blocks }) => {
      const queries: TfTensor[] = [];
      const banks: TfTensor[] = [];
      for (let i = 0; i < blocks; i++) {
        queries.push(tf.tensor(unitRows(2 * i + 1, rows, width), [rows, width]));
        banks.push(tf.tensor(unitRows(2 * i + 2, bank, width), [bank, width]));
      }
      const search = (q: TfTensor, i: number) => tf.max(tf.matMul(q, banks[i], false, true), -1);
      return prepared([...queries, ...banks], () => tf.concat(queries.map(search)));
    },
  },
};

const upload = (seed: number, shape: number[]): TfTensor =>
  tf.tensor(
    operand(
      seed,
      shape.reduce((a, b) => a * b),
    ),
    shape,
  );

function prepared(
  held: TfTensor[],
  once: () => TfTensor,
  arrange: (values: Float32Array) => Float32Array = (values) => values,
): Prepared {
  const tidy = () => tf.tidy(once);
  const operands = 4 * held.reduce((sum, { size }) => sum + size, 0);
  return {
    async run(times) {
      for (let i = 0; i < times; i++) tidy().dispose();
      const backend = tf.backend();
      if (backend.commandEncoder) {
        backend.endComputePassEncoder();
        backend.submitQueue();
      }
      await backend.queue.onSubmittedWorkDone();
    },
    async output() {
      const result = tidy();
      const values = await result.data();
      result.dispose();
      return arrange(values);
    },
    async memory() {
      const before = tf.memory().numBytes;
      let made: TfTensor | undefined;
      const { peakBytes } = await tf.profile(() => {
        made = once();
        return made;
      });
      made?.dispose();
      return { operands, working: peakBytes - before };
    },
    dispose() {
      for (const each of held) each.dispose();
    },
  };
}

/** Rows of [tokens, heads * width] as [heads, tokens, width]. */
function byHead(seed: number, heads: number, tokens: number, width: number): Float32Array {
  const values = operand(seed, tokens * heads * width);
  const out = new Float32Array(values.length);
  for (let h = 0; h < heads; h++)
    for (let t = 0; t < tokens; t++)
      out.set(
        values.subarray((t * heads + h) * width, (t * heads + h + 1) * width),
        (h * tokens + t) * width,
      );
  return out;
}

/** The inverse: [heads, tokens, width] as [tokens, heads * width]. */
function byToken(values: Float32Array, heads: number, tokens: number, width: number): Float32Array {
  const out = new Float32Array(values.length);
  for (let h = 0; h < heads; h++)
    for (let t = 0; t < tokens; t++)
      out.set(
        values.subarray((h * tokens + t) * width, (h * tokens + t + 1) * width),
        (t * heads + h) * width,
      );
  return out;
}
