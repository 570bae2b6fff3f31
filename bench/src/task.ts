import type { Operand } from "./data.js";

/** A method by name, its network, options other than the defaults, and what is timed. */
export interface MethodTask {
  method: string;
  model: string;
  set: Readonly<Record<string, unknown>>;
  image: string;
  prompts: readonly string[];
  part: "image" | "fit";
}

/** The tasks that libraries are compared at, with their sizes. */
export interface Tasks {
  /** x [m, k] times a weight [k, n]. */
  gemm: { m: number; k: number; n: number };
  /**
   * softmax(q k^T / sqrt(width)) v, `heads` heads of `width`, over `tokens`. `plain` uses the library's basic operators even where it
   * has one for all of attention.
   */
  attention: { heads: number; tokens: number; width: number; plain?: boolean };
  /** Over the last axis, with weight and bias. */
  layernorm: { rows: number; n: number };
  /** Over the last axis. */
  softmax: { rows: number; n: number };
  /** The largest cosine of each of `rows` patches over a bank of `bank` others, for each of `blocks` pairs of these. */
  nearest: { rows: number; bank: number; width: number; blocks: number };
  /** The class feature of one image. `onnx` is the same network as a file. */
  tower: { model: string; weights?: string; onnx: string };
  /** The class features of all windows of 2 x 2 and 3 x 3 patches of one image (WinCLIP), and of the image itself. */
  windows: { model: string };
  /** The feature of one image of a ResNet; as `tower`. */
  resnet: { model: string; onnx: string };
  /** Image files scored from decoding to the score, against K prompts already encoded. */
  score: { model: string; images: readonly string[]; prompts: readonly string[] };
  /** An image scored by a method that knows its prompts, or the method fitted to K of them; files both. `regad` is RegAD's network. */
  method: MethodTask;
  /** The loss of CoOp's context and its gradient, the two texts of each class in nano's tower; `whole` runs the context once a text. */
  contextStep: { classes: number; whole: boolean };
  /** One step of the optimizer on stored features; with `remembered`, the pairs of images have been compared before. */
  trainStep: { model: string; batch: number; shots: number; remembered: boolean };
  /** Images encoded into an empty cache on disk. */
  cacheFill: { model: string; images: readonly string[] };
  /** The image tower `model` at another image size. */
  resizedTower: { model: string; imageSize: number };
  /** Multiply-adds in registers without memory access: the ceiling of the adapter's arithmetic. */
  fma: { megaflops: number };
  /** Bytes copied from one buffer to another, by the queue's own command or by a kernel. */
  copy: { bytes: number; by: "command" | "kernel" };
}

export type TaskName = keyof Tasks;

/** A task on a device, with its operands in place. */
export interface Prepared {
  /** Runs the task this many times and waits until the device has finished. */
  run(times: number): Promise<void>;
  /** The values of the result. Without it the result is not compared. */
  output?(): Promise<Float32Array>;
  /** Billions of operations or bytes of a run, where the device decides. */
  work?: number;
  memory?(): Memory | Promise<Memory>;
  dispose(): void | Promise<void>;
}

/** Bytes on the device: of the operands, and of everything else that a run needs. */
export interface Memory {
  operands: number;
  working: number;
}

/** The tasks that a library can do, each with its operands as `data.ts` makes them. */
export interface Peer {
  tasks: { [Name in TaskName]?: (sizes: Tasks[Name], operands: Operand[]) => Promise<Prepared> };
}
