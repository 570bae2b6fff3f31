// Checkpoints in several files: an index names the file that holds each tensor, as Hugging Face and PyTorch write it.
import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import {
  type ByteSource,
  boundedJson,
  closing,
  type FileTensor,
  fileSource,
  orClosed,
  quoted,
  requireTensor,
  type TensorFile,
} from "@inctrl/tensor/files";
import { ClipError } from "../errors.js";

const MAX_INDEX_BYTES = 64 * 1024 * 1024;
/** A model of 400 billion parameters has about 200. */
const MAX_SHARDS = 1000;

/** Names of shards: `model-00001-of-00002.safetensors`. */
const SHARD = /^(?<stem>.+)-\d{5}-of-(?<count>\d{5})\.(?<ending>safetensors|bin|pth?)$/;

/** The file of each tensor. */
type WeightMap = ReadonlyMap<string, string>;

/** The index of the shards that `path` is one of; undefined for other files. @throws ClipError `shards` where it is missing. */
export function indexOfShard(path: string): string | undefined {
  const { stem, count, ending } = SHARD.exec(basename(path))?.groups ?? {};
  if (stem === undefined || Number(count) === 1) return undefined;
  const index = join(dirname(path), `${stem}.${ending}.index.json`);
  if (existsSync(index)) return index;
  if (!existsSync(path)) return undefined;
  throw bad(
    path,
    `is one of ${Number(count)} shards of a model, and their index ${basename(index)} is not beside it; put all of them into one folder`,
  );
}

const bad = (path: string, why: string, options?: ErrorOptions) =>
  new ClipError("shards", `${path}: ${why}`, options);

/** The weight map in a file, where it is an index. @throws ClipError `shards` where that is none that can be followed. */
export async function readIndex(path: string): Promise<WeightMap | undefined> {
  await using source = await fileSource(path);
  return await indexIn(source);
}

/** The same of an open source. */
export async function indexIn(source: ByteSource): Promise<WeightMap | undefined> {
  const { label: path } = source;
  const text = await indexText(source);
  if (text === undefined) return undefined;
  const broken = (what: string, options?: ErrorOptions) =>
    bad(path, `${what}; fetch the model's index and its shards`, options);
  let json: unknown;
  try {
    json = boundedJson(text);
  } catch (cause) {
    if (path.endsWith(".index.json")) throw broken("is an index of shards and no JSON", { cause });
    return undefined;
  }
  const map = (json as { weight_map?: unknown } | null)?.weight_map;
  if (map === undefined) return undefined;
  if (typeof map !== "object" || map === null || Array.isArray(map))
    throw broken("its weight_map is no object");
  const files = new Map<string, string>();
  for (const [name, file] of Object.entries(map)) {
    // A shard is a plain name, so that an index opens nothing outside its folder.
    if (typeof file !== "string" || file === "" || /[/\\\0:]|^\.+$/.test(file))
      throw broken(
        `${quoted(name)} should be in ${quoted(file)}, which is no name of a file in the same folder`,
      );
    files.set(name, file);
  }
  if (new Set(files.values()).size > MAX_SHARDS) throw broken(`it names more than ${MAX_SHARDS} shards`);
  if (files.size === 0) throw broken("its weight_map is empty");
  return files;
}

/** The text of a file that may be an index: one that begins as a JSON object. */
async function indexText(source: ByteSource): Promise<string | undefined> {
  if (source.size > MAX_INDEX_BYTES) return undefined;
  const start = Buffer.from(await source.read(0, Math.min(64, source.size))).toString("latin1");
  if (!/^(?:\xef\xbb\xbf)?\s*\{/.test(start)) return undefined;
  return new TextDecoder().decode(await source.read(0, source.size));
}

/** Opens all shards of an index as one file. */
export async function openShards(
  path: string,
  map: WeightMap,
  open: (shard: string) => Promise<TensorFile>,
): Promise<TensorFile> {
  const shards = new Map<string, TensorFile>();
  const all = closing(async () => {
    for (const shard of shards.values()) await shard.close();
  });
  return orClosed(all, async () => {
    const names = [...new Set(map.values())].sort();
    for (const name of names)
      shards.set(
        name,
        await open(join(dirname(path), name)).catch((error) => {
          if (error.code !== "not-found") throw error;
          const missing = `its shard ${quoted(name)} is missing, one of ${names.length}`;
          throw bad(path, `${missing}; put it into the same folder`, { cause: error });
        }),
      );
    return { ...joined(path, map, shards), ...all };
  });
}

function joined(path: string, map: WeightMap, shards: ReadonlyMap<string, TensorFile>) {
  const tensors = new Map<string, FileTensor>();
  const holders = new Map<string, TensorFile>();
  for (const [name, file] of map) {
    const shard = shards.get(file)!;
    const tensor = shard.tensors.get(name);
    if (tensor === undefined)
      throw bad(
        path,
        `tensor ${quoted(name)} is not in ${quoted(file)}, where the index has it; the shards are of another model`,
      );
    tensors.set(name, tensor);
    holders.set(name, shard);
  }
  const holder = (name: string): TensorFile => {
    requireTensor(tensors, name, path);
    return holders.get(name)!;
  };
  const [first] = shards.values();
  return {
    path,
    format: first.format,
    metadata: first.metadata,
    tensors,
    readFloat32: (name: string, into?: Float32Array) => holder(name).readFloat32(name, into),
    stream: (name: string) => holder(name).stream(name),
  };
}
