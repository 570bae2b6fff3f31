import { findResNet, pooled, ResNet } from "@inctrl/baselines";
import { buildClip, findConfig, type ModelConfig } from "@inctrl/clip";
import { hashedParameters } from "@inctrl/detect";
import {
  concat,
  type Device,
  layerNorm,
  matmul,
  nearest,
  nn,
  packBank,
  packMatrix,
  reshape,
  scope,
  selfAttention,
  softmax,
  type Tensor,
  tensor,
} from "@inctrl/tensor";
import { copyWork, fmaWork } from "../ceiling.js";
import { type Operand, queriesAndBanks } from "../data.js";
import { openTuned } from "../device.js";
import { RESNET_SIDE } from "../resnets.js";
import type { Peer, Prepared } from "../task.js";
import { resized, SIDES, towerPixels, withParameters } from "../towers.js";
import { methodTasks } from "./methods.js";
import { pipeline } from "./pipeline.js";

/** The state between runs, and one run, which returns its results. */
export interface Work {
  held: readonly { dispose(): void; bytes: number }[];
  once(): readonly Tensor[];
  /** Billions of operations or bytes of a run, where the device decides. */
  work?: number;
}

/** @inctrl/tensor from the sources. Each task gets a device of its own, so that its memory is its own. */
export const peer: Peer = {
  tasks: {
    ...pipeline,
    ...methodTasks,
    fma: (sizes) => prepared((device) => fmaWork(device, sizes)),
    copy: (sizes) => prepared((device) => copyWork(device, sizes)),

    gemm: (_, operands) =>
      operation(operands, ([x, columns]) => {
        const weight = packMatrix(columns);
        return { held: [x, weight], once: () => [matmul(x, weight)] };
      }),

    attention: ({ heads, tokens, width }, operands) =>
      operation(operands, (parts) => {
        // Queries, keys and values side by side for each token, as a fused projection returns them.
        const qkv = reshape(concat(parts, 1), [1, tokens, 3 * heads * width]);
        return { held: [qkv], once: () => [selfAttention(qkv, heads)] };
      }),

    layernorm: (_, operands) =>
      operation(operands, ([x, weight, bias]) => ({
        held: [x, weight, bias],
        once: () => [layerNorm(x, { weight, bias })],
      })),

    softmax: (_, operands) => operation(operands, ([x]) => ({ held: [x], once: () => [softmax(x)] })),

    nearest: (_, operands) =>
      operation(operands, (pairs) => {
        const [queries, others] = queriesAndBanks(pairs);
        const banks = others.map((bank) => packBank(bank));
        const search = (query: Tensor, i: number) => scope(() => nearest(query, banks[i]).similarity);
        return { held: [...queries, ...banks], once: () => queries.map(search) };
      }),

    tower: ({ model, weights }) => tower(findConfig(model), weights),
    windows: ({ model }) => tower(findConfig(model), undefined, SIDES),
    resnet: ({ model }) => resnet(model),
    resizedTower: ({ model, imageSize }) => tower(resized(findConfig(model), imageSize)),
  },
};

const tower = (config: ModelConfig, weights?: string, sides: readonly number[] = []): Promise<Prepared> =>
  prepared(async (device) => {
    const clip = await withParameters(config, weights, (read) =>
      buildClip(device, config, read, { parts: "vision" }),
    );
    const size = config.vision.imageSize;
    const pixels = tensor(device, towerPixels(size), [1, 3, size, size]);
    const run = (vision: typeof clip.vision) => {
      const { features, windows } = vision.forward(pixels, { windows: sides });
      return [features, ...windows];
    };
    return { held: [pixels, clip], once: () => run(clip.vision) };
  });

const resnet = (model: string): Promise<Prepared> =>
  prepared(async (device) => {
    const network = new ResNet(findResNet(model)!).freeze();
    await nn.fill(device, network.namedParameters(), hashedParameters());
    const pixels = tensor(device, towerPixels(RESNET_SIDE), [1, 3, RESNET_SIDE, RESNET_SIDE]);
    const once = () => [scope(() => pooled(network.forward(pixels)[network.depth - 1]))];
    return { held: [pixels, network], once };
  });

const operation = (operands: Operand[], make: (tensors: Tensor[]) => Work): Promise<Prepared> =>
  prepared((device) => scope(() => make(operands.map(({ values, shape }) => tensor(device, values, shape)))));

async function prepared(make: (device: Device) => Work | Promise<Work>): Promise<Prepared> {
  const device = await openTuned();
  const { held, once, work } = await make(device);
  await device.sync();
  // Memory that packing borrowed is no part of a run.
  device.trim();
  const operands = held.reduce((sum, each) => sum + each.bytes, 0);
  return {
    work,
    async run(times) {
      for (let i = 0; i < times; i++) for (const result of once()) result.dispose();
      await device.sync();
    },
    async output() {
      const results = once();
      const values = await Promise.all(results.map(async (each) => [...(await each.data())]));
      for (const each of results) each.dispose();
      return Float32Array.from(values.flat());
    },
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
