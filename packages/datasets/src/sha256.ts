import { createHash } from "node:crypto";

/** A sha256 that takes its bytes, or text in UTF-8, piece by piece. */
export interface Sha256 {
  update(data: Uint8Array | string): Sha256;
  /** The hash in hex; the last call. */
  hex(): string;
}

/**
 * Starts a sha256.
 *
 * @example sha256().update("abc").hex(); // "ba7816bf..."
 */
export function sha256(): Sha256 {
  const hash = createHash("sha256");
  const own: Sha256 = {
    update(data) {
      hash.update(data);
      return own;
    },
    hex: () => hash.digest("hex"),
  };
  return own;
}
