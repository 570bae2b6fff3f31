// PyTorch checkpoints: tensors are strided views of the storages that a container keeps.
import {
  type ByteSource,
  closing,
  collectFloat32,
  elementCount,
  type FileTensor,
  itemSize,
  quoted,
  requireTensor,
  type TensorFile,
  TensorFileError,
  toRowMajor,
} from "@inctrl/tensor/files";
import { chunksOf, collect, mostUnpacked } from "./archive.js";
import { findState } from "./state-dict.js";
import type { Storages, TorchContainer } from "./torch-container.js";
import type { TorchTensor } from "./torch-objects.js";

interface Entry extends FileTensor {
  readonly storage: string;
  readonly offset: number;
  readonly stride: readonly number[];
}

/** Describes a container's tensors; closing the file closes the source. */
export function torchFile(source: ByteSource, { value, storages }: TorchContainer): TensorFile {
  const { label } = source;
  const state = findState(value, label);
  const tensors = new Map<string, Entry>();
  // Views may repeat values, so that a few bytes could claim terabytes.
  let free = mostUnpacked(source);
  for (const [name, tensor] of state.tensors) {
    const entry = checkTensor(name, tensor, storages, label);
    if (elementCount(entry.shape, label) > tensor.storage.count) free -= entry.byteLength;
    if (free < 0)
      throw new TensorFileError(
        "offsets",
        `${label}: tensor ${quoted(name)}: [${entry.shape.join(", ")}] reaches past its storage of ${tensor.storage.count} values, more often than any model's`,
      );
    tensors.set(name, entry);
  }
  const stream = (name: string) => streamTensor(storages, requireTensor(tensors, name, label));
  return {
    path: label,
    format: "torch",
    metadata: state.metadata,
    tensors,
    stream,
    readFloat32: async (name, into) =>
      collectFloat32(requireTensor(tensors, name, label), stream(name), label, into),
    ...closing(() => source.close()),
  };
}

function checkTensor(name: string, tensor: TorchTensor, storages: Storages, label: string): Entry {
  const where = `${label}: tensor ${quoted(name)}`;
  const bad = (code: "offsets" | "shape", why: string) => new TensorFileError(code, `${where}: ${why}`);
  const { storage, offset } = tensor;
  const bytes = storages.size(storage.key);
  const promised = storage.whole * itemSize(storage.dtype);
  if (bytes !== promised) {
    const holds = bytes === undefined ? "is missing" : `holds ${bytes}`;
    throw bad("offsets", `its storage should hold ${promised} bytes but ${holds}`);
  }
  if (tensor.shape.length !== tensor.stride.length)
    throw bad("shape", `${tensor.shape.length} sizes and ${tensor.stride.length} strides`);
  const count = elementCount(tensor.shape, where);
  const shape = tensor.shape as readonly number[];
  for (const step of [offset, ...tensor.stride])
    if (!Number.isSafeInteger(step) || (step as number) < 0)
      throw bad("offsets", `${quoted(step)} is no offset or stride`);
  const stride = tensor.stride as readonly number[];
  const span = count === 0 ? 0 : spanOf(shape, stride);
  if ((offset as number) + span > storage.count)
    throw bad("offsets", `[${shape.join(", ")}] reaches past its storage of ${storage.count} values`);
  return {
    name,
    dtype: storage.dtype,
    shape: Object.freeze([...shape]),
    byteLength: count * itemSize(storage.dtype),
    storage: storage.key,
    offset: storage.start + (offset as number),
    stride,
  };
}

/** Values from the first to the last, both included. */
function spanOf(shape: readonly number[], stride: readonly number[]): number {
  return shape.reduce((span, size, axis) => span + (size - 1) * stride[axis], 1);
}

function isContiguous(shape: readonly number[], stride: readonly number[]): boolean {
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && stride[axis] !== step) return false;
    step *= shape[axis];
  }
  return true;
}

async function* streamTensor(storages: Storages, tensor: Entry): AsyncIterable<Uint8Array> {
  const { dtype, shape, stride, storage, byteLength } = tensor;
  const size = itemSize(dtype);
  const start = tensor.offset * size;
  if (byteLength === 0) return;
  if (isContiguous(shape, stride)) yield* storages.stream(storage, start, byteLength);
  else {
    const span = spanOf(shape, stride) * size;
    yield* chunksOf(
      toRowMajor(await collect(storages.stream(storage, start, span), span), shape, stride, size),
    );
  }
}
