import { check } from "../errors.js";
import type { Caps } from "./caps.js";

/** The values of GPUBufferUsage, fixed by the WebGPU specification; Node has no such global. */
export const USAGE = {
  MAP_READ: 0x1,
  MAP_WRITE: 0x2,
  COPY_SRC: 0x4,
  COPY_DST: 0x8,
  UNIFORM: 0x40,
  STORAGE: 0x80,
  QUERY_RESOLVE: 0x200,
} as const;

/** A pooled GPU buffer; `epoch` is the command batch that last used it. */
export interface PooledBuffer {
  /** Unique per device and never reused. */
  readonly id: number;
  readonly buffer: GPUBuffer;
  readonly bytes: number;
  /** Bytes that its current user requested. */
  used: number;
  epoch: number;
  /** Set on buffers without memory, used while kernels are planned. */
  readonly placeholder?: true;
}

/** A buffer without memory, given out while `prepare` runs nothing. */
export function placeholderBuffer(bytes: number): PooledBuffer {
  return {
    id: -1,
    buffer: null as unknown as GPUBuffer,
    bytes: sizeClass(bytes),
    used: bytes,
    epoch: -1,
    placeholder: true,
  };
}

export type PoolLimits = Pick<Caps, "maxBindingBytes" | "maxBufferBytes">;

/**
 * Storage buffers, reused by size class, with at most `cap` bytes idle. A buffer given back may be taken again at once,
 * since commands run in the order recorded. Of the idle ones the oldest is taken, whatever the order in which they were given back, so that
 * work that repeats finds its buffers again, and with them their bind groups.
 */
export class BufferPool {
  readonly #device: GPUDevice;
  readonly #limits: PoolLimits;
  /** By size, the oldest last. */
  readonly #idle = new Map<number, PooledBuffer[]>();
  readonly #retired: GPUBuffer[] = [];
  cap: number;
  idleBytes = 0;
  liveBytes = 0;
  peakBytes = 0;
  /** Peak bytes since the current trace began. */
  tracedPeak = 0;
  allocations = 0;

  constructor(device: GPUDevice, cap: number, limits: PoolLimits) {
    this.#device = device;
    this.cap = cap;
    this.#limits = limits;
  }

  take(bytes: number): PooledBuffer {
    const { maxBindingBytes, maxBufferBytes } = this.#limits;
    check(
      bytes <= wholeWords(maxBufferBytes),
      "limit",
      () =>
        `buffer of ${bytes} bytes is above this adapter's limit of ${maxBufferBytes}; split the tensor along its first axis`,
    );
    const size = sizeClass(bytes, [maxBindingBytes, maxBufferBytes]);
    const list = this.#idle.get(size);
    let entry = list?.pop();
    if (entry) this.idleBytes -= size;
    else {
      const id = this.allocations++;
      const usage = USAGE.STORAGE | USAGE.COPY_SRC | USAGE.COPY_DST;
      const buffer = this.#device.createBuffer({ size, usage });
      entry = { id, buffer, bytes: size, used: bytes, epoch: -1 };
    }
    entry.used = bytes;
    this.liveBytes += size;
    this.peakBytes = Math.max(this.peakBytes, this.liveBytes + this.idleBytes);
    this.tracedPeak = Math.max(this.tracedPeak, this.liveBytes + this.idleBytes);
    return entry;
  }

  give(entry: PooledBuffer): void {
    if (entry.placeholder) return;
    this.liveBytes -= entry.bytes;
    if (this.idleBytes + entry.bytes > this.cap) {
      this.#retired.push(entry.buffer);
      return;
    }
    const list = this.#idle.get(entry.bytes) ?? [];
    const younger = list.findLastIndex(({ id }) => id > entry.id);
    list.splice(younger + 1, 0, entry);
    this.#idle.set(entry.bytes, list);
    this.idleBytes += entry.bytes;
  }

  /** Frees buffers given back above the cap. Only right after a submit: recorded commands may still use them. */
  destroyRetired(): void {
    for (const buffer of this.#retired) buffer.destroy();
    this.#retired.length = 0;
  }

  /** Frees every idle buffer. Only right after a submit, as `destroyRetired`. */
  trim(): void {
    for (const list of this.#idle.values()) for (const entry of list) entry.buffer.destroy();
    this.#idle.clear();
    this.idleBytes = 0;
    this.destroyRetired();
  }
}

/**
 * Rounds up to 256 bytes, and above 4 KiB to a sixteenth of the next power of two, which wastes at most 12.5%. A size
 * within a limit is never rounded above it.
 */
export function sizeClass(bytes: number, limits: readonly number[] = []): number {
  const step = bytes <= 4096 ? 256 : 2 ** (Math.ceil(Math.log2(bytes)) - 4);
  const rounded = Math.max(256, Math.ceil(bytes / step) * step);
  const limit = limits.map(wholeWords).find((max) => bytes <= max);
  return Math.min(rounded, limit ?? rounded);
}

/** Storage buffers are bound in whole words of four bytes. */
const wholeWords = (bytes: number): number => bytes - (bytes % 4);
