// What sound files are made of.
import { readFileSync } from "node:fs";
import path from "node:path";
import { elementCount, serializeSafetensors, TensorFileError } from "@inctrl/tensor/files";
import { sealedParts } from "../../packages/detect/src/files/sealed.ts";
import { ROOT } from "../workspace.mjs";

export const file = (name) => readFileSync(path.join(ROOT, name));
export const json = (value) => Buffer.from(JSON.stringify(value));
export const text = (bytes) => new TextDecoder().decode(bytes);
const join = (parts) => Buffer.concat(parts.map((part) => Buffer.from(part)));

/** A float32 tensor of one value. */
export const f32 = (shape, value = 0.5) => ({
  ...{ dtype: "F32", shape },
  data: new Float32Array(shape.reduce((size, d) => size * d, 1)).fill(value),
});

/** A safetensors file without checksums. */
export const plain = (tensors, metadata) => join(serializeSafetensors(tensors, metadata));

/** A safetensors file as runs write it now, and one from before there were checksums, which is believed as far as it goes. */
export const stored = (tensors, metadata) => [join(sealedParts(tensors, metadata)), plain(tensors, metadata)];

/** Reads all tensors of a file. */
export async function readAll(file) {
  for (const name of file.tensors.keys()) await file.readFloat32(name);
}

/** Values of a tensor that `described` gives at most: more would need a larger file. */
const MAX_VALUES = 1e5;

/** The seed of `described`: names and shapes of tensors alone, whose values would make the file too long to be damaged in them. */
export const shapesOf = (tensors, metadata = {}) =>
  json({ metadata, tensors: Object.fromEntries([...tensors].map(([name, { shape }]) => [name, shape])) });

/** A tensor file of zeros with the names and shapes in a JSON. */
export function described(bytes) {
  const refuse = () => new TensorFileError("header", "not this form");
  let said;
  try {
    said = JSON.parse(text(bytes));
  } catch {
    throw refuse();
  }
  const isRecord = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
  if (!isRecord(said?.tensors) || !isRecord(said.metadata)) throw refuse();
  if (Object.values(said.metadata).some((value) => typeof value !== "string")) throw refuse();
  const tensors = new Map();
  for (const [name, shape] of Object.entries(said.tensors)) {
    if (!Array.isArray(shape)) throw refuse();
    tensors.set(name, { name, dtype: "F32", shape, byteLength: 4 * elementCount(shape, "file") });
  }
  const readFloat32 = async (name, into) => {
    const count = tensors.get(name).byteLength / 4;
    if (count > MAX_VALUES) throw refuse();
    return into?.subarray(0, count) ?? new Float32Array(count);
  };
  return { path: "file", format: "safetensors", metadata: said.metadata, tensors, readFloat32, close() {} };
}
