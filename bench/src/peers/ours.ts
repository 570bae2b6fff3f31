import { findConfig, type ModelConfig } from "@inctrl/clip";
import {
  type Device,
  layerNorm,
  matmul,
  nearest,
  openDevice,
  packBank,
  packMatrix,
  scope,
  selfAttention,
  softmax,
  type Tensor,
  tensor,
} from "@inctrl/tensor";
import { copyTask, fmaTask } from "../ceiling.js";
import { operand, unitRows } from "../data.js";
import type { Peer, Prepared } from "../task.js";
import { loadTower, resized, towerPixels } from "../towers.js";
import { pipeline } from "./pipeline.js";

/** The state between runs, and one run. */
interface Work {
  held: { dispose(): void; bytes: number }[];
  once(): Tensor;
  /** The values to compare. Default: those of `once`. */
  output?(): Promise<Float32Array>;
}

/** @inctrl/tensor from the sources. Each task gets a device of its own, so that its memory is its own. */
export const peer: Peer = {
  tasks: {
    ...pipeline,
    fma: async (sizes) => fmaTask(await openDevice(), sizes),
    copy: async (sizes) => copyTask(await openDevice(), sizes),

    gemm: ({ m, k, n }) =>
      prepare((device) => {
        const x = tensor(device, operand(1, m * k), [m, k]);
        const weight = scope(() => packMatrix(tensor(device, operand(2, k * n), [k, n])));
        return { held: [x, weight], once: () => matmul(x, weight) };
      }),

    attention: ({ heads, tokens, width }) =>
      prepare((device) => {
        const qkv = tensor(device, fusedQkv(heads, tokens, width), [1, tokens, 3 * heads * width]);
        return { held: [qkv], once: () => selfAttention(qkv, heads) };
      }),

    layernorm: ({ rows, n }) =>
      prepare((device) => {
        const x = tensor(device, operand(1, rows * n), [rows, n]);
        const [weight, bias] = [2, 3].map((seed) => tensor(device, operand(seed, n)));
        return { held: [x, weight, bias], once: () => layerNorm(x, { weight, bias }) };
      }),

    softmax: ({ rows, n }) =>
      prepare((device) => {
        const x = tensor(device, operand(1, rows * n), [rows, n]);
        return { held: [x], once: () => softmax(x) };
      }),

    nearest: ({ rows, bank, width, blocks }) =>
      prepare((device) => {
        const pairs = Array.from({ length: blocks }, (_, i) => ({
          query: tensor(device, unitRows(2 * i + 1, rows, width), [rows, width]),
          bank: scope(() => packBank(tensor(device, unitRows(2 * i + 2, bank, width), [bank, width]))),
        }));
        const search = () => pairs.map((pair) => scope(() => nearest(pair.query, pair.bank).similarity));
        return {
          held: pairs.flatMap((pair) => [pair.query, pair.bank]),
          once: () => {
            const [first, ...rest] = search();
            for (const t of rest) t.dispose();
            return first;
          },
          output: async () => joined(search()),
        };
      }),

    tower: async ({ model, weights }) => tower(findConfig(model), weights),
    resizedTower: async ({ model, imageSize }) => tower(resized(findConfig(model), imageSize)),
  },
};

async function tower(config: ModelConfig, weights?: string): Promise<Prepared> {
  const device = await openDevice();
  const clip = await loadTower(device, config, weights);
  const size = config.vision.imageSize;
  const pixels = tensor(device, towerPixels(size), [1, 3, size, size]);
  return prepared(device, { held: [pixels, clip], once: () => clip.vision.forward(pixels).features });
}

async function prepare(make: (device: Device) => Work): Promise<Prepared> {
  const device = await openDevice();
  return prepared(device, make(device));
}

async function prepared(device: Device, { held, once, output }: Work): Promise<Prepared> {
  await device.sync();
  // Memory that packing borrowed is no part of a run.
  device.trim();
  const operands = held.reduce((sum, each) => sum + each.bytes, 0);
  return {
    async run(times) {
      for (let i = 0; i < times; i++) once().dispose();
      await device.sync();
    },
    output: output ?? (async () => joined([once()])),
    memory() {
      const { bytes, pooledBytes } = device.memory();
      return { operands, working: bytes + pooledBytes - operands };
    },
    dispose() {
      for (const each of held) each.dispose();
      device.close();
    },
  };
}

/** Concatenates the values of tensors and frees them. */
async function joined(tensors: Tensor[]): Promise<Float32Array> {
  const values = await Promise.all(tensors.map(async (t) => [...(await t.data())]));
  for (const t of tensors) t.dispose();
  return Float32Array.from(values.flat());
}

/** Queries, keys and values side by side for each token, as a fused projection returns them. */
function fusedQkv(heads: number, tokens: number, width: number): Float32Array {
  const inner = heads * width;
  const out = new Float32Array(3 * tokens * inner);
  for (const part of [0, 1, 2]) {
    const values = operand(part + 1, tokens * inner);
    for (let t = 0; t < tokens; t++)
      out.set(values.subarray(t * inner, (t + 1) * inner), (3 * t + part) * inner);
  }
  return out;
}
