// The safetensors format: an 8-byte little-endian header length, a JSON header, then raw values.
// A file is hostile input: every number in the header is checked against the file before it is used.

import { closing, orClosed } from "./closing.js";
import { elementCount, isFileDType, itemSize } from "./dtype.js";
import { quoted, type TensorFileCode, TensorFileError } from "./error.js";
import { boundedJson } from "./json.js";
import { type ByteSource, cutShort, fileSource, memorySource } from "./source.js";
import {
  collectFloat32,
  type FileTensor,
  requireTensor,
  roomFor,
  streamRange,
  type TensorFile,
} from "./tensor-file.js";

/** Longest header read, in bytes; the reference implementation has the same limit. */
const MAX_HEADER_BYTES = 100_000_000;
const PREFIX_BYTES = 8;

/** A safetensors file with the text of its header, which checksums cover. */
export interface SafetensorsFile extends TensorFile {
  /** The JSON as it stands in the file, padding included. */
  readonly header: Uint8Array;
}

interface Entry extends FileTensor {
  /** First byte, counted from the start of the file. */
  readonly offset: number;
}

/**
 * Opens a safetensors file; only its header is read now. Node only. Throws TensorFileError.
 *
 * @example
 * const file = await openSafetensors("model.safetensors")
 * const weight = await file.readFloat32("visual.proj")
 * await file.close()
 */
export async function openSafetensors(path: string): Promise<SafetensorsFile> {
  return safetensorsIn(await fileSource(path));
}

/** The same of an open source, which is closed with the file, or where it is none. */
export async function safetensorsIn(source: ByteSource): Promise<SafetensorsFile> {
  const { label, size } = source;
  return orClosed(source, async () => {
    if (size < PREFIX_BYTES) throw cutShort(label, PREFIX_BYTES, size);
    const length = headerLength(await source.read(0, PREFIX_BYTES), size, label);
    return tensorFile(source, await source.read(PREFIX_BYTES, length));
  });
}

/**
 * Reads a safetensors file already in memory, in Node or a browser; values are not copied until read.
 *
 * @example
 * const file = parseSafetensors(new Uint8Array(await response.arrayBuffer()), "model.safetensors")
 */
export function parseSafetensors(bytes: Uint8Array, label: string): SafetensorsFile {
  if (bytes.byteLength < PREFIX_BYTES) throw cutShort(label, PREFIX_BYTES, bytes.byteLength);
  const length = headerLength(bytes, bytes.byteLength, label);
  return tensorFile(memorySource(bytes, label), bytes.subarray(PREFIX_BYTES, PREFIX_BYTES + length));
}

function tensorFile(source: ByteSource, header: Uint8Array): SafetensorsFile {
  const label = source.label;
  const { tensors, metadata } = parseHeader(header, source.size, label);
  const stream = (name: string) => {
    const entry = requireTensor(tensors, name, label);
    return streamRange(source, entry.offset, entry.byteLength);
  };
  return {
    path: label,
    format: "safetensors",
    header,
    metadata,
    tensors,
    stream,
    readFloat32: async (name, into) => {
      const entry = requireTensor(tensors, name, label);
      if (entry.dtype !== "F32") return collectFloat32(entry, stream(name), label, into);
      const out = roomFor(elementCount(entry.shape, label), into);
      await source.read(
        entry.offset,
        entry.byteLength,
        new Uint8Array(out.buffer, out.byteOffset, out.byteLength),
      );
      return out;
    },
    ...closing(() => source.close()),
  };
}

function headerLength(prefix: Uint8Array, fileSize: number, label: string): number {
  const length = new DataView(prefix.buffer, prefix.byteOffset).getBigUint64(0, true);
  if (length > BigInt(MAX_HEADER_BYTES))
    throw damaged("header", `${label}: its header claims ${length} bytes`);
  if (Number(length) > fileSize - PREFIX_BYTES)
    throw cutShort(label, PREFIX_BYTES + Number(length), fileSize);
  return Number(length);
}

function parseHeader(bytes: Uint8Array, fileSize: number, label: string) {
  const text = decodeHeader(bytes, label);
  const header = parseJson(text, label);
  const repeated = repeatedKey(text);
  if (repeated !== undefined)
    throw damaged("duplicate", `${label}: its header names ${quoted(repeated)} twice`);

  const dataStart = PREFIX_BYTES + bytes.byteLength;
  const tensors = new Map<string, Entry>();
  let metadata: Readonly<Record<string, string>> = Object.create(null);
  for (const [name, value] of Object.entries(header)) {
    if (name === "__metadata__") metadata = parseMetadata(value, label);
    else tensors.set(name, parseEntry(name, value, dataStart, label));
  }
  checkLayout([...tensors.values()], dataStart, fileSize, label);
  return { tensors, metadata };
}

