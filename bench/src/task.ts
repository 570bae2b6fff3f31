/** The sizes of each kind of work that libraries are compared at. */
export interface Tasks {
  /** x [m, k] times a weight [k, n]. */
  gemm: { m: number; k: number; n: number };
  /**
   * softmax(q k^T / sqrt(width)) v, `heads` heads of `width`, over `tokens`; `plain`: of the library's plain operators, where it also
   * has one for the whole.
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
  /** Image files scored from decoding to the score, against K prompts already encoded. */
  score: { model: string; images: readonly string[]; prompts: readonly string[] };
  /** One step of the optimizer on stored features; `remembered`: the pairs of images have been compared before. */
  trainStep: { model: string; batch: number; shots: number; remembered: boolean };
  /** Images encoded into an empty cache on disk. */
  cacheFill: { model: string; images: readonly string[] };
  /** The image tower `model` at another image size. */
  resizedTower: { model: string; imageSize: number };
  /** Multiply-adds in registers, no memory: what the adapter's arithmetic can do at most. */
  fma: { megaflops: number };
  /** Bytes copied from one buffer to another, by the queue's own command or by a kernel. */
  copy: { bytes: number; by: "command" | "kernel" };
}

export type TaskName = keyof Tasks;

/** Work on a device, its operands already there. */
export interface Prepared {
  /** Does the work that many times over and waits until the device has done the last. */
  run(times: number): Promise<void>;
  /** The result's values; without it there is nothing to compare. */
  output?(): Promise<Float32Array>;
  /** Billions of operations or of bytes that a run really does, where the device decides. */
  work?: number;
  memory?(): Memory | Promise<Memory>;
  dispose(): void | Promise<void>;
}

/** Bytes on the device: of the operands, and of all that running needs besides. */
export interface Memory {
  operands: number;
  working: number;
}

/** How a library does each of the tasks it knows. */
export interface Peer {
  tasks: { [Name in TaskName]?: (sizes: Tasks[Name]) => Promise<Prepared> };
}
