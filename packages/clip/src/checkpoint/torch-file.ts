// PyTorch's zip checkpoints: a pickle that describes tensors, and one archive entry for each storage.
import {
  type ByteSource,
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
import { ClipError } from "../errors.js";
import { type Archive, chunksOf, collect, openArchive } from "./archive.js";
import { unpickle } from "./pickle.js";
import { findState } from "./state-dict.js";
import { type TorchTensor, torchConstructors } from "./torch-objects.js";

const MAX_PICKLE_BYTES = 64 * 1024 * 1024;

interface Entry extends FileTensor {
  readonly storage: string;
  readonly offset: number;
  readonly stride: readonly number[];
}

/** Reads a checkpoint's description from an open source; closing the file closes the source. */
export async function openTorch(source: ByteSource): Promise<TensorFile> {
  const { label } = source;
  const archive = await openArchive(source);
  const root = archiveRoot(archive, label);
  if (archive.size(`${root}byteorder`) !== undefined) {
    const order = new TextDecoder().decode(await archive.read(`${root}byteorder`, 16));
    if (order.trim() !== "little")
      throw new ClipError("file-format", `${label}: was saved on a big-endian machine`);
  }
  const pickle = await archive.read(`${root}data.pkl`, MAX_PICKLE_BYTES);
  const state = findState(unpickle(pickle, torchConstructors(label), label), label);
  const tensors = new Map<string, Entry>();
  for (const [name, tensor] of state.tensors)
    tensors.set(name, checkTensor(name, tensor, archive, root, label));

  const stream = (name: string) => streamTensor(archive, requireTensor(tensors, name, label));
  return {
    path: label,
    format: "torch",
    metadata: state.metadata,
    tensors,
    stream,
    readFloat32: async (name, into) =>
      collectFloat32(requireTensor(tensors, name, label), stream(name), label, into),
    close: () => source.close(),
  };
}

/** The folder, with its slash, that holds data.pkl. */
function archiveRoot(archive: Archive, label: string): string {
  const found = [...archive.names].filter((name) => /^(?:[^/]+\/)?data\.pkl$/.test(name));
  if (found.length === 1) return found[0].slice(0, -"data.pkl".length);
  throw new ClipError(
    "file-format",
    `${label}: a zip archive, but not one that torch.save wrote (no data.pkl in it)`,
  );
}

function checkTensor(
  name: string,
  tensor: TorchTensor,
  archive: Archive,
  root: string,
  label: string,
): Entry {
  const where = `${label}: tensor ${quoted(name)}`;
  const { storage, offset } = tensor;
  const entry = `${root}data/${storage.key}`;
  const bytes = archive.size(entry);
  const promised = storage.count * itemSize(storage.dtype);
  if (bytes !== promised)
    throw new TensorFileError(
      "offsets",
      `${where}: its storage should hold ${promised} bytes but ${bytes === undefined ? "is missing" : `holds ${bytes}`}`,
    );
  if (tensor.shape.length !== tensor.stride.length)
    throw new TensorFileError(
      "shape",
      `${where}: ${tensor.shape.length} sizes and ${tensor.stride.length} strides`,
    );
  const count = elementCount(tensor.shape, where);
  const shape = tensor.shape as readonly number[];
  for (const step of [offset, ...tensor.stride])
    if (!Number.isSafeInteger(step) || (step as number) < 0)
      throw new TensorFileError("offsets", `${where}: ${String(step)} is no offset or stride`);
  const stride = tensor.stride as readonly number[];
  const span = count === 0 ? 0 : spanOf(shape, stride);
  // A view of more values than its storage holds is expanded, so that a few bytes could claim terabytes.
  if ((offset as number) + span > storage.count || count > storage.count)
    throw new TensorFileError(
      "offsets",
      `${where}: [${shape.join(", ")}] reaches past its storage of ${storage.count} values`,
    );
  return {
    name,
    dtype: storage.dtype,
    shape: Object.freeze([...shape]),
    byteLength: count * itemSize(storage.dtype),
    storage: entry,
    offset: offset as number,
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

async function* streamTensor(archive: Archive, tensor: Entry): AsyncIterable<Uint8Array> {
  const { dtype, shape, stride, storage, byteLength } = tensor;
  const size = itemSize(dtype);
  const start = tensor.offset * size;
  if (byteLength === 0) return;
  if (isContiguous(shape, stride)) yield* archive.stream(storage, start, byteLength);
  else {
    const span = spanOf(shape, stride) * size;
    yield* chunksOf(
      toRowMajor(await collect(archive.stream(storage, start, span), span), shape, stride, size),
    );
  }
}
