import { corrupt } from "./limits.js";

// What bundles for browsers take in place of `inflate.ts`, as package.json says.

/** What the parts of a PNG's pixels inflate to, piece by piece. @throws ImageError `corrupt`: browsers do not tell an early end from damage. */
export async function* inflated(parts: readonly Uint8Array[], label: string): AsyncGenerator<Uint8Array> {
  const packed = new Blob(parts as Uint8Array<ArrayBuffer>[]).stream();
  const reader = packed.pipeThrough(new DecompressionStream("deflate")).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read().catch(() => {
        throw corrupt(label, "PNG image data are damaged or end early");
      });
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}
