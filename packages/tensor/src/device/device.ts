import { check, TensorError } from "../errors.js";
import type { Kernel } from "../kernels/kernel.js";
import type { Tuning } from "../kernels/tuning.js";
import type { Caps } from "./caps.js";
import { CommandRecorder, type Grid, SUBMIT_AT, type UniformValues } from "./commands.js";
import { faultOf } from "./fault.js";
import { Pace } from "./pace.js";
import { PipelineCache } from "./pipelines.js";
import { BufferPool, type PooledBuffer, placeholderBuffer } from "./pool.js";
import { Readback } from "./readback.js";
import { type Trace, Tracer } from "./trace.js";
import { needsWaiter, Waiter } from "./wait.js";

/** Memory a device holds now, in bytes of storage buffers; uniform and staging buffers are not counted. */
export interface MemoryReport {
  tensors: number;
  bytes: number;
  pooledBytes: number;
  peakBytes: number;
}

/** A device's counters since it was opened. */
export interface DeviceStats {
  dispatches: number;
  submits: number;
  allocations: number;
  /** Kernels that were compiled. */
  pipelines: number;
  /** Kernels that are being compiled ahead of their use. */
  compiling: number;
}

/** A GPU device: its buffers, its compiled kernels and the commands being recorded. Made by `openDevice`. */
export class Device {
  readonly caps: Caps;
  /** Tiles that `tuneProducts` measured as fastest; plans look them up. */
  readonly tuning: Tuning = new Map();
  /** How much arithmetic it takes at once; `measurePace` measures it. */
  readonly pace: Pace;
  readonly #gpu: GPUDevice;
  readonly #pool: BufferPool;
  readonly #pipelines: PipelineCache;
  readonly #commands: CommandRecorder;
  readonly #readback: Readback;
  readonly #waiter: Waiter | null;
  #fault: TensorError | null = null;
  #closed = false;
  /** Kernels collected while `prepare` runs a function; nothing is dispatched meanwhile. */
  #planned: Kernel[] | null = null;
  #submitting: Promise<void> | null = null;
  /** Live tensors; counted by `Tensor`. */
  tensorCount = 0;

  constructor(gpu: GPUDevice, caps: Caps, poolBytes: number) {
    this.#gpu = gpu;
    this.caps = caps;
    this.#pool = new BufferPool(gpu, poolBytes, caps);
    this.#pipelines = new PipelineCache(gpu, caps.software);
    this.#readback = new Readback(gpu);
    this.#waiter = needsWaiter(caps.software) ? new Waiter() : null;
    this.pace = new Pace(caps.software);
    this.#commands = new CommandRecorder(gpu, this.#pipelines, this.pace, () => this.#pool.destroyRetired());
    Device.#listen(gpu, new WeakRef(this));
  }

