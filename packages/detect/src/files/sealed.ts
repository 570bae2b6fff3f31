import { sha256 } from "@inctrl/datasets";
import { openSafetensors, type StoredTensor, serializeSafetensors, type TensorFile } from "@inctrl/tensor";
import {
  collectFloat32,
  orClosed,
  requireTensor,
  type SafetensorsFile,
  writeFileAtomic,
} from "@inctrl/tensor/files";
import { DetectError } from "../errors.js";
import { fits, object, parseJson } from "../shape.js";

/** A tensor file whose bytes are held against their checksums as they are read. */
export interface SealedFile extends TensorFile {
  /** False for a file of a version before checksums: nothing vouches for its bytes. */
  readonly sealed: boolean;
}

/** Entries of the metadata: the checksum of the header with zeros in its own place, and that of each tensor. */
const [HEADER, TENSORS] = ["sum", "sums"];
const ZEROS = "0".repeat(64);
const FIELD = `"${HEADER}":"`;

/**
 * Writes a safetensors file with checksums, whole or not at all. They stand in its metadata, so that any reader of safetensors
 * reads it.
 *
 * @throws TensorFileError as `writeSafetensors`.
 */
export async function writeSealed(
  path: string,
  tensors: Readonly<Record<string, StoredTensor>> | ReadonlyMap<string, StoredTensor>,
  metadata: Readonly<Record<string, string>>,
): Promise<void> {
  await writeFileAtomic(path, sealedParts(tensors, metadata));
}

/** The parts of a safetensors file with checksums, in order. */
export function sealedParts(
  tensors: Readonly<Record<string, StoredTensor>> | ReadonlyMap<string, StoredTensor>,
  metadata: Readonly<Record<string, string>>,
): Uint8Array[] {
  const entries = tensors instanceof Map ? [...tensors] : Object.entries(tensors);
  const sums = entries.map(([name, { data }]) => {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    return [name, sha256().update(bytes).hex()];
  });
  const [head, ...bodies] = serializeSafetensors(new Map(entries), {
    [HEADER]: ZEROS,
    [TENSORS]: JSON.stringify(Object.fromEntries(sums)),
    ...metadata,
  });
  const text = head.subarray(8);
  text.set(utf8(sha256().update(text).hex()), sumIn(text));
  return [head, ...bodies];
}

/**
 * Opens what `writeSealed` wrote, or a file from before checksums. The header is held against its checksum now, and each tensor as
 * it is read.
 *
 * @throws TensorFileError as `openSafetensors`; DetectError `damaged` for bytes that are not those written.
 */
export async function openSealed(path: string): Promise<SealedFile> {
  const file = await openSafetensors(path);
  return orClosed(file, () => checkSeal(file));
}

/** The same file, whose tensors are held against their checksums. @throws DetectError `damaged` for another header. */
export function checkSeal(file: SafetensorsFile): SealedFile {
  const { path, metadata, tensors } = file;
  const sealed = HEADER in metadata || TENSORS in metadata;
  if (!sealed) return { ...file, sealed };
  const sums = sumsOf(file);
  const stream = (name: string) => checked(file, name, sums[name]);
  return {
    ...{ ...file, sealed, stream },
    readFloat32: (name, into) => collectFloat32(requireTensor(tensors, name, path), stream(name), path, into),
  };
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
/** Not UTF-8, since the header may begin with anything. */
const latin1 = (bytes: Uint8Array): string => new TextDecoder("latin1").decode(bytes);

/** Where the checksum of a header begins in it. */
const sumIn = (header: Uint8Array): number => latin1(header).indexOf(FIELD) + FIELD.length;

/** The checksums of the tensors, once the header is known to be as it was written. */
function sumsOf({ path, header, metadata }: SafetensorsFile): Readonly<Record<string, string>> {
  const text = header.slice();
  const at = sumIn(text);
  const sum = latin1(text.subarray(at, at + ZEROS.length));
  text.set(utf8(ZEROS), at);
  const sound = sum === metadata[HEADER] && sum === sha256().update(text).hex();
  const sums = sound ? parseJson(metadata[TENSORS]) : null;
  if (!fits(sums, object)) throw damaged(path, "its header");
  return sums as Readonly<Record<string, string>>;
}

async function* checked(file: TensorFile, name: string, sum: string): AsyncIterable<Uint8Array> {
  const hash = sha256();
  for await (const chunk of file.stream(name)) {
    hash.update(chunk);
    yield chunk;
  }
  if (hash.hex() !== sum) throw damaged(file.path, `tensor ${JSON.stringify(name)}`);
}

const damaged = (path: string, what: string): DetectError =>
  new DetectError("damaged", `${path}: ${what} is not what was written; restore the file or make it again`);
