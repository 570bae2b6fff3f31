import { sha256 as start } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import type { Sha256 } from "./sha256.js";

// What bundles for browsers take in place of `sha256.ts`, as package.json says. Their own hashes take no pieces.

/** Starts a sha256. */
export function sha256(): Sha256 {
  const hash = start.create();
  const utf8 = new TextEncoder();
  const own: Sha256 = {
    update(data) {
      hash.update(typeof data === "string" ? utf8.encode(data) : data);
      return own;
    },
    hex: () => bytesToHex(hash.digest()),
  };
  return own;
}