function decodeHeader(bytes: Uint8Array, label: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw damaged("header", `${label}: its header is not UTF-8 text`, { cause });
  }
}

function parseJson(text: string, label: string): Record<string, unknown> {
  let header: unknown;
  try {
    header = boundedJson(text);
  } catch (cause) {
    throw damaged("header", `${label}: its header is not JSON (${(cause as Error).message})`, { cause });
  }
  if (!isRecord(header)) throw damaged("header", `${label}: its header is not a JSON object`);
  return header;
}

function parseMetadata(value: unknown, label: string): Readonly<Record<string, string>> {
  const metadata: Record<string, string> = Object.create(null);
  if (!isRecord(value)) throw damaged("header", `${label}: __metadata__ is not an object of strings`);
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== "string")
      throw damaged("header", `${label}: __metadata__ ${quoted(key)} is not a string`);
    metadata[key] = text;
  }
  return metadata;
}

function parseEntry(name: string, value: unknown, dataStart: number, label: string): Entry {
  const where = `${label}: tensor ${quoted(name)}`;
  if (!isRecord(value)) throw damaged("header", `${where} is not described by an object`);
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== "string") throw damaged("dtype", `${where} has no dtype`);
  if (!isFileDType(dtype))
    throw new TensorFileError(
      "dtype",
      `${where} is stored as ${quoted(dtype)}, which is not read; store it as F16, BF16 or F32`,
    );
  if (!Array.isArray(shape)) throw damaged("shape", `${where} has no shape`);
  if (
    !Array.isArray(offsets) ||
    offsets.length !== 2 ||
    !offsets.every((o) => Number.isSafeInteger(o) && o >= 0)
  )
    throw damaged("offsets", `${where} has no pair of data_offsets`);
  const [begin, end] = offsets as [number, number];
  const byteLength = elementCount(shape, where) * itemSize(dtype);
  if (end - begin !== byteLength)
    throw damaged(
      "offsets",
      `${where}: ${dtype} [${shape.join(", ")}] takes ${byteLength} bytes but its data_offsets span ${end - begin}`,
    );
  return { name, dtype, shape: Object.freeze([...shape]), byteLength, offset: dataStart + begin };
}

/** Checks that the tensors tile the file without hole, overlap or rest. */
function checkLayout(entries: Entry[], dataStart: number, fileSize: number, label: string): void {
  entries.sort((a, b) => a.offset - b.offset || a.byteLength - b.byteLength);
  let at = dataStart;
  for (const entry of entries) {
    if (entry.offset !== at) {
      const what = entry.offset < at ? "overlaps the tensor before it" : "leaves a hole before it";
      throw damaged("offsets", `${label}: tensor ${quoted(entry.name)} ${what}`);
    }
    at += entry.byteLength;
  }
  if (at > fileSize) throw cutShort(label, at, fileSize);
  if (at < fileSize)
    throw damaged("offsets", `${label}: ${fileSize - at} bytes at its end belong to no tensor`);
}

/** The first repeated key of the outermost object of valid JSON `text`, of which JSON.parse would keep the last. */
function repeatedKey(text: string): string | undefined {
  const seen = new Set<string>();
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (c === "{" || c === "[") depth++;
    else if (c === "}" || c === "]") depth--;
    else if (c === '"') {
      const start = i++;
      while (text[i] !== '"') i += text[i] === "\\" ? 2 : 1;
      if (depth !== 1) continue;
      let next = i + 1;
      while (text[next] === " " || text[next] === "\n" || text[next] === "\r" || text[next] === "\t") next++;
      if (text[next] !== ":") continue;
      const key = JSON.parse(text.slice(start, i + 1)) as string;
      if (seen.has(key)) return key;
      seen.add(key);
    }
  }
  return undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An error about a damaged header, with the remedy that all of these share. */
const damaged = (code: TensorFileCode, message: string, options?: ErrorOptions): TensorFileError =>
  new TensorFileError(code, `${message}; it is no safetensors file or damaged, fetch it again`, options);
