import { type Operand, queriesAndBanks } from "../data.js";
import type { Peer, Prepared } from "../task.js";
import { browserlike, load } from "./dawn.js";

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
interface Tf extends Record<"add" | "sub" | "mul", (a: TfTensor, b: TfTensor | number) => TfTensor> {
  setBackend(name: string): Promise<boolean>;
  ready(): Promise<void>;
  tensor(values: Float32Array, shape: readonly number[]): TfTensor;
  matMul(a: TfTensor, b: TfTensor, transposeA?: boolean, transposeB?: boolean): TfTensor;
  softmax(x: TfTensor): TfTensor;
  max(x: TfTensor, axis: number): TfTensor;
  moments(x: TfTensor, axis: number, keepDims: boolean): { mean: TfTensor; variance: TfTensor };
  rsqrt(x: TfTensor): TfTensor;
  transpose(x: TfTensor, order: number[]): TfTensor;
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
    gemm: async (_, operands) => prepared(upload(operands), ([a, b]) => tf.matMul(a, b)),

    attention: async ({ width }, operands) => {
      const byHead = (x: TfTensor) => tf.transpose(x, [1, 0, 2]);
      const scale = 1 / Math.sqrt(width);
      return prepared(
        tf.tidy(() => upload(operands).map(byHead)),
        ([q, k, v]) => tf.matMul(tf.softmax(tf.mul(tf.matMul(q, k, false, true), scale)), v),
        byHead,
      );
    },

    layernorm: async (_, operands) =>
      prepared(upload(operands), ([x, weight, bias]) => {
        const { mean, variance } = tf.moments(x, -1, true);
        const unit = tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, 1e-5)));
        return tf.add(tf.mul(unit, weight), bias);
      }),

    softmax: async (_, operands) => prepared(upload(operands), ([x]) => tf.softmax(x)),

    nearest: async (_, operands) =>
      prepared(upload(operands), (pairs) => {
        const [queries, banks] = queriesAndBanks(pairs);
        return tf.concat(queries.map((query, i) => tf.max(tf.matMul(query, banks[i], false, true), -1)));
      }),
  },
};

const upload = (operands: Operand[]): TfTensor[] =>
  operands.map(({ values, shape }) => tf.tensor(values, shape));

/** @param arrange brings a result into the order in which results are compared. */
function prepared(
  held: TfTensor[],
  op: (held: TfTensor[]) => TfTensor,
  arrange = (result: TfTensor) => result,
): Prepared {
  const operands = 4 * held.reduce((sum, { size }) => sum + size, 0);
  return {
    async run(times) {
      for (let i = 0; i < times; i++) tf.tidy(() => op(held)).dispose();
      const backend = tf.backend();
      if (backend.commandEncoder) {
        backend.endComputePassEncoder();
        backend.submitQueue();
      }
      await backend.queue.onSubmittedWorkDone();
    },
    async output() {
      const result = tf.tidy(() => arrange(op(held)));
      const values = await result.data();
      result.dispose();
      return values;
    },
    async memory() {
      const before = tf.memory().numBytes;
      let made: TfTensor | undefined;
      const { peakBytes } = await tf.profile(() => {
        made = op(held);
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
