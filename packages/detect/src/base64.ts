/** float32 values as base64 text. */
export function packFloats(values: Float32Array): string {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString("base64");
}

/** The values that `packFloats` packed. */
export function unpackFloats(text: string): Float32Array {
  // A copy: small buffers lie anywhere in a shared one, and float32 values need an offset that is a multiple of four.
  return new Float32Array(new Uint8Array(Buffer.from(text, "base64")).buffer);
}
