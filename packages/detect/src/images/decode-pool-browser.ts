import { type PreparedViews, prepareViews, type Unresized, type ViewOptions } from "./prepared.js";
import { type ImageItem, naming } from "./source.js";

// What bundles for browsers take in place of `decode-pool.ts`, as package.json says: a page computes in one worker, which decodes too.

export const decodeThreads = (_software: boolean): number => 0;

/** Decodes and resizes images in the calling thread. */
export class DecodePool {
  readonly ahead = 1;

  /** @throws ImageError or ClipError where an image cannot be read. */
  async prepare(item: ImageItem, options: ViewOptions): Promise<PreparedViews | Unresized> {
    try {
      return prepareViews(await item.load(), options);
    } catch (error) {
      throw naming(item, error);
    }
  }

  async close(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {}
}
