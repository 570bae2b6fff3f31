import { USAGE } from "./pool.js";

/** Bytes of one staging buffer, and how many there are at most: what a loader keeps on its way twice over. */
const CHUNK_BYTES = 4 * 2 ** 20;
const CHUNKS = 8;

/** Writes below this go through the queue, whose own staging serves small ones well. */
const STAGED_FROM = 256 * 2 ** 10;

/**
 * Mapped buffers that large writes pass through, used again and again: the queue's own staging is fresh memory for each
 * large write, and the first touch of a page costs more than copying it.
 */
export class Staging {
  readonly #device: GPUDevice;
  /** Mapped, to be written. */
  readonly #ready: GPUBuffer[] = [];
  /** Filled, with the copy out of them recorded. */
  #filled: GPUBuffer[] = [];
  #made = 0;
  /** Counts trims: what was on its way at one is destroyed when it comes back. */
  #generation = 0;

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /**
   * Fills chunks from `bytes` and has each copied by `copy`.
   *
   * @returns bytes taken: fewer than all where every chunk is on its way.
   */
  fill(bytes: Uint8Array, copy: (chunk: GPUBuffer, offset: number, bytes: number) => void): number {
    if (bytes.byteLength < STAGED_FROM) return 0;
    let done = 0;
    while (done < bytes.byteLength) {
      const chunk = this.#ready.pop() ?? this.#make();
      if (!chunk) break;
      const part = bytes.subarray(done, done + CHUNK_BYTES);
      new Uint8Array(chunk.getMappedRange(0, part.byteLength)).set(part);
      chunk.unmap();
      this.#filled.push(chunk);
      copy(chunk, done, part.byteLength);
      done += part.byteLength;
    }
    return done;
  }

  /** To be called right after each submit: chunks come back when the GPU has read them. */
  submitted(): void {
    const generation = this.#generation;
    for (const chunk of this.#filled) {
      chunk.mapAsync(MAP_MODE_WRITE).then(
        () => {
          if (generation === this.#generation) this.#ready.push(chunk);
          else chunk.destroy();
        },
        // The device is lost or closed, which others report.
        () => {},
      );
    }
    this.#filled = [];
  }

  /** Frees all chunks; only right after a submit. */
  trim(): void {
    for (const chunk of this.#ready) chunk.destroy();
    this.#ready.length = 0;
    this.#made = 0;
    this.#generation++;
  }

  #make(): GPUBuffer | null {
    if (this.#made === CHUNKS) return null;
    this.#made++;
    const usage = USAGE.MAP_WRITE | USAGE.COPY_SRC;
    return this.#device.createBuffer({ size: CHUNK_BYTES, usage, mappedAtCreation: true });
  }
}

/** GPUMapMode.WRITE, fixed by the specification. */
const MAP_MODE_WRITE = 2;