  /**
   * Runs a kernel on buffers in the order of its reads, then its writes. An empty grid runs nothing. `flop` is its arithmetic, for
   * traces and for how much is submitted at once.
   */
  dispatch(
    kernel: Kernel,
    buffers: readonly PooledBuffer[],
    uniforms: UniformValues,
    grid: Grid,
    flop = 0,
  ): void {
    this.#ensure();
    if (grid[0] === 0 || grid[1] === 0 || grid[2] === 0) return;
    const limit = this.caps.maxWorkgroupsPerDimension;
    check(
      grid.every((n) => n <= limit),
      "limit",
      () =>
        `${kernel.name}: a grid of ${grid.join(" x ")} is above ${limit} workgroups; split the batch along its first axis`,
    );
    for (const [i, pooled] of buffers.entries()) {
      check(pooled.bytes <= this.caps.maxBindingBytes, "limit", () => {
        const name = [...kernel.reads, ...kernel.writes][i];
        return (
          `${kernel.name}: ${name} takes ${pooled.bytes} bytes and this adapter binds at most ` +
          `${this.caps.maxBindingBytes}; split it along its first axis (split, then concat)`
        );
      });
    }
    if (this.#planned) this.#planned.push(kernel);
    else this.#commands.dispatch(kernel, buffers, uniforms, grid, flop);
  }

  allocate(bytes: number): PooledBuffer {
    this.#ensure();
    return this.#planned ? placeholderBuffer(bytes) : this.#pool.take(bytes);
  }

  release(entry: PooledBuffer): void {
    if (!this.#closed) this.#pool.give(entry);
  }

  write(to: PooledBuffer, offset: number, bytes: Uint8Array): void {
    this.#ensure();
    if (!this.#planned) this.#commands.write(to, offset, bytes);
  }

  copy(from: PooledBuffer, fromOffset: number, to: PooledBuffer, toOffset: number, bytes: number): void {
    this.#ensure();
    if (bytes > 0 && !this.#planned) this.#commands.copy(from, fromOffset, to, toOffset, bytes);
  }

  /** Reads bytes back to the host: submits once for all reads requested in the same turn, and waits for the GPU. */
  async read(from: PooledBuffer, bytes: number): Promise<ArrayBuffer> {
    this.#ensure();
    const copy = (to: GPUBuffer, at: number, size: number) => this.#commands.copy(from, 0, to, at, size);
    try {
      const data = await this.#readback.read(bytes, copy, (map) => this.#wait(this.#submitSoon().then(map)));
      this.#ensure();
      return data;
    } catch (cause) {
      // The cause may be reported just after the read fails.
      await new Promise((resolve) => setTimeout(resolve));
      this.#ensure();
      throw new TensorError("device-lost", "reading from the GPU failed; open a new device and load again", {
        cause,
      });
    }
  }

  /** Submits once for all that was asked for in this turn. */
  #submitSoon(): Promise<void> {
    this.#submitting ??= Promise.resolve().then(() => {
      this.#submitting = null;
      this.#readback.seal();
      this.flush();
    });
    return this.#submitting;
  }

  /** Submits the commands recorded so far without waiting. */
  flush(): void {
    this.#ensure();
    this.#commands.flush();
  }

  /** Submits and waits until the GPU has done everything. */
  async sync(): Promise<void> {
    this.flush();
    await this.#wait(this.#gpu.queue.onSubmittedWorkDone());
    this.#ensure();
  }

  /** Compiles kernels in parallel before their first use. */
  async compile(kernels: readonly Kernel[]): Promise<void> {
    this.#ensure();
    try {
      await this.#wait(this.#pipelines.compile(kernels));
    } catch (cause) {
      this.#ensure();
      throw faultOf(cause as Error, this.#pool.liveBytes);
    }
  }

  /**
   * Compiles all kernels that a function would run, in parallel and without running any, so that its first real run waits
   * for none. The function's tensors take no memory and hold no values; it must free them.
   *
   * @example
   * await device.prepare(() => scope(() => void model.forward(zeros(device, [8, 3, 224, 224]))));
   */
  async prepare(run: () => void): Promise<void> {
    this.#ensure();
    const planned: Kernel[] = [];
    this.#planned = planned;
    try {
      run();
    } finally {
      this.#planned = null;
    }
    await this.compile(planned);
  }

  /**
   * Counts all work from now on and, where the adapter has timestamps, times each dispatch. Costs nothing while no trace
   * is under way.
   *
   * @throws TensorError `argument` while another trace is under way.
   * @example
   * const trace = device.trace();
   * // ... work ...
   * for (const { kernel, calls, ms } of (await trace.stop()).kernels) console.log(kernel, calls, ms);
   */
  trace(): Trace {
    this.flush();
    check(!this.#commands.tracer, "argument", () => "trace: one is under way; stop it first");
    const tracer = new Tracer(this.#gpu, this.caps.timestamps, SUBMIT_AT);
    this.#commands.tracer = tracer;
    this.#pool.tracedPeak = this.#pool.liveBytes + this.#pool.idleBytes;
    const before = this.stats;
    return {
      stop: async () => {
        this.flush();
        this.#commands.tracer = null;
        const now = this.stats;
        const counters = {
          dispatches: now.dispatches - before.dispatches,
          submits: now.submits - before.submits,
          allocations: now.allocations - before.allocations,
          peakBytes: this.#pool.tracedPeak,
        };
        const report = await this.#wait(tracer.finish(counters));
        this.#ensure();
        return report;
      },
    };
  }

  memory(): MemoryReport {
    const { liveBytes, idleBytes, peakBytes } = this.#pool;
    return { tensors: this.tensorCount, bytes: liveBytes, pooledBytes: idleBytes, peakBytes };
  }

  get stats(): DeviceStats {
    const { dispatches, submits } = this.#commands;
    const { size: pipelines, pending: compiling } = this.#pipelines;
    return { dispatches, submits, allocations: this.#pool.allocations, pipelines, compiling };
  }

  /** Frees every idle buffer of the pool. */
  trim(): void {
    this.flush();
    this.#commands.trim();
    this.#readback.trim();
    this.#pool.trim();
  }

  /** Closes the device. Its tensors can no longer be read. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#commands.destroy();
    this.#readback.close();
    this.#pool.trim();
    this.#gpu.destroy();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  toString(): string {
    const { tensors, bytes } = this.memory();
    return `Device(${this.caps.name}, ${this.#closed ? "closed" : `${tensors} tensors, ${bytes} bytes`})`;
  }

  /** What Node's `console.log` shows. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }

  /**
   * Remembers the first fault of an open device. Listeners live as long as the GPU's own objects, which outlive a closed device, so they
   * must not hold it: no function of the constructor's may be among them, since those share what any of them sees.
   */
  static #listen(gpu: GPUDevice, held: WeakRef<Device>): void {
    const fail = (describe: (device: Device) => TensorError): void => {
      const device = held.deref();
      if (device && !device.#closed) device.#fault ??= describe(device);
    };
    // Errors arrive in order: that of a command is reported before a read that waits for it resolves.
    gpu.addEventListener("uncapturederror", (event) => {
      event.preventDefault();
      fail((device) => faultOf(event.error, device.#pool.liveBytes));
    });
    gpu.lost.then((info) => {
      const reason = info.message.split("\n")[0] || info.reason;
      const message = `the GPU device was lost (${reason}); open a new device and load again`;
      fail(() => new TensorError("device-lost", message));
    });
  }

  #wait<T>(promise: Promise<T>): Promise<T> {
    return this.#waiter ? this.#waiter.wait(promise) : promise;
  }

  #ensure(): void {
    check(!this.#closed, "closed", () => "the device was closed; open another with openDevice()");
    if (this.#fault) throw this.#fault;
  }
}
